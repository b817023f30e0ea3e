"""What each wallet is likely to choose next: a factor model for known wallets, the community's choice for new ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from strategies.curation.protocol import DAY, Choices
from strategies.curation.stakes import Floats, Ints

FACTORS = 6
FEWEST_CHOICES = 50
MOST_CHOICES = 50_000
"""Only the newest choices teach the factors."""
HALF_LIFE = 14 * DAY
OWN_TASTE = 0.3
"""How much of a known wallet's forecast is its own taste; the rest is the community's present attention."""


@dataclass(frozen=True, slots=True)
class Tastes:
    """Directions in which tastes differ.

    Attributes:
        loads: (factors, works), scaled so that each factor's largest load is 1.
        share: of the variation of choices that each factor explains.
    """

    loads: Floats
    share: Floats


def attention(past: Choices, cutoff: int) -> Floats:
    """Choices of each work, each counting half as much after every 14 days."""
    weight = np.exp2((past.time - cutoff) / HALF_LIFE)
    return np.asarray(np.bincount(past.work, weight, past.works), np.float64)


def forecast(past: Choices, cutoff: int, wallets: Ints) -> Floats:
    """Scores (wallets, works): higher is likelier within the next 30 days.

    New wallets get the community's attention. Known ones get a mixture with their own taste: a truncated singular value
    decomposition of log(1 + choices), rows scaled to one so that the busiest wallets do not make all tastes.
    """
    common = attention(past, cutoff)
    common = common / max(float(common.sum()), 1e-300)
    scores = np.tile(common, (len(wallets), 1))
    found = _decomposed(past)
    if found is None:
        return scores
    people, place, loads, _ = found
    position = np.minimum(np.searchsorted(people, wallets), len(people) - 1)
    known = people[position] == wallets
    liked = np.maximum(place[position[known]] @ loads, 0.0)
    total = liked.sum(axis=1, keepdims=True)
    own = np.divide(liked, total, out=np.tile(common, (len(liked), 1)), where=total > 0)
    scores[known] = (1.0 - OWN_TASTE) * common + OWN_TASTE * own
    return scores


def tastes(past: Choices) -> Tastes | None:
    """The factors by themselves, for people to read; None with too few choices."""
    found = _decomposed(past)
    if found is None:
        return None
    _, _, loads, share = found
    # the sign of a singular vector is arbitrary: the largest load is made positive
    peak = loads[np.arange(len(loads)), np.abs(loads).argmax(axis=1)]
    kept = np.abs(peak) > 0
    return Tastes(loads[kept] / peak[kept, None], share[kept])


def _decomposed(past: Choices) -> tuple[Ints, Floats, Floats, Floats] | None:
    """Wallets, their places (wallets, factors), loads (factors, works), explained shares."""
    if len(past.time) < FEWEST_CHOICES or past.works <= FACTORS:
        return None
    from scipy.sparse import csr_array
    from sklearn.decomposition import TruncatedSVD
    from sklearn.preprocessing import normalize

    people, row = np.unique(past.wallet[-MOST_CHOICES:], return_inverse=True)
    if len(people) <= FACTORS:
        return None
    chosen = past.work[-MOST_CHOICES:]
    matrix = csr_array((np.ones(len(row)), (row, chosen)), shape=(len(people), past.works))
    matrix.sum_duplicates()
    matrix.data = np.log1p(matrix.data)
    model = TruncatedSVD(FACTORS, algorithm="arpack", random_state=0)
    place = np.asarray(model.fit_transform(normalize(matrix)), np.float64)
    return people, place, np.asarray(model.components_), np.asarray(model.explained_variance_ratio_)
