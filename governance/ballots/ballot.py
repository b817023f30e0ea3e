"""A ballot: one question put to the vote, with everything that decides how its votes will be counted."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, get_type_hints

from governance.ballots.errors import InvalidBallot
from governance.ballots.late_swing import LateSwing
from governance.ballots.method import Method


@dataclass(frozen=True, slots=True)
class Ballot:
    """Recorded when it opens and never changed, but for the end of an optimistic one.

    Attributes:
        id: the proposal's id, or the name of the question.
        opens: chain time of the first vote that counts, epoch seconds.
        ends: chain time of the last vote that counts, before extensions; None while the veto window of an optimistic
            ballot still has to run, set by `closes_at`.
        transitive_delegation: delegated power follows delegates who do not vote; otherwise one level, as on Snapshot.
    """

    id: str
    method: Method
    opens: int
    ends: int | None
    late_swing: LateSwing | None = None
    transitive_delegation: bool = False

    def __post_init__(self) -> None:
        if self.ends is not None and self.ends < self.opens:
            raise InvalidBallot("the ballot ends before it opens", value=self.ends, limit=f"{self.opens} or later")
        if self.ends is None and self.late_swing is not None:
            raise InvalidBallot("a ballot without a fixed end cannot be extended")

    def record(self) -> dict[str, object]:
        """The ballot as it is recorded and hashed."""
        return {
            "id": self.id,
            "method": {"kind": self.method.kind} | _fields(self.method),
            "opens": self.opens,
            "ends": self.ends,
            "late_swing": _fields(self.late_swing) if self.late_swing else None,
            "transitive_delegation": self.transitive_delegation,
        }


def ballot_from_record(record: Mapping[str, Any], kind: Callable[[str], type[Any]]) -> Ballot:
    """The ballot that `Ballot.record` wrote. `kind` finds the class of a kind of ballot by its name.

    Raises:
        InvalidBallot: the record is not that of a ballot.
    """
    try:
        method, swing = dict(record["method"]), record["late_swing"]
        return Ballot(
            id=str(record["id"]),
            method=_restored(kind(method.pop("kind")), method),
            opens=int(record["opens"]),
            ends=None if record["ends"] is None else int(record["ends"]),
            late_swing=None if swing is None else _restored(LateSwing, swing),
            transitive_delegation=bool(record["transitive_delegation"]),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidBallot("the record does not hold a ballot", value=f"{type(error).__name__}: {error}") from error


def _fields(value: Any) -> dict[str, object]:
    return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}


def _restored(kind: type[Any], values: Mapping[str, Any]) -> Any:
    hints = get_type_hints(kind)
    # JSON turns tuples into lists, and canonical JSON integers of 2^53 and more into text.
    restore = {int: int, tuple[str, ...]: tuple}
    return kind(**{name: restore.get(hints[name], lambda same: same)(value) for name, value in values.items()})
