"""Positions in the policy: whose they are, what they are worth at oracle prices, and what their minimums let happen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import DecodedCall, PositionChange
from dao_bot.domain.concentrated import Pair
from dao_bot.domain.deposits import contents_at, worst_share_lost
from dao_bot.domain.errors import Refused
from dao_bot.domain.positions import Position, changed_position, pair_of
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
        priced = _priced(facts, position.token0, position.token1)
        if priced is not None:
            tokens, usd = priced
            for token, units in zip(tokens, contents_at(position, tokens, usd), strict=True):
                total[token] = total.get(token, 0) + units
    return total


def worst_loss(facts: PolicyFacts, decoded: DecodedCall) -> Fraction:
    """The largest part of its value that a deposit may lose by the minimums in its bytes, against the oracle prices.

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
    return worst_share_lost(change.deposits, change.least, ticks, *priced)


def _ticks(facts: PolicyFacts, decoded: DecodedCall) -> tuple[int, int] | None:
    change = decoded.position
    if change is None:
        return None
    if change.lower is not None and change.upper is not None:
        return change.lower, change.upper
    held = position_of(facts, change)
    return None if held is None else (held.lower, held.upper)


def _priced(facts: PolicyFacts, token0: Address, token1: Address) -> tuple[tuple[Token, Token], Pair] | None:
    """The tokens with their USD prices (WAD)."""
    tokens = token_at(facts, token0), token_at(facts, token1)
    prices = [None if token is None else facts.prices.get(token) for token in tokens]
    if tokens[0] is None or tokens[1] is None or any(price is None or not price.usd for price in prices):
        return None
    return (tokens[0], tokens[1]), (facts.prices[tokens[0]].require(), facts.prices[tokens[1]].require())
