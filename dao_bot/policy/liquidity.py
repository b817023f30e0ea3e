"""Positions in the policy: whose they are, what they are worth at oracle prices, and what their minimums let happen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import DecodedCall, PositionChange
from dao_bot.domain.concentrated import Pair, amounts_of, liquidity_of, taken
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.positions import Position, changed_position, edges, pair_of
from dao_bot.domain.ticks import MAX_SQRT_RATIO, MIN_SQRT_RATIO, sqrt_ratio_at_prices
from dao_bot.domain.tokens import Token
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.words import token_at


def position_of(facts: PolicyFacts, change: PositionChange) -> Position | None:
    """The Safe's position that a call changes; None for a new one, and for one that is not the Safe's."""
    return changed_position(change, facts.positions)


def pools_of(facts: PolicyFacts, decoded: DecodedCall) -> tuple[Address, ...]:
    """The pools whose price a call depends on; to collect depends on none."""
    change = decoded.position
    if change is None or change.token_id is None:
        return decoded.pools
    held = position_of(facts, change)
    return (held.pool,) if held is not None and (change.deposits or change.removed) else ()


def tokens_of(facts: PolicyFacts, decoded: DecodedCall) -> tuple[Address, Address] | None:
    """Token0 and token1 of the position that a call makes or changes; None where nobody can say."""
    return pair_of(decoded, facts.positions)


def after_batch(facts: PolicyFacts) -> tuple[Position, ...]:
    """The Safe's positions after the simulation: as read there if the batch names or makes them, else as before.

    What the batch names and the Safe does not own any more is gone.
    """
    named = {(each.position.manager, each.position.token_id) for each in facts.decoded if each.position is not None} | {
        (change.token, change.token_id) for change in facts.simulation.changes
    }
    untouched = (each for each in facts.positions if (each.manager, each.token_id) not in named)
    return (*untouched, *facts.simulation.positions)


def contents(facts: PolicyFacts, positions: Sequence[Position]) -> Mapping[Token, int]:
    """Base units in `positions`, fees with them, as if their pools stood at the oracle prices.

    So nobody changes what a position is worth by moving its pool. One whose tokens have no usable price counts as
    nothing.
    """
    total: dict[Token, int] = {}
    for position in positions:
        tokens = _priced(facts, position.token0, position.token1)
        if tokens is not None:
            amounts = position.principal(_oracle(facts, *tokens))
            for token, units, fees in zip(tokens, amounts, position.fees, strict=True):
                total[token] = total.get(token, 0) + units + fees
    return total


def worst_loss(facts: PolicyFacts, decoded: DecodedCall) -> Fraction:
    """The largest part of its value that a deposit may lose by the minimums in its bytes, against the oracle prices.

    A deposit at a price other than the oracle's is worth less once the pool is back, the more so the further the price.
    The minimums end the prices at which it can happen, so the worst is at one of the two ends.

    Raises:
        Refused: the tokens have no usable price, or the position is not the Safe's.
    """
    change, tokens = decoded.position, tokens_of(facts, decoded)
    ticks = _ticks(facts, decoded)
    priced = None if tokens is None else _priced(facts, *tokens)
    if change is None or change.deposits is None or priced is None or ticks is None:
        raise Refused(
            "what a deposit may lose cannot be measured",
            value=decoded.summary,
            next_step="Both tokens need a usable price, and the position must be the Safe's",
        )
    oracle, range_ = _oracle(facts, *priced), edges(*ticks)
    low, high = _accepted_prices(change.deposits, change.least, range_)
    weights = tuple(Fraction(facts.prices[token].require(), 10**token.decimals) for token in priced)
    return max(_loss(change.deposits, price, oracle, range_, weights) for price in (low, high, oracle))


def _loss(deposits: Pair, price: int, oracle: int, range_: Pair, weights: tuple[Fraction, ...]) -> Fraction:
    """Part of what a pool at `price` takes that is gone once it is at `oracle`."""
    given = _value(taken(deposits, price, range_), weights)
    kept = _value(amounts_of(liquidity_of(price, *range_, deposits), oracle, *range_), weights)
    return (given - kept) / given if given else Fraction(0)


def _value(amounts: Pair, weights: tuple[Fraction, ...]) -> Fraction:
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


def _ticks(facts: PolicyFacts, decoded: DecodedCall) -> tuple[int, int] | None:
    change = decoded.position
    if change is None:
        return None
    if change.lower is not None and change.upper is not None:
        return change.lower, change.upper
    held = position_of(facts, change)
    return None if held is None else (held.lower, held.upper)


def _priced(facts: PolicyFacts, token0: Address, token1: Address) -> tuple[Token, Token] | None:
    tokens = token_at(facts, token0), token_at(facts, token1)
    prices = [None if token is None else facts.prices.get(token) for token in tokens]
    if tokens[0] is None or tokens[1] is None or any(price is None or not price.usd for price in prices):
        return None
    return tokens[0], tokens[1]


def _oracle(facts: PolicyFacts, token0: Token, token1: Token) -> int:
    usd0, usd1 = facts.prices[token0].require(), facts.prices[token1].require()
    return sqrt_ratio_at_prices(usd0, token0.decimals, usd1, token1.decimals)
