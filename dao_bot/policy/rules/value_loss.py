"""The whole treasury is worth nearly as much after the batch as before, payments aside."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar

from pydantic import Field

from dao_bot.domain.errors import Refused
from dao_bot.domain.units import WAD, format_ratio, format_usd
from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import RatioField, Settings, TokenField
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.movements import burned, payments
from dao_bot.policy.report import at_most
from dao_bot.policy.valuation import exact_value, price_of, round_up, share, value_treasury
from dao_bot.policy.words import token_at


class ValueLossParams(Settings):
    """Parameters of the rule `value_loss`."""

    max: RatioField = Field(ge=0, le=WAD, description="largest loss of total value at oracle prices")
    burns: tuple[TokenField, ...] = Field(
        default=(), description="tokens whose burning is meant, as a payment is; the rule `burn` limits how much"
    )


class ValueLoss:
    """Loss in the simulation as a share of the value before.

    What goes to named recipients is no loss, nor is the burning of a token that the parameters name.
    """

    name: ClassVar[str] = "value_loss"
    Params: ClassVar[type[Settings]] = ValueLossParams

    def __init__(self, params: ValueLossParams) -> None:
        self._max = params.max
        self._burns = params.burns

    def check(self, facts: PolicyFacts) -> Iterator[RuleReport]:
        valuation = value_treasury(facts)
        before, after, paid = valuation.total_before, valuation.total_after, self._paid(facts)
        lost = before - paid - after
        yield at_most(
            self.name,
            "",
            before=0,
            after=round_up(share(lost, before)),
            limit=self._max,
            render=format_ratio,
            message=f"Loss of a treasury of {format_usd(int(before))} ({format_usd(int(paid))} paid or burned aside)",
            advice="trade less, or in deeper pools",
        )

    def _paid(self, facts: PolicyFacts) -> Fraction:
        total = Fraction(0)
        for address, units in payments(facts).items():
            token = token_at(facts, address)
            if token is None:
                raise Refused("a payment in a token that is not configured has no price", value=address)
            total += exact_value(units, token, price_of(facts, token))
        for address, units in burned(facts).items():
            token = token_at(facts, address)
            if token is not None and token.symbol in self._burns:
                total += exact_value(units, token, price_of(facts, token))
        return total
