"""A position against its two alternatives, plain holding and the full range, should the price move."""

from __future__ import annotations

import math

from dao_bot.domain.concentrated import Pair, amounts_of
from dao_bot.domain.positions import edges
from dao_bot.domain.ticks import MAX_SQRT_RATIO, MAX_TICK, MIN_SQRT_RATIO
from dao_bot.domain.units import WAD
from dao_bot.strategy import Evidence
from strategies.liquidity.market import Market

_REFERENCE = 10**24
MOVES = (("falls by half", WAD // 2), ("doubles", 2 * WAD))


def everywhere(market: Market) -> Pair:
    """The square-root prices between which the full range lies."""
    edge = MAX_TICK // market.pool.spacing * market.pool.spacing
    return edges(-edge, edge)


def full_range(market: Market, held: Pair) -> int:
    """Liquidity over all prices that costs as much as `held` is worth."""
    unit = market.value(amounts_of(_REFERENCE, market.pool.sqrt_price, *everywhere(market)))
    return market.value(held) * _REFERENCE // unit if unit else 0


def moved(market: Market, factor: int) -> Market:
    """The market once the own token costs `factor` (WAD) times as much, and the pool says so too."""
    usd = list(market.usd)
    usd[market.own_side] = usd[market.own_side] * factor // WAD
    return market.at((usd[0], usd[1]), sqrt_price_after(market, factor))


def sqrt_price_after(market: Market, factor: int) -> int:
    """The pool's square-root price when the own token costs `factor` (WAD) times as much."""
    square = market.pool.sqrt_price**2
    there = square * factor // WAD if market.own_side == 0 else square * WAD // max(factor, 1)
    return min(max(math.isqrt(there), MIN_SQRT_RATIO), MAX_SQRT_RATIO - 1)


def should_it_move(market: Market, liquidity: int, lower: int, upper: int) -> tuple[Evidence, ...]:
    """What the position, what it is made of, and the full range would be worth, all without fees."""
    held = amounts_of(liquidity, market.pool.sqrt_price, *edges(lower, upper))
    full = full_range(market, held)
    found = []
    for words, factor in MOVES:
        then = moved(market, factor)
        price = then.pool.sqrt_price
        values = (
            then.value(amounts_of(liquidity, price, *edges(lower, upper))),
            then.value(held),
            then.value(amounts_of(full, price, *everywhere(market))),
        )
        shown = " / ".join(f"{value / WAD:,.0f}" for value in values)
        found.append(Evidence(f"if {market.own.symbol} {words}: position / plain holding / full range", shown, "USD"))
    return tuple(found)
