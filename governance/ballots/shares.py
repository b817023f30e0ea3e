"""What part of the power each option has, and of which power: as Snapshot shows scores beside their total."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from governance.ballots.approval import Approval
from governance.ballots.method import Method
from governance.ballots.tally import Tally


@dataclass(frozen=True, slots=True)
class Shares:
    """Scores as parts of one base.

    Attributes:
        parts: by option, 0 to 1 each; of `approval` they may be more than 1 together.
        words: what the base is, to stand after the number of wallets and their power.
    """

    parts: tuple[Fraction, ...]
    words: str


def shares(method: Method, tally: Tally) -> Shares:
    """The base is all power that voted; in a run-off, what is still in the count at its end."""
    base, words = Fraction(tally.total), "of which each option has the share shown"
    if tally.rounds:
        base = sum(tally.scores, Fraction())
        words = "shares are of what is still in the count at the end of the run-off"
    elif isinstance(method, Approval):
        words = "shares are of that, and may pass 100 % together: each vote approves of as many options as it likes"
    return Shares(tuple(score / base if base else Fraction() for score in tally.scores), words)
