"""Ladders of executable quotes: what a venue would pay now for growing sizes of one swap."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass

from dao_bot.domain.tokens import Token


@dataclass(frozen=True, slots=True)
class Rung:
    """Selling `sell` base units would return `buy` base units."""

    sell: int
    buy: int


@dataclass(frozen=True, slots=True)
class Ladder:
    """Quotes for one route, in growing size, all at the pinned block.

    Attributes:
        venue: name of the protocol that quotes and encodes it, such as `uniswap_v3`.
        path: that protocol's own encoding of the route, 0x-hex.
        pools: the pools on the way, for price guards and exposure.
        gas: estimate of the gas that the swap takes.
    """

    sell: Token
    buy: Token
    venue: str
    path: str
    pools: tuple[str, ...]
    rungs: tuple[Rung, ...]
    gas: int

    def quoted(self, units: int) -> int:
        """What the ladder promises for `units`, on the straight line between two rungs, rounded down.

        For a constant-function market that is at most what it pays.

        Raises:
            ValueError: more than the largest quote.
        """
        above = bisect_left(self.rungs, units, key=lambda rung: rung.sell)
        if above == len(self.rungs):
            raise ValueError(f"{units} is more than the largest quote {self.rungs[-1].sell}")
        low = self.rungs[above - 1] if above else Rung(0, 0)
        high = self.rungs[above]
        return low.buy + (high.buy - low.buy) * (units - low.sell) // (high.sell - low.sell)

    def price_paid(self, units: int, price: int) -> int:
        """USD (WAD) for one whole bought token when `units` worth `price` each are sold, costs included, rounded up."""
        bought = self.quoted(units)
        if bought <= 0:
            return 2**255
        return int(-(-units * price * 10**self.buy.decimals // (bought * 10**self.sell.decimals)))

    def largest_below(self, most: int, price: int, cap: int) -> int:
        """The most units, up to `most`, that can be sold while a whole bought token costs at most `cap` USD (WAD)."""
        most = min(most, self.rungs[-1].sell)
        if most <= 0 or self.price_paid(most, price) <= cap:
            return max(most, 0)
        low, high = 0, most
        while high - low > 1:
            middle = (low + high) // 2
            if self.price_paid(middle, price) <= cap:
                low = middle
            else:
                high = middle
        return low
