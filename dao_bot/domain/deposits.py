"""What a position is worth at oracle prices, and what a deposit may lose there by the minimums in its bytes."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from dao_bot.domain.concentrated import Pair, amounts_of, liquidity_of, taken
from dao_bot.domain.errors import BadInput
from dao_bot.domain.positions import Position, edges
from dao_bot.domain.ticks import MAX_SQRT_RATIO, MIN_SQRT_RATIO, sqrt_ratio_at_prices
from dao_bot.domain.tokens import Token


def contents_at(position: Position, tokens: tuple[Token, Token], usd: Pair) -> Pair:
    """Base units of both tokens in a position, fees with them, as if its pool stood at these USD prices (WAD).

    So nobody changes what a position is worth by moving its pool.
    """
    amounts = position.principal(oracle_of(tokens, usd))
    return amounts[0] + position.fees[0], amounts[1] + position.fees[1]


def oracle_of(tokens: tuple[Token, Token], usd: Pair) -> int:
    """The square-root price (X96) at which a pool of two tokens agrees with their USD prices."""
    return sqrt_ratio_at_prices(usd[0], tokens[0].decimals, usd[1], tokens[1].decimals)


def worst_share_lost(deposits: Pair, least: Pair, ticks: Pair, tokens: tuple[Token, Token], usd: Pair) -> Fraction:
    """The largest part of its value that a deposit may lose by its minimums, against the oracle prices.

    A deposit at a price other than the oracle's is worth less once the pool is back, the more so the further the price.
    The minimums end the prices at which it can happen, so the worst is at one of the two ends.

    Raises:
        BadInput: a minimum is more than what is offered.
    """
    oracle, range_ = oracle_of(tokens, usd), edges(*ticks)
    low, high = _accepted_prices(deposits, least, range_)
    weights = [Fraction(each, 10**token.decimals) for each, token in zip(usd, tokens, strict=True)]
    return max(_loss(deposits, price, oracle, range_, weights) for price in (low, high, oracle))


def _loss(deposits: Pair, price: int, oracle: int, range_: Pair, weights: Sequence[Fraction]) -> Fraction:
    """Part of what a pool at `price` takes that is gone once it is at `oracle`."""
    given = _value(taken(deposits, price, range_), weights)
    kept = _value(amounts_of(liquidity_of(price, *range_, deposits), oracle, *range_), weights)
    return (given - kept) / given if given else Fraction(0)


def _value(amounts: Pair, weights: Sequence[Fraction]) -> Fraction:
    return sum((units * weight for units, weight in zip(amounts, weights, strict=True)), Fraction(0))


def _accepted_prices(deposits: Pair, least: Pair, range_: Pair) -> Pair:
    """The lowest and the highest price (X96) at which the pool takes at least the minimums.

    Beyond the ends of the range nothing changes any more, so the search ends there.
    """
    if not all(minimum <= deposit for minimum, deposit in zip(least, deposits, strict=True)):
        raise BadInput("a deposit's minimum is more than the deposit", value=least, limit=deposits)
    lower, upper = max(range_[0], MIN_SQRT_RATIO), min(range_[1], MAX_SQRT_RATIO - 1)
    low, high = lower, upper
    while low < high and taken(deposits, low, range_)[1] < least[1]:
        middle = (low + high) // 2
        low, high = (low, middle) if taken(deposits, middle, range_)[1] >= least[1] else (middle + 1, high)
    lowest, low, high = low, lower, upper
    while low < high and taken(deposits, high, range_)[0] < least[0]:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if taken(deposits, middle, range_)[0] >= least[0] else (low, middle - 1)
    return lowest, high
