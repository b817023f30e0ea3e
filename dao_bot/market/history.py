"""Candles for strategies, from any source, never later than the pinned block."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Protocol

from dao_bot.cards.text import duration, utc
from dao_bot.chain.plan import Plan
from dao_bot.chain.provider import ReadContext
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.needs import Need, PriceHistory, Series

_LATEST_BY = 2
"""The newest candle must have closed at most this many intervals ago."""


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
    """Reads `PriceHistory` from the first source that knows a pair; a pair that none knows is absent."""

    need: ClassVar[type[Need[Any]]] = PriceHistory

    def __init__(self, sources: Sequence[HistorySource]) -> None:
        self._sources = tuple(sources)

    def requires(self, need: PriceHistory) -> tuple[Need[Any], ...]:
        return ()

    def read(self, need: PriceHistory, context: ReadContext) -> Plan[dict[str, Series]]:
        """Asks the chain for nothing but the time of the pinned block.

        Raises:
            Refused: the newest candle is too old, for a decision on it would be one on the past.
        """
        yield from ()
        if need.window <= 0 or need.interval <= 0:
            raise BadInput("a history needs a positive window and interval", value=f"{need.window}, {need.interval}")
        now = context.block.timestamp
        found: dict[str, Series] = {}
        for pair in need.pairs:
            source = next((source for source in self._sources if pair in source.pairs), None)
            if source is not None:
                found[pair] = source.series(pair, need.window, need.interval, now)
                _require_fresh(pair, found[pair], need.interval, now)
        return found


def _require_fresh(pair: str, series: Series, interval: int, now: int) -> None:
    newest = int(series.time[-1]) if len(series.time) else None
    if newest is not None and now - newest <= _LATEST_BY * interval:
        return
    raise Refused(
        f"the history of {pair} ({series.source}) is late",
        value="no candle in the window" if newest is None else f"its newest candle closed at {utc(newest)}",
        limit=f"{duration(_LATEST_BY * interval)} before {utc(now)}",
        next_step="Update the data, or remove the pair from the history",
    )
