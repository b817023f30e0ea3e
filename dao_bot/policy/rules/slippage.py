"""The least that a swap may return, which stands in its bytes, is worth nearly what it sells."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import ClassVar

from pydantic import Field

from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import DecodedCall
from dao_bot.domain.errors import Refused
from dao_bot.domain.units import WAD, format_ratio
from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import RatioField, Settings
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.liquidity import worst_loss
from dao_bot.policy.report import at_most, broken, kept
from dao_bot.policy.valuation import exact_value, price_of, round_up, share
from dao_bot.policy.words import call_subject, symbol_of, token_at


class SlippageParams(Settings):
    """Parameters of the rule `slippage`."""

    max: RatioField = Field(ge=0, le=WAD, description="largest loss of a swap against the oracle prices")


class Slippage:
    """Each swap by itself; what happens between approval and execution cannot make it worse than this.

    A deposit into a position counts with what its minimums let it lose. To take liquidity out loses nothing, because a
    position is worth least, at oracle prices, while its pool stands at them.
    """

    name: ClassVar[str] = "slippage"
    Params: ClassVar[type[Settings]] = SlippageParams

    def __init__(self, params: SlippageParams) -> None:
        self._max = params.max

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
                limit=self._max,
                render=format_ratio,
                message="The largest loss that the swap accepts against the oracle",
                advice="raise its least return, or trade less",
            )
        if not swaps:
            yield kept(self.name, "", "The batch swaps nothing.")

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
