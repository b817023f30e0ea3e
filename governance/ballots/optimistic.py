"""Optimistic: it passes unless enough power vetoes it while the veto window runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from governance.ballots.errors import InvalidBallot
from governance.ballots.method import Choice, Choices, Count, Outcome
from governance.ballots.options import option_number
from governance.ballots.single_choice import option_columns, option_scores
from governance.ballots.sums import Integers


@dataclass(frozen=True, slots=True)
class Optimistic:
    """Passes if less than `veto_power` vetoes it by the end of the window. Who changes his mind can take a veto back.

    Attributes:
        veto_power: 10^-6 token.
        window: seconds that the window must have run; see `veto_window` for when it runs.
        longest_gap: seconds between two good sightings of the card above which the time between them does not count.
    """

    kind: ClassVar[str] = "optimistic"

    veto_power: int
    window: int
    longest_gap: int = 120

    def __post_init__(self) -> None:
        for name, value in (("veto power", self.veto_power), ("window", self.window), ("gap", self.longest_gap)):
            if value <= 0:
                raise InvalidBallot(f"the {name} of an optimistic ballot is not positive", value=value)

    @property
    def options(self) -> tuple[str, ...]:
        return ("Veto", "No objection")

    def parse(self, raw: object) -> Choice:
        return option_number(raw, len(self.options))

    def columns(self, choices: Sequence[Choice]) -> Choices:
        return option_columns(choices)

    def count(self, choices: Choices, power: Integers) -> Count:
        return option_scores(choices, power, len(self.options))

    def outcome(self, count: Count, total: int) -> Outcome:
        if count.scores[0] >= self.veto_power:
            return Outcome(False, (1,), "it was vetoed")
        return Outcome(True, (2,), "it was not vetoed")
