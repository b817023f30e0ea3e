"""Single choice: each vote gives all its power to one option (Snapshot's `single-choice`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np

from governance.ballots.leading import most_power
from governance.ballots.method import Choice, Choices, Count, Outcome
from governance.ballots.options import option_number, require_options, require_quorum
from governance.ballots.sums import Integers, sums_by


def option_columns(choices: Sequence[Choice]) -> Choices:
    """Positions of the chosen options, from 0, shape (votes,)."""
    return np.fromiter(choices, np.uint8, len(choices)) - np.uint8(1)


def option_scores(choices: Choices, power: Integers, options: int) -> Count:
    """Power by chosen option; `choices` as of `option_columns`."""
    return Count(tuple(Fraction(int(score)) for score in sums_by(choices, power, options)))


@dataclass(frozen=True, slots=True)
class SingleChoice:
    """`quorum` is the least power of all votes together, in 10^-6 token."""

    kind: ClassVar[str] = "single-choice"

    options: tuple[str, ...]
    quorum: int = 0

    def __post_init__(self) -> None:
        require_options(self.options)
        require_quorum(self.quorum)

    def parse(self, raw: object) -> Choice:
        return option_number(raw, len(self.options))

    def columns(self, choices: Sequence[Choice]) -> Choices:
        return option_columns(choices)

    def count(self, choices: Choices, power: Integers) -> Count:
        return option_scores(choices, power, len(self.options))

    def outcome(self, count: Count, total: int) -> Outcome:
        return most_power(self.options, count, total, self.quorum)
