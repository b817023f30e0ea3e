"""Approval: each vote gives all its power to every option that it approves of (Snapshot's `approval`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np

from governance.ballots.leading import most_power
from governance.ballots.method import Choice, Choices, Count, Outcome
from governance.ballots.options import option_numbers, require_options, require_quorum
from governance.ballots.sums import Integers


@dataclass(frozen=True, slots=True)
class Approval:
    """A choice is any set of options; the empty one approves of none and counts towards the quorum (10^-6 token)."""

    kind: ClassVar[str] = "approval"

    options: tuple[str, ...]
    quorum: int = 0

    def __post_init__(self) -> None:
        require_options(self.options)
        require_quorum(self.quorum)

    def parse(self, raw: object) -> Choice:
        return tuple(sorted(option_numbers(raw, len(self.options))))

    def columns(self, choices: Sequence[Choice]) -> Choices:
        """Shape (votes, options), true where approved."""
        approved = np.zeros((len(choices), len(self.options)), np.bool_, order="F")
        for row, choice in enumerate(choices):
            for number in choice if isinstance(choice, tuple) else (choice,):
                approved[row, number - 1] = True
        return approved

    def count(self, choices: Choices, power: Integers) -> Count:
        scores = (int(power.sum(where=choices[:, option])) for option in range(len(self.options)))
        return Count(tuple(Fraction(score) for score in scores))

    def outcome(self, count: Count, total: int) -> Outcome:
        return most_power(self.options, count, total, self.quorum)
