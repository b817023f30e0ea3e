"""Numbers read back from the words of a rule's report, so that a limit can be drawn. For drawing only."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dao_bot.cards.model import RuleRow

_SIDE = r"(?P<side>at most|at least)\s+"
_NUMBER = r"(?P<number>[+-]?\d[\d,]*(?:\.\d+)?)"
_UNIT = r"\s*(?P<unit>[%A-Za-z]{1,12})?"
_VALUE = re.compile(rf"^{_NUMBER}{_UNIT}$")
_LIMIT = re.compile(rf"^{_SIDE}{_NUMBER}{_UNIT}$")


@dataclass(frozen=True, slots=True)
class Measure:
    """A rule with a number: `floor` when it is a least, not a most. `before` is None when the rule gives none."""

    row: RuleRow
    before: float | None
    after: float
    limit: float
    floor: bool

    @property
    def used(self) -> float:
        """How close to the limit: 1 is at it, more is beyond."""
        near, far = (self.limit, self.after) if self.floor else (self.after, self.limit)
        return near / far if far > 0 else 0.0 if near <= 0 else float("inf")


def measured(rows: tuple[RuleRow, ...]) -> tuple[Measure, ...]:
    """The rules whose words hold one number each, in one unit; broken ones first, then by closeness to the limit."""
    found = [measure for row in rows if (measure := _measure(row)) is not None]
    return tuple(sorted(found, key=lambda measure: (not measure.row.violated, not measure.row.binds, -measure.used)))


def _measure(row: RuleRow) -> Measure | None:
    limit, after, before = _LIMIT.match(row.limit), _VALUE.match(row.after), _VALUE.match(row.before)
    if limit is None or after is None or limit["unit"] != after["unit"]:
        return None
    return Measure(
        row=row,
        before=_float(before) if before and before["unit"] == after["unit"] else None,
        after=_float(after),
        limit=_float(limit),
        floor=limit["side"] == "at least",
    )


def _float(match: re.Match[str]) -> float:
    return float(match["number"].replace(",", ""))
