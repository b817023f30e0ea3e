"""The pool, the prices and what is held, in the pool's own order of tokens; and whether the prices agree."""

from __future__ import annotations

from dataclasses import dataclass, replace

from dao_bot.domain.concentrated import Pair, amount0_between, amount1_between
from dao_bot.domain.positions import edges
from dao_bot.domain.ticks import sqrt_ratio_band
from dao_bot.domain.units import WAD, format_ratio
from dao_bot.strategy import PoolPrice, PoolState, Position, Token, TokenPrice, units_worth


@dataclass(frozen=True, slots=True)
class Market:
    """One pool with USD prices (WAD for one whole token) of its two tokens."""

    pool: PoolState
    own: Token
    usd: Pair

    @property
    def tokens(self) -> tuple[Token, Token]:
        return self.pool.token0, self.pool.token1

    @property
    def own_side(self) -> int:
        """0 or 1: which of the pool's tokens is the DAO's own."""
        return 0 if self.own == self.pool.token0 else 1

    def side_value(self, side: int, units: int) -> int:
        """USD (WAD) of base units of one token, rounded down."""
        return int(units * self.usd[side] // 10 ** self.tokens[side].decimals)

    def value(self, amounts: Pair) -> int:
        """USD (WAD) of both."""
        return self.side_value(0, amounts[0]) + self.side_value(1, amounts[1])

    def at(self, usd: Pair, sqrt_price: int) -> Market:
        """The same market at other prices; what else the pool says is left as it is."""
        return replace(self, usd=usd, pool=replace(self.pool, sqrt_price=sqrt_price))

    def worth(self, side: int, usd: int) -> int:
        """Base units of one token that are worth `usd`, rounded down."""
        return units_worth(self.tokens[side], usd, self.usd[side])

    def depth(self, liquidity: int, lower: int, upper: int, around: int) -> Pair:
        """Base units of token0 and token1 that a range offers to whoever moves the price by `around` (WAD)."""
        price, (low, high) = self.pool.sqrt_price, sqrt_ratio_band(self.pool.sqrt_price, around)
        bottom, top = edges(lower, upper)
        start, end = max(price, bottom), min(high, top)
        depth0 = amount0_between(start, end, liquidity, round_up=False) if start < end else 0
        start, end = max(low, bottom), min(price, top)
        return depth0, amount1_between(start, end, liquidity, round_up=False) if start < end else 0


def total_depth(market: Market, positions: tuple[Position, ...], around: int) -> Pair:
    """USD (WAD) that the positions offer of token0 and of token1."""
    offered = [market.depth(each.liquidity, each.lower, each.upper, around) for each in positions]
    return (
        market.side_value(0, sum(depth[0] for depth in offered)),
        market.side_value(1, sum(depth[1] for depth in offered)),
    )


@dataclass(frozen=True, slots=True)
class Agreement:
    """Spot, time-weighted and oracle price: the largest difference (WAD), and why they may not be relied on."""

    difference: int | None
    problem: str | None


def agreement(found: PoolPrice | None, base: TokenPrice | None, quote: TokenPrice | None, limit: int) -> Agreement:
    """Whether all three prices are there and no two of them differ by more than `limit` (WAD) of the lower one."""
    if found is None or found.spot is None or found.twap is None:
        why = "; ".join(found.problems) if found is not None else "it is not configured"
        return Agreement(None, f"the pool has no usable price ({why or 'no reason given'})")
    for price in (base, quote):
        if price is None or not price.usd:
            why = "; ".join(price.problems) if price is not None else ""
            return Agreement(None, f"a token has no usable price ({why or 'no source'})")
    assert base is not None and quote is not None and base.usd and quote.usd
    oracle = base.usd * WAD // quote.usd
    prices = (found.spot, found.twap, oracle)
    if min(prices) <= 0:
        return Agreement(None, "a price is zero")
    difference = -(-(max(prices) - min(prices)) * WAD // min(prices))
    if difference > limit:
        words = f"the pool, its average and the oracle differ by {format_ratio(difference)}, more than the "
        return Agreement(difference, words + f"{format_ratio(limit)} allowed")
    return Agreement(difference, None)
