"""Late-swing extension: an outcome that turns just before the end leaves the others time to answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from governance.ballots.errors import InvalidBallot
from governance.ballots.method import Outcome


@dataclass(frozen=True, slots=True)
class LateSwing:
    """If the outcome at the end is not the one `window` seconds earlier, the end moves by `extension` seconds.

    This repeats at most `times` times. A late quorum is a swing too (OpenZeppelin's GovernorPreventLateQuorum).
    """

    window: int
    extension: int
    times: int = 1

    def __post_init__(self) -> None:
        if min(self.window, self.extension, self.times) <= 0:
            raise InvalidBallot("the late-swing extension needs positive times", value=self)


def extended_end(rule: LateSwing, ends: int, outcome_at: Callable[[int], Outcome]) -> int:
    """The end after all extensions; `outcome_at` counts the votes up to a chain time."""
    seen = ends - rule.window
    for _ in range(rule.times):
        before, after = outcome_at(seen), outcome_at(ends)
        if (before.passed, before.winners) == (after.passed, after.winners):
            break
        seen, ends = max(ends, ends + rule.extension - rule.window), ends + rule.extension
    return ends
