"""Ranked choice by instant run-off: the weakest option falls, its votes move on (Snapshot's `ranked-choice`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import ClassVar

import numpy as np

from governance.ballots.errors import InvalidChoice
from governance.ballots.leading import most_power
from governance.ballots.method import Choice, Choices, Count, Outcome
from governance.ballots.options import option_numbers, require_options, require_quorum
from governance.ballots.sums import Integers, sums_by


@dataclass(frozen=True, slots=True)
class RankedChoice:
    """A choice names options, the best first.

    Attributes:
        quorum: least power of all votes together, in 10^-6 token.
        rank_all: a vote must rank every option, as on Snapshot; otherwise a vote whose options have all fallen is
            exhausted and leaves the count.
    """

    kind: ClassVar[str] = "ranked-choice"

    options: tuple[str, ...]
    quorum: int = 0
    rank_all: bool = True

    def __post_init__(self) -> None:
        require_options(self.options)
        require_quorum(self.quorum)

    def parse(self, raw: object) -> Choice:
        ranking = option_numbers(raw, len(self.options))
        if not ranking or (self.rank_all and len(ranking) < len(self.options)):
            limit = "every option, the best first" if self.rank_all else "at least one option"
            raise InvalidChoice("the ranking is too short", value=list(ranking), limit=limit)
        return ranking

    def columns(self, choices: Sequence[Choice]) -> Choices:
        return ranking_columns(choices, len(self.options))

    def count(self, choices: Choices, power: Integers) -> Count:
        """Scores are those of the last round: one option has more than half of what is still in the count, or fewer
        than three have a vote on top.

        Only an option on top of some vote can fall; of level ones, the first in the order of the options (both as in
        Snapshot's count).
        """
        run = _Runoff(choices, power, len(self.options))
        rounds = [run.standing()]
        while not _decided(rounds[-1]):
            run.eliminate(_weakest(rounds[-1]))
            rounds.append(run.standing())
        return Count(tuple(Fraction(score or 0) for score in rounds[-1]), tuple(rounds))

    def outcome(self, count: Count, total: int) -> Outcome:
        return most_power(self.options, count, total, self.quorum)


def ranking_columns(choices: Sequence[Choice], options: int) -> Choices:
    """Shape (votes, options): positions of the options, from 0, the best first, then the number of options."""
    rankings = np.full((len(choices), options), options, np.uint8)
    for row, choice in enumerate(choices):
        ranking = choice if isinstance(choice, tuple) else (choice,)
        rankings[row, : len(ranking)] = ranking
        rankings[row, : len(ranking)] -= 1
    return rankings


def _decided(standing: tuple[int | None, ...]) -> bool:
    scores = [score for score in standing if score is not None]
    return len(scores) < 3 or 2 * max(scores) > sum(scores)


def _weakest(standing: tuple[int | None, ...]) -> int:
    return min((score, option) for option, score in enumerate(standing) if score is not None)[1]


class _Runoff:
    """The state of the count. Position `options` stands for an exhausted vote: it never falls and never wins."""

    def __init__(self, rankings: Choices, power: Integers, options: int) -> None:
        self._rankings = np.ascontiguousarray(rankings).reshape(-1)
        self._power = power
        self._options = options
        self._cursor = np.arange(0, self._rankings.size, options)  # where in `_rankings` each vote's top is
        self._top = self._rankings[::options].copy()
        self._alive = np.ones(options + 1, np.bool_)
        self._power_on_top = sums_by(self._top, power, options + 1)
        self._votes_on_top = np.bincount(self._top, minlength=options + 1)

    def standing(self) -> tuple[int | None, ...]:
        on_top = zip(self._power_on_top.tolist(), self._votes_on_top.tolist(), strict=True)
        return tuple([power if votes else None for power, votes in on_top][: self._options])

    def eliminate(self, option: int) -> None:
        """Move the votes that have `option` on top to their next option that has not fallen."""
        self._alive[option] = False
        moved = np.flatnonzero(self._top == option)
        cursor = self._cursor.take(moved) + 1
        top = self._rankings.take(cursor)
        fallen = np.flatnonzero(~self._alive.take(top))
        while fallen.size:
            cursor[fallen] += 1
            top[fallen] = self._rankings.take(cursor.take(fallen))
            fallen = fallen[~self._alive.take(top.take(fallen))]
        self._cursor[moved] = cursor
        self._top[moved] = top
        self._power_on_top += sums_by(top, self._power.take(moved), self._options + 1)
        self._votes_on_top += np.bincount(top, minlength=self._options + 1)
        self._power_on_top[option] = self._votes_on_top[option] = 0
