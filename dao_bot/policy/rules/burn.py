"""Only named tokens are burned, up to a stated value, and never more than the same batch buys."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import Field

from dao_bot.domain.addresses import Address
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import format_units, format_usd
from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import Settings, TokenField, UsdField
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.movements import burned, call_outflows, least_bought
from dao_bot.policy.report import at_most, broken, kept
from dao_bot.policy.valuation import exact_value, price_of, round_up
from dao_bot.policy.words import symbol_of, token_at


class BurnParams(Settings):
    """Parameters of the rule `burn`."""

    tokens: Mapping[TokenField, UsdField] = Field(
        default={},
        description="largest value that one batch may burn, by symbol; all others never",
    )


class Burn:
    """Mandatory, because what is burned is gone and has no recipient whom another rule could check.

    What may be burned must have been bought before in the same batch, counted with the least that its swaps may
    return, and the batch may not give it away as well: the stock of the treasury cannot be destroyed, whatever a
    strategy decides.
    """

    name: ClassVar[str] = "burn"
    Params: ClassVar[type[Settings]] = BurnParams

    def __init__(self, params: BurnParams) -> None:
        self._tokens = params.tokens

    def check(self, facts: PolicyFacts) -> Iterator[RuleReport]:
        destroyed = burned(facts)
        for address, units in destroyed.items():
            token = token_at(facts, address)
            if token is None or token.symbol not in self._tokens:
                message = "It may not be burned; name it in the rule `burn` if the stewards want that."
                yield broken(self.name, symbol_of(facts, address), message, after=str(units), limit="0")
            else:
                yield from self._token(facts, token, address, units)
        if not destroyed:
            yield kept(self.name, "", "The batch burns nothing.")

    def _token(self, facts: PolicyFacts, token: Token, address: Address, units: int) -> Iterator[RuleReport]:
        yield at_most(
            self.name,
            f"{token.symbol} in one batch",
            before=0,
            after=round_up(exact_value(units, token, price_of(facts, token))),
            limit=self._tokens[token.symbol],
            render=format_usd,
            message=f"Value of {token.symbol} that is burned",
            advice="burn less",
        )
        yield at_most(
            self.name,
            f"{token.symbol} against what is bought",
            before=0,
            after=sum(call_outflows(decoded).get(address, 0) for decoded in facts.decoded),
            limit=least_bought(facts, address),
            render=lambda value: f"{format_units(value, token.decimals)} {token.symbol}",
            message=f"{token.symbol} that is burned or leaves, against the least that the swaps before it return",
            advice="burn no more than the batch buys",
        )
