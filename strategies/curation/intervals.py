"""Intervals for means of rows that share wallets and weeks: both are drawn anew (pigeonhole bootstrap, Owen 2007)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from strategies.curation.protocol import STEP, Floats, Ints, Judged, community_ndcg

DRAWS = 1_000
LEVEL = 0.95


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
        return Clusters(_codes(wallet), _codes(time // STEP))


def clustered_mean(values: Floats, clusters: Clusters, seed: int) -> Estimate | None:
    """Mean of `values`, one for each row; None without rows.

    Each draw gives every wallet and every week a multiplicity, and a row the product of its two.
    """
    if not len(values):
        return None
    rng = np.random.default_rng(seed)
    wallets, weeks = int(clusters.wallet.max()) + 1, int(clusters.week.max()) + 1
    cell, row = np.unique(clusters.wallet * weeks + clusters.week, return_inverse=True)
    total = np.bincount(row, values)
    size = np.bincount(row).astype(np.float64)
    means = np.empty(DRAWS)
    for draw in range(DRAWS):
        wallet_times = rng.multinomial(wallets, np.full(wallets, 1.0 / wallets))
        week_times = rng.multinomial(weeks, np.full(weeks, 1.0 / weeks))
        times = wallet_times[cell // weeks] * week_times[cell % weeks]
        drawn = float(times @ size)
        means[draw] = float(times @ total) / drawn if drawn else np.nan
    low, high = np.nanquantile(means, ((1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0))
    return Estimate(float(values.mean()), float(low), float(high), len(values))


def community_mean(judged: Judged, name: str, seed: int, against: str | None = None) -> Estimate | None:
    """Mean over the cutoffs of `community_ndcg` of a ranking, or its lead over the ranking `against`.

    Each draw gives every wallet and every cutoff (a week) a multiplicity; None without cutoffs.
    """
    moments = list(judged.places[name]) if name in judged.places else []
    if not moments:
        return None
    rng = np.random.default_rng(seed)
    wallet = _codes(judged.wallet)
    rows = [np.flatnonzero(judged.cutoff == moment) for moment in moments]
    chosen = [judged.chosen[which].astype(np.float64) for which in rows]

    def values(times: Floats) -> Floats:
        found = np.empty(len(moments))
        for at, moment in enumerate(moments):
            gains = times[wallet[rows[at]]] @ chosen[at]
            found[at] = community_ndcg(gains, judged.places[name][moment])
            if against is not None:
                found[at] -= community_ndcg(gains, judged.places[against][moment])
        return found

    wallets = int(wallet.max()) + 1
    means = np.empty(DRAWS)
    for draw in range(DRAWS):
        drawn = values(rng.multinomial(wallets, np.full(wallets, 1.0 / wallets)).astype(np.float64))
        means[draw] = drawn[rng.integers(len(moments), size=len(moments))].mean()
    low, high = np.quantile(means, ((1.0 - LEVEL) / 2.0, (1.0 + LEVEL) / 2.0))
    return Estimate(float(values(np.ones(wallets)).mean()), float(low), float(high), len(moments))


def _codes(values: Ints) -> Ints:
    return np.unique(values, return_inverse=True)[1].astype(np.int64)
