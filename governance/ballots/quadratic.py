"""Quadratic: an option's score is the square of the sum of roots of the power given to it (Snapshot's `quadratic`)."""

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
from governance.ballots.sums import Integers, exact_total, limbs, sums_by
from governance.ballots.weights import parse_weights, weight_columns, weight_sums

ROOT_BITS = 31
"""Roots of power are kept to 2^-31 of the root of 10^-6 token: the root of the largest power then fits in an int64."""

_WEIGHT_BITS = 64


@dataclass(frozen=True, slots=True)
class Quadratic:
    """The squares are scaled so that all scores together are the power of all votes. `quorum` is in 10^-6 token."""

    kind: ClassVar[str] = "quadratic"

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
        """The root of power x weight / sum is taken as root(power / sum) x root(weight).

        So each vote takes one root, in IEEE 754 doubles (division and root are correctly rounded, hence the same
        everywhere), rounded to an integer; votes with the same weight are added as integers, before the few roots of
        weights are multiplied in. No order and no machine changes a digit.
        """
        roots = np.rint(np.sqrt(power / weight_sums(choices)) * 2.0**ROOT_BITS).astype(np.int64)
        largest = int(choices.max(initial=0))
        weight_roots = [math.isqrt(weight << 2 * _WEIGHT_BITS) for weight in range(largest + 1)]
        parts = limbs(roots)
        squares = []
        for option in range(len(self.options)):
            root_sum = 0
            for shift, part in parts:
                by_weight = sums_by(choices[:, option], part, largest + 1).tolist()
                root_sum += sum(map(int.__mul__, by_weight, weight_roots)) << shift
            squares.append(root_sum**2)
        total, whole = exact_total(power), sum(squares)
        return Count(tuple(Fraction(total * square, whole) if whole else Fraction(0) for square in squares))

    def outcome(self, count: Count, total: int) -> Outcome:
        return most_power(self.options, count, total, self.quorum)
