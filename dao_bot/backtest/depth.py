"""How deep a market is: what a sale returns, and where it leaves the price. Floats here are whole tokens, not money.

Three kinds of knowledge: a stated depth, the states of a concentrated-liquidity pool, and the levels of an order book.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Trade:
    """What a sale came to.

    Attributes:
        received: whole tokens.
        price: of the base in the quote, afterwards.
    """

    received: float
    price: float


class Depth(Protocol):
    """Depth of one market between a base and a quote token."""

    def sale(self, now: int, price: float, base_usd: float, of_base: bool, amount: float) -> Trade | None:
        """Sell `amount` whole tokens, fee already taken off, while one base is worth `price` quote.

        None when the market cannot take it, or when nothing is known of its depth at `now` (epoch seconds).
        """
        ...


def constant_product(base: float, quote: float, of_base: bool, amount: float) -> Trade:
    """A sale to a pool with these reserves, real or virtual (Uniswap v3 whitepaper, 2): the product stays."""
    if of_base:
        received, left = quote * amount / (base + amount), base + amount
        return Trade(received, (quote - received) / left)
    received, left = base * amount / (quote + amount), quote + amount
    return Trade(received, left / (base - received))


@dataclass(frozen=True, slots=True)
class StatedDepth:
    """The same depth at every moment and on both sides: `usd` dollars can be sold until the price is 1 % worse."""

    usd: float

    def __str__(self) -> str:
        return f"stated: {self.usd:,.0f} USD until the price is 1 % worse"

    def sale(self, now: int, price: float, base_usd: float, of_base: bool, amount: float) -> Trade | None:
        """As `Depth.sale`, by the constant product of the reserves that have this depth."""
        base = self.reserve / base_usd
        return constant_product(base, base * price, of_base, amount)

    @property
    def reserve(self) -> float:
        """Dollars in each of the (virtual) reserves that have this depth."""
        return self.usd / (1.0 / math.sqrt(0.99) - 1.0)


@dataclass(frozen=True, slots=True)
class PoolStates:
    """Depth from the recorded liquidity of a Uniswap v3 pool, as if its active range went on to both sides.

    Attributes:
        time: (T,) epoch seconds, growing.
        liquidity: (T,) of the active range, in the pool's own unit: the square root of the product of both reserves
            in base units.
        scale: product of both tokens' base units: `10 ** (base decimals + quote decimals)`.
        max_age: seconds after which a state counts for nothing.
        furthest: largest relative change of the price for which the active range is taken to go on.
    """

    time: Times
    liquidity: Floats
    scale: float
    max_age: int
    furthest: float = 0.05

    def __str__(self) -> str:
        return f"recorded states of the pool, {len(self.time):,} of them"

    def sale(self, now: int, price: float, base_usd: float, of_base: bool, amount: float) -> Trade | None:
        """As `Depth.sale`."""
        row = int(np.searchsorted(self.time, now, side="right")) - 1
        if row < 0 or now - int(self.time[row]) > self.max_age or not self.liquidity[row] > 0:
            return None
        whole = float(self.liquidity[row]) / math.sqrt(self.scale)
        trade = constant_product(whole / math.sqrt(price), whole * math.sqrt(price), of_base, amount)
        return trade if abs(trade.price / price - 1.0) <= self.furthest else None


@dataclass(frozen=True, slots=True)
class Book:
    """Depth from snapshots of an order book. A level's price is told as a distance from the middle.

    Attributes:
        time: (T,) epoch seconds, growing.
        bid_distance, ask_distance: (T, K) relative distance from the middle, growing from zero, not negative.
        bid_size, ask_size: (T, K) whole base tokens at each level.
        max_age: seconds after which a snapshot counts for nothing.
    """

    time: Times
    bid_distance: Floats
    bid_size: Floats
    ask_distance: Floats
    ask_size: Floats
    max_age: int

    def __str__(self) -> str:
        return f"recorded order book, {len(self.time):,} snapshots"

    def sale(self, now: int, price: float, base_usd: float, of_base: bool, amount: float) -> Trade | None:
        """As `Depth.sale`: walks the bids with base tokens, or the asks with quote tokens."""
        row = int(np.searchsorted(self.time, now, side="right")) - 1
        if row < 0 or now - int(self.time[row]) > self.max_age:
            return None
        if of_base:
            prices, sizes = price * (1.0 - self.bid_distance[row]), self.bid_size[row]
            taken = _filled(sizes, amount)
            received = float(prices @ taken)
        else:
            prices = price * (1.0 + self.ask_distance[row])
            paid = _filled(prices * self.ask_size[row], amount)
            taken, received = paid, float((paid / prices).sum())
        if taken.sum() < amount * (1.0 - 1e-12):
            return None
        return Trade(received, float(prices[max(int(np.count_nonzero(taken)) - 1, 0)]))


def _filled(sizes: Floats, amount: float) -> Floats:
    """How much of each level a sale of `amount` takes, nearest levels first."""
    before = np.cumsum(sizes) - sizes
    taken: Floats = np.clip(amount - before, 0.0, sizes)
    return taken
