"""What can fail together, how likely that is, and the CVaR of what is then lost.

A scenario is a set of at most three failures within the horizon. The probability of a set is proportional to the
product of its members' odds (failures are independent but for shared backing, which stands in the losses), normalised
over the sets that are kept; what the others would have weighed is reported, not hidden.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from strategies.reserve_rebalance.universe import Array

YEAR = 365 * 86_400
MAX_TRIPLES_OF = 14
MAX_PAIRS_OF = 60


@dataclass(frozen=True, slots=True)
class Scenarios:
    """S sets of failures of n assets.

    Attributes:
        members: (S, 3) indices of failures; the index F stands for nobody.
        loss: (S, n) share of each asset that is lost; losses of one asset compound.
    """

    members: npt.NDArray[np.intp]
    loss: Array

    def membership(self, failures: int) -> Array:
        """(S, F) 1 where a failure belongs to a scenario."""
        marks = np.zeros((len(self.members), failures + 1))
        np.put_along_axis(marks, self.members, 1.0, axis=1)
        return marks[:, :failures]

    def probabilities(self, hazard: Array, horizon: float) -> tuple[Array, float]:
        """(S,) probabilities, and the probability of the sets that were left out.

        Args:
            hazard: (F,) expected failures per year.
            horizon: seconds.
        """
        odds = np.expm1(hazard * (horizon / YEAR))
        weight = np.append(odds, 1.0)[self.members].prod(axis=1)
        total = 1.0 + weight.sum()
        return weight / total, max(0.0, 1.0 - total / float(np.prod(1.0 + odds)))


def build(hazard: Array, loss: Array) -> Scenarios:
    """All single failures, pairs of the MAX_PAIRS_OF most dangerous, triples when they are at most MAX_TRIPLES_OF.

    Args:
        hazard: (F,) expected failures per year, used only to choose which pairs are kept.
        loss: (F, n) share of each asset lost by each failure.
    """
    count = len(hazard)
    dangerous = np.sort(np.argsort(-hazard * loss.max(axis=1, initial=0.0), kind="stable")[:MAX_PAIRS_OF])
    sets: list[tuple[int, ...]] = [(i,) for i in range(count)]
    sets += itertools.combinations(dangerous.tolist(), 2)
    if count <= MAX_TRIPLES_OF:
        sets += itertools.combinations(range(count), 3)
    members = np.full((len(sets), 3), count, dtype=np.intp)
    for row, failed in zip(members, sets, strict=True):
        row[: len(failed)] = failed
    kept = np.vstack([1.0 - loss, np.ones((1, loss.shape[1]))])
    return Scenarios(members, 1.0 - kept[members].prod(axis=1))


def cvar(losses: Array, probabilities: Array, tail: float) -> float:
    """Mean of the worst `tail` of outcomes; probability that is not listed loses nothing.

    Rockafellar & Uryasev (2000), for a discrete distribution: exact, by sorting.
    """
    order = np.argsort(-losses, kind="stable")
    taken = np.minimum(np.cumsum(probabilities[order]), tail)
    taken[1:] -= taken[:-1].copy()
    return float(taken @ losses[order] / tail)
