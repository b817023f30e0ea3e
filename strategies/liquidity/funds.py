"""What may stand in positions: the own token by its share of all that is held, the quote token by its budget."""

from __future__ import annotations

from collections.abc import Sequence

from dao_bot.domain.concentrated import Pair, least_release
from dao_bot.domain.positions import edges
from dao_bot.domain.ticks import sqrt_ratio_band
from dao_bot.domain.units import WAD
from dao_bot.strategy import Position
from strategies.liquidity.market import Market
from strategies.liquidity.params import Params


def inside(market: Market, positions: Sequence[Position]) -> Pair:
    """Base units that positions hold at the pool's price, fees included."""
    amounts = [each.principal(market.pool.sqrt_price) for each in positions]
    return (
        sum(amount[0] + each.fees[0] for amount, each in zip(amounts, positions, strict=True)),
        sum(amount[1] + each.fees[1] for amount, each in zip(amounts, positions, strict=True)),
    )


def released(market: Market, params: Params, positions: Sequence[Position]) -> Pair:
    """The least that removing them returns while the price moves by no more than the tolerance, fees included."""
    band = sqrt_ratio_band(market.pool.sqrt_price, params.tolerance)
    amounts = [least_release(each.liquidity, edges(each.lower, each.upper), band) for each in positions]
    return (
        sum(amount[0] + each.fees[0] for amount, each in zip(amounts, positions, strict=True)),
        sum(amount[1] + each.fees[1] for amount, each in zip(amounts, positions, strict=True)),
    )


def free_within_budgets(market: Market, params: Params, free: Pair, held: Pair, put_in: int) -> Pair:
    """Base units of what lies in the Safe that may be added to `held`, what positions have already.

    The quote token's budget is used up by what positions have of it, or by what was put in (USD, WAD) lately, whichever
    is more: a position that falls turns it into own tokens, and would otherwise ask for it again at each step down.
    """
    own, quote = market.own_side, 1 - market.own_side
    room = [0, 0]
    room[own] = (free[own] + held[own]) * params.own_budget // WAD - held[own]
    left = market.worth(quote, max(params.quote_budget - put_in, 0))
    room[quote] = min(market.worth(quote, params.quote_budget) - held[quote], left)
    return min(free[0], max(room[0], 0)), min(free[1], max(room[1], 0))


def together(one: Pair, other: Pair) -> Pair:
    """The sum of both."""
    return one[0] + other[0], one[1] + other[1]
