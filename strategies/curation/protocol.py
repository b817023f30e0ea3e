"""How rankings are judged, fixed before any model is tuned: rolling split, metrics, and the baselines beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DAY = 86_400
TOP = 10
HORIZON = 30 * DAY
"""A ranking made at a cutoff is judged by what is chosen within this time after it."""
STEP = 7 * DAY
WARM_UP = 90 * DAY
"""The first cutoff lies so long after the first event."""
RECENT = 14 * DAY
MOST_CUTOFFS = 26
MOST_CELLS = 1_000_000
MOST_WALLETS = 5_000
"""Only the newest cutoffs are judged, and at each at most so many wallets x works, the wallets drawn at random."""


@dataclass(frozen=True, slots=True)
class Choices:
    """Who chose which work, when: one row each, oldest first.

    Attributes:
        time: int64 epoch seconds.
        wallet, work: int64 codes, works from 0 to `works` - 1.
    """

    time: Ints
    wallet: Ints
    work: Ints
    works: int

    def between(self, start: int, end: int) -> Choices:
        """Those of `start` <= time < `end`."""
        rows = slice(*np.searchsorted(self.time, (start, end)))
        return Choices(self.time[rows], self.wallet[rows], self.work[rows], self.works)


Ranker = Callable[[Choices, int, Ints], Floats]
"""(choices before the cutoff, cutoff, wallets) -> scores of shape (works,), or (wallets, works) when personal."""


def equal_weight(_past: Choices, _cutoff: int, _wallets: Ints) -> Floats:
    """Every work the same: what a random order is expected to reach."""
    return np.zeros(_past.works)


def all_time_popularity(past: Choices, _cutoff: int, _wallets: Ints) -> Floats:
    """How often each work was chosen."""
    return np.bincount(past.work, minlength=past.works).astype(np.float64)


def recent_popularity(past: Choices, cutoff: int, _wallets: Ints) -> Floats:
    """How often each work was chosen in the last 14 days."""
    return np.bincount(past.between(cutoff - RECENT, cutoff).work, minlength=past.works).astype(np.float64)


BASELINES: Mapping[str, Ranker] = {
    "equal weight": equal_weight,
    "all-time popularity": all_time_popularity,
    "14-day popularity": recent_popularity,
}


def cutoffs(choices: Choices) -> list[int]:
    """Every seventh day whose past is at least 90 days long and whose next 30 days are in the data; the newest ones."""
    if not len(choices.time):
        return []
    first, last = int(choices.time[0]), int(choices.time[-1])
    return list(range(first + WARM_UP, last - HORIZON + 1, STEP))[-MOST_CUTOFFS:]


@dataclass(frozen=True, slots=True)
class Judged:
    """One row for each wallet that chose something within 30 days after a cutoff.

    Attributes:
        known: whether the wallet had chosen something before the cutoff.
        ndcg, recall: at 10, by the name of the ranking.
        row, work: what the wallets chose: positions of rows, and work codes.
        works: how many there are.
        places: for each ranking that is the same for everybody, and each cutoff, the expected discount of each work
            (0 for works that could not be ranked).
    """

    wallet: Ints
    cutoff: Ints
    known: npt.NDArray[np.bool_]
    ndcg: Mapping[str, Floats]
    recall: Mapping[str, Floats]
    row: Ints
    work: Ints
    works: int
    places: Mapping[str, Mapping[int, Floats]]


def judge(choices: Choices, rankers: Mapping[str, Ranker]) -> Judged:
    """Train before each cutoff, predict the next 30 days.

    What a wallet chose is relevant (yes or no), works that nobody could have ranked at the cutoff included: they lower
    every ranking alike. Works with equal scores stand in random order, and the expected value of that is taken.
    """
    wallet, cutoff, known = [], [], []
    row, work, rows = [], [], 0
    places: dict[str, dict[int, Floats]] = {}
    ndcg: dict[str, list[Floats]] = {name: [] for name in rankers}
    recall: dict[str, list[Floats]] = {name: [] for name in rankers}
    for moment in cutoffs(choices):
        past = choices.between(int(choices.time[0]), moment)
        wallets, relevant = _relevant(choices.between(moment, moment + HORIZON), moment)
        candidates = np.flatnonzero(np.bincount(past.work, minlength=past.works))
        chosen, count = relevant[:, candidates], relevant.sum(axis=1)
        for name, ranker in rankers.items():
            given = ranker(past, moment, wallets)
            discounts, hits = expected_places(np.atleast_2d(given)[:, candidates])
            if given.ndim == 1:
                places.setdefault(name, {})[moment] = np.zeros(choices.works)
                places[name][moment][candidates] = discounts[0]
            ndcg[name].append((chosen * discounts).sum(axis=1) / _ideal(count))
            recall[name].append((chosen * hits).sum(axis=1) / count)
        wallet.append(wallets)
        cutoff.append(np.full(len(wallets), moment, np.int64))
        known.append(np.isin(wallets, past.wallet))
        at, what = np.nonzero(relevant)
        row.append(at + rows)
        work.append(what)
        rows += len(wallets)
    return Judged(
        wallet=_joined(wallet),
        cutoff=_joined(cutoff),
        known=np.concatenate([np.zeros(0, np.bool_), *known]),
        ndcg={name: np.concatenate([np.zeros(0), *values]) for name, values in ndcg.items()},
        recall={name: np.concatenate([np.zeros(0), *values]) for name, values in recall.items()},
        row=_joined(row),
        work=_joined(work),
        works=choices.works,
        places=places,
    )


def community_ndcg(chosen: Floats, discounts: Floats) -> Floats:
    """NDCG@10 of rankings against what all wallets together chose: a work's gain is how many chose it.

    Args:
        chosen: (draws, works), how many wallets chose each work, those included that could not be ranked.
        discounts: (rankings, works), the expected discount of each work.

    Returns:
        (draws, rankings).
    """
    first = min(TOP, chosen.shape[1])
    best = -np.sort(np.partition(-chosen, first - 1, axis=1)[:, :first], axis=1)
    ideal = best @ (1.0 / np.log2(np.arange(2, first + 2)))
    reached: Floats = chosen @ discounts.T / np.maximum(ideal, 1e-12)[:, None]
    return reached


def expected_places(scores: Floats) -> tuple[Floats, Floats]:
    """For each row of `scores` (rows, works): the expected discount 1 / log2(place + 1) within the first ten places,
    and the chance to be among them, when ties are broken at random."""
    works = scores.shape[1]
    places = np.arange(1, works + 1)
    hit = (places <= TOP).astype(np.float64)
    discount = hit / np.log2(places + 1)
    discounts, hits = np.empty(scores.shape), np.empty(scores.shape)
    for row in range(len(scores)):
        order = np.argsort(-scores[row], kind="stable")
        ordered = scores[row, order]
        group = np.cumsum(np.concatenate([[False], ordered[1:] != ordered[:-1]])[:works])
        size = np.bincount(group)
        discounts[row, order] = (np.bincount(group, discount) / size)[group]
        hits[row, order] = (np.bincount(group, hit) / size)[group]
    return discounts, hits


def _joined(parts: list[Ints]) -> Ints:
    return np.concatenate([np.zeros(0, np.int64), *parts])


def _relevant(future: Choices, cutoff: int) -> tuple[Ints, npt.NDArray[np.bool_]]:
    wallets = np.unique(future.wallet)
    most = min(max(MOST_CELLS // max(future.works, 1), 100), MOST_WALLETS)
    if len(wallets) > most:
        wallets = np.sort(np.random.default_rng(cutoff).choice(wallets, most, replace=False))
    row = np.minimum(np.searchsorted(wallets, future.wallet), len(wallets) - 1)
    drawn = wallets[row] == future.wallet if len(wallets) else np.zeros(0, np.bool_)
    relevant = np.zeros((len(wallets), future.works), np.bool_)
    relevant[row[drawn], future.work[drawn]] = True
    return wallets, relevant


def _ideal(count: Ints) -> Floats:
    places = np.arange(1, TOP + 1)
    reached = np.cumsum(1.0 / np.log2(places + 1))
    ideal: Floats = reached[np.minimum(count, TOP) - 1]
    return ideal
