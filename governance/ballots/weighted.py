"""Weighted: each vote divides its power among options in proportion to its weights (Snapshot's `weighted`)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np

from governance.ballots.leading import most_power
from governance.ballots.method import Choice, Choices, Count, Outcome
from governance.ballots.options import require_options, require_quorum
from governance.ballots.sums import Integers, limbs, sums_by
from governance.ballots.weights import parse_weights, weight_columns, weight_sums


@dataclass(frozen=True, slots=True)
class Weighted:
    """`quorum` is the least power of all votes together, in 10^-6 token."""

    kind: ClassVar[str] = "weighted"

    options: tuple[str, ...]
    quorum: int = 0

    def __post_init__(self) -> None:
        require_options(self.options)
        require_quorum(self.quorum)

    def parse(self, raw: object) -> Choice:
        return parse_weights(raw, len(self.options))

    def columns(self, choices: Sequence[Choice]) -> Choices:
        return weight_columns(choices, len(self.options))

    def count(self, choices: Choices, power: Integers) -> Count:
        """Exact: votes whose weights have the same sum share a denominator, so their numerators are added first."""
        sums = weight_sums(choices)
        largest = int(sums.max(initial=0))
        parts = limbs(power, largest)
        denominators = np.flatnonzero(np.bincount(sums)).tolist()
        common = math.lcm(*denominators)
        scores = []
        for option in range(len(self.options)):
            weights = choices[:, option]
            numerator = 0
            for shift, part in parts:
                by_sum = sums_by(sums, part * weights, largest + 1).tolist()
                numerator += sum(by_sum[d] * (common // d) for d in denominators) << shift
            scores.append(Fraction(numerator, common))
        return Count(tuple(scores))

    def outcome(self, count: Count, total: int) -> Outcome:
        return most_power(self.options, count, total, self.quorum)
