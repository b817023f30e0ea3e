"""Candles from exchanges, for strategies and for replays."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from dao_bot.cards.text import utc
from dao_bot.domain.needs import Series
from dao_bot.market.candle_cache import CandleCache
from dao_bot.market.candles import Candles, span_of
from dao_bot.market.exchange import exchange_of
from dao_bot.market.exchange_settings import ExchangeCandles


class ExchangeHistory:
    """A `HistorySource` over the exchanges of the configuration. What has closed is downloaded once."""

    def __init__(self, markets: Sequence[ExchangeCandles], directory: Path, as_of: int | None = None) -> None:
        """Makes the source; asks nothing yet.

        Args:
            directory: where candles are kept.
            as_of: for a replay, the moment (epoch seconds) that is taken for the present whenever one is asked for.
        """
        self._markets = {market.pair: market for market in markets}
        self._caches = {market.pair: _cache(market, directory) for market in markets}
        self._as_of = as_of

    @property
    def pairs(self) -> frozenset[str]:
        return frozenset(self._markets)

    def series(self, pair: str, window: int, interval: int, now: int) -> Series:
        """As `HistorySource.series`; in a replay the candles of that moment, moved to the present.

        Raises:
            SourceUnavailable: the exchange does not answer, or answers nonsense.
            NotFound: it has no such market, or no candles of this length.
            BadInput: candles that `Candles.checked` refuses, or that are coarser than what is asked for.
            StoreError: the files cannot be read or written.
        """
        if self._as_of is None:
            return self._candles(pair, window, interval, now).series(window, interval, now)
        past = self._candles(pair, window, interval, self._as_of).series(window, interval, self._as_of)
        source = f"{past.source} as of {utc(self._as_of)}"
        return dataclasses.replace(past, source=source, time=past.time + (now - self._as_of))

    def _candles(self, pair: str, window: int, interval: int, now: int) -> Candles:
        market = self._markets[pair]
        exchange = exchange_of(market)
        source = f"{market.exchange} {market.symbol}"
        after, until = span_of(window, interval, now, of=market.interval, source=source)
        candles = self._caches[pair].candles(
            after,
            until,
            lambda since: exchange.candles(market.symbol, market.interval, since),
            lambda: exchange.page_size(market.symbol),
        )
        return candles.inverted() if market.invert else candles


def _cache(market: ExchangeCandles, directory: Path) -> CandleCache:
    identity = {
        "exchange": market.exchange,
        "urls": dict(market.urls),
        "market": market.symbol,
        "interval": market.interval,
    }
    return CandleCache(directory, identity, f"{market.exchange} {market.symbol}", market.interval)
