"""Ranked choice by Copeland's method: the option that beats most others in pairs wins (Snapshot's `copeland`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import ClassVar

import numpy as np

from governance.ballots.errors import InvalidChoice
from governance.ballots.leading import most_power
from governance.ballots.method import Choice, Choices, Count, Outcome
from governance.ballots.options import option_numbers, require_options, require_quorum
from governance.ballots.ranked_choice import ranking_columns
from governance.ballots.sums import Integers, exact_total


@dataclass(frozen=True, slots=True)
class Copeland:
    """A choice names some options, the best first; options that a vote does not rank are not compared by it.

    The winner of a pair gets a point, level options half a point each; scores are the power of all votes, divided in
    proportion to the points. `quorum` is in 10^-6 token.
    """

    kind: ClassVar[str] = "copeland"

    options: tuple[str, ...]
    quorum: int = 0

    def __post_init__(self) -> None:
        require_options(self.options)
        require_quorum(self.quorum)

    def parse(self, raw: object) -> Choice:
        ranking = option_numbers(raw, len(self.options))
        if not ranking:
            raise InvalidChoice("the ranking is empty", limit="at least one option")
        return ranking

    def columns(self, choices: Sequence[Choice]) -> Choices:
        return ranking_columns(choices, len(self.options))

    def count(self, choices: Choices, power: Integers) -> Count:
        options = len(self.options)
        places = np.full((len(choices), options + 1), options, np.uint8)
        np.put_along_axis(places, choices, np.arange(options, dtype=np.uint8)[None, :], axis=1)
        points = [0] * options
        for one, other in combinations(range(options), 2):
            both = (places[:, one] < options) & (places[:, other] < options)
            first = places[:, one] < places[:, other]
            balance = int(power.sum(where=both & first)) - int(power.sum(where=both & ~first))
            points[one] += (balance >= 0) + (balance > 0)
            points[other] += (balance <= 0) + (balance < 0)
        total = exact_total(power)
        return Count(tuple(Fraction(total * point, sum(points)) for point in points))

    def outcome(self, count: Count, total: int) -> Outcome:
        return most_power(self.options, count, total, self.quorum)
