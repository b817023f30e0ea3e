"""The batch begins with a call that reverts after its validity, because anybody may send it, also years later."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from dao_bot.domain.moments import format_moment
from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import DurationField, Settings
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.report import at_most, broken, kept

LONGEST = 30 * 86_400
"""Seconds; a signed batch that lives longer than this serves nobody but a thief."""


class DeadlineParams(Settings):
    """Parameters of the rule `deadline`."""

    max: DurationField = Field(default=LONGEST, gt=0, le=LONGEST, description="longest validity of a batch")


class Deadline:
    """Mandatory. The first call's on-chain deadline is the batch's `valid_until`, ahead of now and not too far."""

    name: ClassVar[str] = "deadline"
    Params: ClassVar[type[Settings]] = DeadlineParams

    def __init__(self, params: DeadlineParams) -> None:
        self._max = params.max

    def check(self, facts: PolicyFacts) -> Iterator[RuleReport]:
        first = facts.decoded[0].deadline if facts.decoded else None
        if first is None:
            yield broken(self.name, "", "The first call does not enforce a deadline on the chain.")
        elif first != facts.batch.valid_until:
            yield broken(
                self.name,
                "",
                "The deadline in the bytes is not the one that people approve.",
                after=format_moment(first),
                limit=format_moment(facts.batch.valid_until),
            )
        else:
            moment = format_moment(first)
            yield kept(self.name, "", f"The batch reverts on the chain after {moment}.", after=moment)
        left = facts.batch.valid_until - facts.block.timestamp
        if left <= 0:
            yield broken(self.name, "validity", "The batch has expired; run the strategy again.", after=_seconds(left))
        else:
            yield at_most(
                self.name,
                "validity",
                before=0,
                after=left,
                limit=self._max,
                render=_seconds,
                message=f"The batch is valid for {_seconds(left)}",
                advice="shorten valid_for of the strategy",
            )


def _seconds(seconds: int) -> str:
    sign, rest = ("-", -seconds) if seconds < 0 else ("", seconds)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else "", f"{rest} s" if rest else ""]
    return sign + (" ".join(part for part in parts if part) or "0 s")
