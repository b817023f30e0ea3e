"""Candles for strategies and prices, made once for each interval and then only sliced; never later than now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dao_bot.domain.errors import NotFound
from dao_bot.domain.needs import Series
from dao_bot.market.candles import Candles
from dao_bot.market.history import HistorySource

_END_OF_TIME = 2**40


@dataclass(frozen=True, slots=True)
class CandleHistory:
    """A `HistorySource` over candles in memory, by pair."""

    candles: Mapping[str, Candles]

    @property
    def pairs(self) -> frozenset[str]:
        return frozenset(self.candles)

    def series(self, pair: str, window: int, interval: int, now: int) -> Series:
        """As `HistorySource.series`."""
        return self.candles[pair].series(window, interval, now)


class SlicedHistory:
    """The same candles as its source for every moment, at the price of two searches.

    A coarse candle is made of finer ones that closed no later than it did, so the candles of the whole history, cut off
    at a moment, are the candles of that moment.
    """

    def __init__(self, sources: Sequence[HistorySource]) -> None:
        """Makes the source. Of several sources the first that knows a pair is asked for it."""
        self._sources = tuple(sources)
        self._pairs = frozenset(pair for source in self._sources for pair in source.pairs)
        self._whole: dict[tuple[str, int], Series] = {}

    @property
    def pairs(self) -> frozenset[str]:
        return self._pairs

    def whole(self, pair: str, interval: int) -> Series:
        """Every candle of `interval` seconds.

        Raises:
            NotFound: nothing knows the pair.
            BadInput: the data is unusable, or coarser than that.
        """
        key = (pair, interval)
        if key not in self._whole:
            source = next((source for source in self._sources if pair in source.pairs), None)
            if source is None:
                raise NotFound(
                    f"there is no history of {pair}",
                    limit=", ".join(sorted(self.pairs)) or "no pair at all",
                    next_step="Name a file of its candles under `files`",
                )
            self._whole[key] = _frozen(source.series(pair, _END_OF_TIME, interval, _END_OF_TIME))
        return self._whole[key]

    def series(self, pair: str, window: int, interval: int, now: int) -> Series:
        """As `HistorySource.series`."""
        whole = self.whole(pair, interval)
        start, end = whole.time.searchsorted((now - window, now), side="right")
        return Series(
            whole.source,
            whole.time[start:end],
            whole.close[start:end],
            whole.high[start:end],
            whole.low[start:end],
            whole.volume[start:end],
        )


def _frozen(series: Series) -> Series:
    """A copy that no strategy can change for the decisions after its own."""
    prices = [np.array(column) for column in (series.close, series.high, series.low, series.volume)]
    time = np.array(series.time)
    for column in (time, *prices):
        column.setflags(write=False)
    return Series(series.source, time, *prices)
