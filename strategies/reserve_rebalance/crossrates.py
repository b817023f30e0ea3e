"""Cross rates between reserve assets: what markets say of one asset in another, robust against single trades.

A cross rate is never a price. It can only contradict the USD prices, and so withdraw the trust in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dao_bot.domain.units import WAD
from dao_bot.strategy import PoolPrice, Series, Token
from strategies.reserve_rebalance.params import Params, PegRules
from strategies.reserve_rebalance.universe import Array, Universe

MIN_CANDLES = 5


@dataclass(frozen=True, slots=True)
class CrossRate:
    """Price of asset `base` in asset `quote`, which is -1 for a rate in USD.

    Attributes:
        rate: now; None when the source cannot be used, and `problem` says why.
        recent: lowest and highest that it is remembered to have been, now included.
    """

    base: int
    quote: int
    rate: float | None
    source: str
    problem: str = ""
    recent: tuple[float, float] | None = None


def from_history(universe: Universe, params: Params, history: Mapping[str, Series], now: int) -> list[CrossRate]:
    """One cross rate for each configured pair: the median close of the window before `now`, and of earlier windows."""
    position = {symbol: i for i, symbol in enumerate(universe.symbols)} | {"USD": -1}
    rates = []
    for pair in params.cross_rates:
        base, quote = (position.get(symbol) for symbol in pair.split("/"))
        if base is None or quote is None:
            continue
        series = history.get(pair)
        medians, problem = (None, "has no source") if series is None else _medians(series, now, params.peg)
        if base < 0:
            base, quote = quote, base
            medians = None if medians is None else 1.0 / medians
        if medians is None:
            rates.append(CrossRate(base, quote, None, f"{pair} history", f"{pair} {problem}"))
        else:
            recent = float(medians.min()), float(medians.max())
            rates.append(CrossRate(base, quote, float(medians[-1]), f"{pair} history", recent=recent))
    return rates


def from_pools(universe: Universe, prices: tuple[PoolPrice, ...]) -> list[CrossRate]:
    """Time-weighted pool prices between two reserve assets. A pool without one says nothing."""
    index: Mapping[Token, int] = universe.index
    return [
        CrossRate(index[pool.base], index[pool.quote], pool.twap / WAD, f"{pool.base}/{pool.quote} pool {pool.pool}")
        for pool in prices
        if pool.twap is not None and pool.base in index and pool.quote in index and pool.twap > 0
    ]


def _medians(series: Series, now: int, rules: PegRules) -> tuple[Array | None, str]:
    """Running medians of the closes, the last one now, or why there are none. Later candles are never looked at."""
    end = int(np.searchsorted(series.time, now, side="right"))
    fresh = int(np.searchsorted(series.time, now - rules.window, side="right"))
    start = int(np.searchsorted(series.time, now - rules.window - rules.memory, side="right"))
    usable = np.isfinite(series.close[start:end]) & (series.close[start:end] > 0)
    count = int(np.count_nonzero(usable[fresh - start :]))
    if count < MIN_CANDLES:
        return None, f"has {count} usable candles in the last {rules.window} s, fewer than {MIN_CANDLES}"
    closes = series.close[start:end][usable]
    return np.median(np.lib.stride_tricks.sliding_window_view(closes, count), axis=1), ""
