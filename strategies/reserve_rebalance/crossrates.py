"""Cross rates between reserve assets: what markets say of one asset in another, robust against single trades.

A cross rate is never a price. It can only contradict the USD prices, and so withdraw the trust in them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from dao_bot.domain.units import WAD
from dao_bot.strategy import PoolPrice, Series, Token
from strategies.reserve_rebalance.params import Params
from strategies.reserve_rebalance.universe import Universe

MIN_CANDLES = 5


@dataclass(frozen=True, slots=True)
class CrossRate:
    """Price of asset `base` in asset `quote`; `rate` is None when the source cannot be used, and `problem` says why.

    `quote` is -1 for a rate in USD.
    """

    base: int
    quote: int
    rate: float | None
    source: str
    problem: str = ""


def from_history(universe: Universe, params: Params, history: Mapping[str, Series], now: int) -> list[CrossRate]:
    """One cross rate for each configured pair: the median close of the candles within the window before `now`."""
    position = {symbol: i for i, symbol in enumerate(universe.symbols)} | {"USD": -1}
    rates = []
    for pair in params.cross_rates:
        base, quote = (position.get(symbol) for symbol in pair.split("/"))
        if base is None or quote is None:
            continue
        series = history.get(pair)
        if base < 0:
            base, quote = quote, base
        rate, problem = (None, "has no source") if series is None else _median(series, now, params.peg.window)
        if rate is not None and pair.startswith("USD/"):
            rate = 1.0 / rate
        rates.append(CrossRate(base, quote, rate, f"{pair} history", problem and f"{pair} {problem}"))
    return rates


def from_pools(universe: Universe, prices: tuple[PoolPrice, ...]) -> list[CrossRate]:
    """Time-weighted pool prices between two reserve assets. A pool without one says nothing."""
    index: Mapping[Token, int] = universe.index
    return [
        CrossRate(index[pool.base], index[pool.quote], pool.twap / WAD, f"{pool.base}/{pool.quote} pool {pool.pool}")
        for pool in prices
        if pool.twap is not None and pool.base in index and pool.quote in index and pool.twap > 0
    ]


def _median(series: Series, now: int, window: int) -> tuple[float | None, str]:
    """Median close within the window, or why there is none. Later candles are never looked at."""
    end = int(np.searchsorted(series.time, now, side="right"))
    start = int(np.searchsorted(series.time, now - window, side="right"))
    closes = series.close[start:end]
    closes = closes[np.isfinite(closes) & (closes > 0)]
    if len(closes) < MIN_CANDLES:
        return None, f"has {len(closes)} usable candles in the last {window} s, fewer than {MIN_CANDLES}"
    return float(np.median(closes)), ""
