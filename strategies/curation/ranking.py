"""The ranking that moves money: voices, with a little that a work's traits let expect; and how sure each place is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from strategies.curation.protocol import TOP
from strategies.curation.stakes import Floats, Ints
from strategies.curation.voices import Voices

DRAWS = 200


@dataclass(frozen=True, slots=True)
class Ranking:
    """Of all works.

    Attributes:
        appeal: tokens of conviction; what ranks, and what shares of a budget follow.
        order: work codes, best first; ties in the order of the codes.
        place: for each work, from 1.
    """

    appeal: Floats
    order: Ints
    place: Ints


def rank(total: Floats, expected: Floats, unit: float, prior: float) -> Ranking:
    """A work starts with the share `prior` of the voice that its traits let expect, and more voice never lowers it.

    Args:
        total: voice of each work.
        expected: log(1 + voice / unit) that its traits let expect.
    """
    appeal = total + prior * unit * np.expm1(np.maximum(expected, 0.0))
    order = np.argsort(-appeal, kind="stable").astype(np.int64)
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(1, len(order) + 1)
    return Ranking(appeal, order, place)


@dataclass(frozen=True, slots=True)
class Certainty:
    """Were the speakers drawn anew: the 90 % range of each work's place, and its chance to be among the first ten."""

    best: Ints
    worst: Ints
    top: Floats


def certainty(spoken: Voices, ranking: Ranking, seed: int) -> Certainty:
    """Bayesian bootstrap (Rubin 1981) over speakers."""
    from scipy.sparse import csr_array

    works = len(ranking.appeal)
    people, row = np.unique(spoken.speaker, return_inverse=True)
    matrix = csr_array((spoken.value, (row, spoken.work)), shape=(len(people), works))
    prior = ranking.appeal - spoken.total
    rng = np.random.default_rng(seed)
    places = np.empty((DRAWS, works), np.int64)
    for draw in range(DRAWS):
        appeal = rng.standard_exponential(len(people)) @ matrix + prior
        places[draw, np.argsort(-appeal, kind="stable")] = np.arange(1, works + 1)
    best, worst = np.quantile(places, (0.05, 0.95), axis=0, method="nearest")
    return Certainty(best.astype(np.int64), worst.astype(np.int64), (places <= TOP).mean(axis=0))
