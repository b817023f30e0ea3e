"""Candles for strategies, from any source, never later than the pinned block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

from dao_bot.chain.plan import Plan
from dao_bot.chain.provider import ReadContext
from dao_bot.domain.errors import BadInput
from dao_bot.domain.needs import Need, PriceHistory, Series

_LATEST_BY = 2
"""A series is late when its newest candle closed more than this many intervals ago."""


class HistorySource(Protocol):
    """Where candles come from."""

    @property
    def pairs(self) -> frozenset[str]:
        """The pairs that it knows."""
        ...

    def series(self, pair: str, window: int, interval: int, now: int) -> Series:
        """Candles of `interval` seconds that closed after `now - window` and not after `now`.

        Raises:
            DaoBotError: the data is unusable, or finer than what there is.
        """
        ...


class PriceHistoryProvider:
    """Reads `PriceHistory` from the first source that knows a pair; pairs that none knows, or only late, are absent."""

    need: ClassVar[type[Need[Any]]] = PriceHistory

    def __init__(self, sources: Sequence[HistorySource]) -> None:
        self._sources = tuple(sources)

    def requires(self, need: PriceHistory) -> tuple[Need[Any], ...]:
        return ()

    def read(self, need: PriceHistory, context: ReadContext) -> Plan[dict[str, Series]]:
        """Asks the chain for nothing but the time of the pinned block.

        Raises:
            DaoBotError: a source holds what cannot be used.
        """
        yield from ()
        if need.window <= 0 or need.interval <= 0:
            raise BadInput("a history needs a positive window and interval", value=f"{need.window}, {need.interval}")
        now = context.block.timestamp
        found: dict[str, Series] = {}
        for pair in need.pairs:
            source = next((source for source in self._sources if pair in source.pairs), None)
            if source is None:
                continue
            series = source.series(pair, need.window, need.interval, now)
            if len(series.time) and now - int(series.time[-1]) <= _LATEST_BY * need.interval:
                found[pair] = series
        return found
