"""Intervals for means of rows that share wallets and weeks: both are drawn anew (pigeonhole bootstrap, Owen 2007)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from strategies.curation.protocol import STEP, Floats, Ints, Judged, community_ndcg

DRAWS = 400
LEVEL = 0.95
MOST_GROUPS = 2_000
"""More wallets than this are drawn in groups, which makes intervals no narrower."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean with its 95 % interval, and from how many rows."""

    mean: float
    low: float
    high: float
    rows: int


@dataclass(frozen=True, slots=True)
class Clusters:
    """Wallets and weeks of the rows, as codes from 0."""

    wallet: Ints
    week: Ints

    @staticmethod
    def of(wallet: Ints, time: Ints) -> Clusters:
        """Weeks are counted from the epoch."""
        return Clusters(_groups(wallet), _codes(time // STEP))


def clustered_mean(values: Floats, clusters: Clusters, seed: int) -> Estimate | None:
    """Mean of `values`, one for each row; None without rows.

    Each draw gives every wallet and every week a multiplicity, and a row the product of its two.
    """
    if not len(values):
        return None
    from scipy.sparse import csr_array

    rng = np.random.default_rng(seed)
    wallets, weeks = int(clusters.wallet.max()) + 1, int(clusters.week.max()) + 1
    wallet_times = rng.multinomial(wallets, np.full(wallets, 1.0 / wallets), DRAWS).astype(np.float64)
    week_times = rng.multinomial(weeks, np.full(weeks, 1.0 / weeks), DRAWS).astype(np.float64)

    def drawn(cells: Floats) -> Floats:
        table = csr_array((cells, (clusters.wallet, clusters.week)), shape=(wallets, weeks))
        sums: Floats = (np.asarray(wallet_times @ table) * week_times).sum(axis=1)
        return sums

    size = drawn(np.ones(len(values)))
    means = np.divide(drawn(values), size, out=np.full(DRAWS, np.nan), where=size > 0)
    low, high = np.nanquantile(means, ((1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0))
    return Estimate(float(values.mean()), float(low), float(high), len(values))


@dataclass(frozen=True, slots=True)
class CommunityScore:
    """Mean over the cutoffs of `community_ndcg` of a ranking, and of its lead over another one."""

    ndcg: Estimate
    lead: Estimate


def community_scores(judged: Judged, against: str, seed: int) -> dict[str, CommunityScore]:
    """For each ranking that is the same for everybody; empty without cutoffs.

    Each draw gives every wallet and every cutoff (a week) a multiplicity, the same for all rankings.
    """
    from scipy.sparse import csr_array

    names = list(judged.places)
    moments = sorted(judged.places[names[0]]) if names else []
    if not moments:
        return {}
    rng = np.random.default_rng(seed)
    wallet = _groups(judged.wallet)
    wallets = int(wallet.max()) + 1
    # the first row is what was seen; the others are drawn
    times = np.ones((DRAWS + 1, wallets))
    times[1:] = rng.multinomial(wallets, np.full(wallets, 1.0 / wallets), DRAWS)
    shape = (len(judged.wallet), judged.works)
    chosen = csr_array((np.ones(len(judged.row)), (judged.row, judged.work)), shape=shape)
    reached = np.empty((DRAWS + 1, len(moments), len(names)))
    for at, moment in enumerate(moments):
        rows = np.flatnonzero(judged.cutoff == moment)
        discounts = np.stack([judged.places[name][moment] for name in names])
        gains = np.asarray(times[:, wallet[rows]] @ chosen[rows], np.float64)
        reached[:, at] = community_ndcg(gains, discounts)
    weeks = np.ones((DRAWS + 1, len(moments)))
    weeks[1:] = rng.multinomial(len(moments), np.full(len(moments), 1.0 / len(moments)), DRAWS)
    means = np.einsum("dm,dmn->dn", weeks, reached) / len(moments)
    leads = means - means[:, [names.index(against)]]
    return {
        name: CommunityScore(_estimate(means[:, at], len(moments)), _estimate(leads[:, at], len(moments)))
        for at, name in enumerate(names)
    }


def _estimate(drawn: Floats, rows: int) -> Estimate:
    """The first is what was seen. The others are moved to it: with wallets drawn twice the ideal order reaches more,
    which lowers every draw alike."""
    low, high = np.quantile(drawn[1:] - drawn[1:].mean(), ((1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0)) + drawn[0]
    return Estimate(float(drawn[0]), float(low), float(high), rows)


def _codes(values: Ints) -> Ints:
    return np.unique(values, return_inverse=True)[1].astype(np.int64)


def _groups(wallet: Ints) -> Ints:
    return _codes(wallet) % MOST_GROUPS
