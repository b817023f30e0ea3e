"""The least that a swap may return, which stands in its bytes, is worth nearly what it sells."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import ClassVar, Self

from pydantic import Field, model_validator

from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import DecodedCall
from dao_bot.domain.errors import Refused
from dao_bot.domain.units import WAD, format_ratio
from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import RatioField, Settings, TokenField, UsdField
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.liquidity import worst_loss
from dao_bot.policy.report import at_most, broken, kept
from dao_bot.policy.slippage_limits import SlippageLimits
from dao_bot.policy.valuation import exact_value, price_of, round_up, share
from dao_bot.policy.words import call_subject, symbol_of, token_at


class ExitParams(Settings):
    """When a token counts as fallen, and what leaving it may cost."""

    max: RatioField = Field(ge=0, le=WAD, description="largest loss of a swap that sells a fallen token")
    below: Mapping[TokenField, UsdField] = Field(
        min_length=1, description="the oracle price under which a token has fallen, by symbol"
    )


class SlippageParams(Settings):
    """Parameters of the rule `slippage`."""

    max: RatioField = Field(ge=0, le=WAD, description="largest loss of a swap against the oracle prices")
    exits: ExitParams | None = Field(
        default=None, description="a wider limit for leaving a token that has fallen; none when it is left out"
    )

    @model_validator(mode="after")
    def _exits_are_wider(self) -> Self:
        if self.exits is not None and self.exits.max < self.max:
            raise ValueError("exits.max is smaller than max, so a fallen token would be harder to leave than another")
        return self


class Slippage:
    """Each swap by itself; what happens between approval and execution cannot make it worse than this.

    Who leaves a fallen token leaves it with everybody else, at what the pools then pay. The wider limit is for that
    alone: it needs oracle prices that say so, and what is bought may not have fallen itself.

    A deposit into a position counts with what its minimums let it lose. To take liquidity out loses nothing, because a
    position is worth least, at oracle prices, while its pool stands at them.
    """

    name: ClassVar[str] = "slippage"
    Params: ClassVar[type[Settings]] = SlippageParams

    def __init__(self, params: SlippageParams) -> None:
        self._max = params.max
        exits = params.exits
        self.limits = (
            SlippageLimits(params.max) if exits is None else SlippageLimits(params.max, exits.max, exits.below)
        )

    def check(self, facts: PolicyFacts) -> Iterator[RuleReport]:
        swaps = 0
        for position, decoded in enumerate(facts.decoded, 1):
            if decoded.position is not None:
                if decoded.position.deposits is not None:
                    swaps += 1
                    yield self._deposit(facts, call_subject(position, decoded), decoded)
                continue
            if decoded.minimum is None:
                if decoded.venue is not None:
                    swaps += 1
                    yield broken(self.name, call_subject(position, decoded), "It trades without a least return.")
                continue
            swaps += 1
            sold, sold_units, bought, least = decoded.minimum
            given, received = _value(facts, sold, sold_units), _value(facts, bought, least)
            if given <= 0:
                yield broken(
                    self.name, call_subject(position, decoded), "It sells nothing, so its loss has no measure."
                )
                continue
            yield at_most(
                self.name,
                f"{symbol_of(facts, sold)} to {symbol_of(facts, bought)}",
                before=0,
                after=round_up(share(given - received, given)),
                limit=self._limit(facts, sold, bought),
                render=format_ratio,
                message="The largest loss that the swap accepts against the oracle",
                advice="raise its least return, or trade less",
            )
        if not swaps:
            yield kept(self.name, "", "The batch swaps nothing.")

    def _limit(self, facts: PolicyFacts, sold: Address, bought: Address) -> int:
        given, received = token_at(facts, sold), token_at(facts, bought)
        if given is None or received is None or received in self.limits.exits(facts.prices):
            return self._max
        return self.limits.for_sale(given.symbol, price_of(facts, given))

    def _deposit(self, facts: PolicyFacts, subject: str, decoded: DecodedCall) -> RuleReport:
        return at_most(
            self.name,
            subject,
            before=0,
            after=max(round_up(worst_loss(facts, decoded) * WAD), 0),
            limit=self._max,
            render=format_ratio,
            message="The largest loss of the deposit against the oracle that its minimums accept",
            advice="raise its minimums, or wait until pool and oracle agree",
        )


def _value(facts: PolicyFacts, address: Address, units: int) -> Fraction:
    token = token_at(facts, address)
    if token is None:
        raise Refused("a swap of a token that is not configured has no price", value=address)
    return exact_value(units, token, price_of(facts, token))
