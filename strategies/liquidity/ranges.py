"""Which range, and how much liquidity: the target depth at the least cost a day, within budgets that survive a fall."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from dao_bot.domain.concentrated import (
    LARGEST_LIQUIDITY,
    Pair,
    amounts_of,
    liquidity_of,
    liquidity_of_amount0,
    liquidity_of_amount1,
)
from dao_bot.domain.positions import edges
from dao_bot.domain.ticks import MAX_TICK, MIN_TICK, sqrt_ratio_band
from dao_bot.domain.units import WAD
from strategies.liquidity.compared import sqrt_price_after
from strategies.liquidity.forward import Rates, days_until_moved
from strategies.liquidity.market import Market
from strategies.liquidity.params import Params

_GROWTH = 1.2
_WIDEST = 23_027
"""Ticks: a tenth and ten times the price."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A range with the liquidity that it gets, and what limits that."""

    lower: int
    upper: int
    liquidity: int
    limit: str

    def amounts(self, sqrt_price: int) -> Pair:
        """What it takes, rounded up."""
        return amounts_of(self.liquidity, sqrt_price, *edges(self.lower, self.upper), round_up=True)


def target_liquidity(market: Market, params: Params) -> int:
    """The least liquidity that offers the target depth on both sides, while the range reaches that far."""
    low, high = sqrt_ratio_band(market.pool.sqrt_price, params.around)
    return 1 + max(
        liquidity_of_amount0(market.pool.sqrt_price, high, market.worth(0, params.depth)),
        liquidity_of_amount1(low, market.pool.sqrt_price, market.worth(1, params.depth)),
    )


def half_width(market: Market, params: Params, rate: Rates, cost_of_move: float) -> tuple[int, float]:
    """Half of the cheapest range in ticks, and its cost in dollars a day.

    Liquidity follows from the depth, so fees and loss-versus-rebalancing are the same in every range; what differs is
    the capital that stands in it, and how often it must be moved.
    """
    margin = math.ceil(math.log1p(params.around / WAD) / math.log(1.0001))
    liquidity = target_liquidity(market, params)
    best: tuple[float, int] | None = None
    width = float(margin + market.pool.spacing)
    while width <= _WIDEST or best is None:
        ticks = int(width)
        lower, upper = around_price(market, ticks)
        capital = market.value(amounts_of(liquidity, market.pool.sqrt_price, *edges(lower, upper))) / WAD
        moves = cost_of_move / max(days_until_moved(ticks, margin, rate.variance), 1e-6)
        cost = moves + capital * params.capital_cost / WAD / 365
        if best is None or cost < best[0]:
            best = (cost, ticks)
        width *= _GROWTH
    return best[1], best[0]


def around_price(market: Market, half: int) -> Pair:
    """Ticks of a range on both sides of the price."""
    spacing, tick = market.pool.spacing, market.pool.tick
    return _usable((tick - half) // spacing * spacing, -(-(tick + half) // spacing) * spacing, spacing)


def beside_price(market: Market, half: int) -> Pair:
    """Ticks of a range that holds the own token alone and sells it as it becomes dearer."""
    spacing = market.pool.spacing
    nearest = market.pool.tick // spacing * spacing
    steps = -(-half // spacing) * spacing
    if market.own_side == 0:
        return _usable(nearest + spacing, nearest + spacing + steps, spacing)
    return _usable(nearest - steps, nearest, spacing)


def candidate(market: Market, params: Params, range_: Pair, available: Pair, inventory: Pair) -> Candidate:
    """As much liquidity as the target asks, the budgets pay and a fall leaves repeatable.

    Args:
        available: base units that may stand in the position.
        inventory: base units that the treasury has in all, in positions and beside them.
    """
    bounds = edges(*range_)
    limits = {
        "the target depth": target_liquidity(market, params),
        "the budgets": liquidity_of(market.pool.sqrt_price, *bounds, available),
    }
    most = min(limits.values())
    survives = _largest(most, lambda liquidity: _survives(market, params, bounds, liquidity, inventory))
    if survives < most:
        return Candidate(*range_, survives, f"the inventory after a fall of {params.stress * 100 // WAD} %")
    return Candidate(*range_, most, min(limits, key=lambda name: limits[name]))


def _survives(market: Market, params: Params, bounds: Pair, liquidity: int, inventory: Pair) -> bool:
    """After the fall, what is left provides the same depth in dollars again: as much quote, and more own tokens."""
    now = amounts_of(liquidity, market.pool.sqrt_price, *bounds, round_up=True)
    fallen = amounts_of(liquidity, sqrt_price_after(market, WAD - params.stress), *bounds)
    left = [held - put + back for held, put, back in zip(inventory, now, fallen, strict=True)]
    own, quote = market.own_side, 1 - market.own_side
    return left[quote] >= now[quote] and left[own] * (WAD - params.stress) >= now[own] * WAD


def _largest(most: int, holds: Callable[[int], bool]) -> int:
    """The largest number up to `most` of which it holds, where it holds of all smaller ones."""
    low, high = 0, min(most, LARGEST_LIQUIDITY)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low


def _usable(lower: int, upper: int, spacing: int) -> Pair:
    least, most = -(-MIN_TICK // spacing) * spacing, MAX_TICK // spacing * spacing
    lower, upper = max(lower, least), min(upper, most)
    return lower, max(upper, lower + spacing)
