"""What the treasury is worth before and after a batch, at the oracle prices of the run, as exact fractions."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from dao_bot.domain.errors import Refused
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.liquidity import after_batch, contents
from dao_bot.policy.movements import touched


def exact_value(units: int, token: Token, price: int) -> Fraction:
    """Value in USD WAD of `units` base units at `price` USD WAD for one whole token, not rounded."""
    return Fraction(units * price, 10**token.decimals)


def price_of(facts: PolicyFacts, token: Token) -> int:
    """USD WAD for one whole token.

    Raises:
        Refused: when there is no usable price.
    """
    price = facts.prices.get(token)
    if price is None:
        raise Refused(
            f"no price for {token.symbol}",
            next_step="Add a source for it under `prices` in strategies.yaml",
        )
    return price.require()


def after_of(facts: PolicyFacts) -> Mapping[Token, int]:
    """Balances after the simulation.

    Raises:
        Refused: when the simulation failed, so that nothing is known about afterwards.
    """
    if facts.after is None:
        raise Refused(
            "the batch failed in the simulation, so the treasury after it is unknown",
            value=facts.simulation.revert_reason or "no reason given",
            next_step="Read the simulation, and run the strategy again",
        )
    return facts.after


@dataclass(frozen=True, slots=True)
class Valuation:
    """Values in USD WAD by token, of the tokens that have a usable price; what is in positions counts as its tokens.

    A token without one counts as nothing, which makes every share of the others larger and every floor harder; whether
    that is allowed is what the rule `price_quality` decides.
    """

    before: Mapping[Token, Fraction]
    after: Mapping[Token, Fraction]

    @property
    def total_before(self) -> Fraction:
        return sum(self.before.values(), Fraction(0))

    @property
    def total_after(self) -> Fraction:
        return sum(self.after.values(), Fraction(0))


def value_treasury(facts: PolicyFacts) -> Valuation:
    """The treasury before and after.

    Raises:
        Refused: when the simulation failed, or when the batch moves a token that has no usable price.
    """
    after, moved = after_of(facts), touched(facts) if facts.simulation.positions else frozenset()
    priced = {}
    for token, units in facts.before.items():
        price = facts.prices.get(token)
        if price is not None and price.usd is not None:
            priced[token] = price.usd
        elif after.get(token, 0) != units or token.address in moved:
            price_of(facts, token)
    inside, inside_after = contents(facts, facts.positions), contents(facts, after_batch(facts))

    def value(units: int, token: Token) -> Fraction:
        return exact_value(units, token, priced[token])

    return Valuation(
        before={token: value(facts.before[token] + inside.get(token, 0), token) for token in priced},
        after={token: value(after.get(token, 0) + inside_after.get(token, 0), token) for token in priced},
    )


def round_up(value: Fraction) -> int:
    """For comparison with an upper limit: `round_up(x) <= n` says the same as `x <= n` for every whole n."""
    return math.ceil(value)


def round_down(value: Fraction) -> int:
    """For comparison with a lower limit: `round_down(x) >= n` says the same as `x >= n` for every whole n."""
    return math.floor(value)


def share(part: Fraction, whole: Fraction) -> Fraction:
    """`part` of `whole` as an exact WAD ratio; zero of nothing is zero."""
    return part * WAD / whole if whole else Fraction(0)
