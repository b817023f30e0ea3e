"""Order books of exchanges: how much could be traded at which price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dao_bot.market.exchange_settings import ExchangeSettings

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Side:
    """Prices, the best first, and the base units offered at each; float64 columns of equal length."""

    price: Floats
    size: Floats

    @classmethod
    def parsed(cls, levels: Sequence[Sequence[object]]) -> Side:
        """From rows that begin with price and size. Raises `ValueError` or `TypeError` for anything else."""
        if not isinstance(levels, list):
            raise TypeError("not a list of prices and sizes")
        columns = [np.array([float(str(row[place])) for row in levels], np.float64) for place in (0, 1)]
        return cls(*columns)


@dataclass(frozen=True, slots=True)
class OrderBook:
    """Both sides at one moment: `at` in epoch seconds, by the exchange's clock."""

    source: str
    at: int
    bids: Side
    asks: Side

    def checked(self) -> OrderBook:
        """Itself.

        Raises:
            ValueError: a side is empty or out of order, a price or size is not positive, or the book is crossed.
        """
        for name, side, falling in (("bids", self.bids, True), ("asks", self.asks, False)):
            if not len(side.price):
                raise ValueError(f"no {name}")
            if not (np.isfinite(side.price) & np.isfinite(side.size) & (side.price > 0) & (side.size > 0)).all():
                raise ValueError(f"{name} with prices or sizes that are not positive")
            steps = np.diff(side.price)
            if ((steps >= 0) if falling else (steps <= 0)).any():
                raise ValueError(f"{name} out of order")
        if self.bids.price[0] >= self.asks.price[0]:
            raise ValueError(f"a bid of {self.bids.price[0]} above the ask of {self.asks.price[0]}")
        return self


def fetch_order_book(settings: ExchangeSettings, symbol: str, levels: int = 100) -> OrderBook:
    """The order book of a market now.

    Raises:
        NotFound: the exchange has no such market.
        SourceUnavailable: it does not answer, or not with an order book.
    """
    from dao_bot.market.exchange import exchange_of

    return exchange_of(settings).order_book(symbol, levels)
