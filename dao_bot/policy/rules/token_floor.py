"""The treasury keeps at least a stated value of a token."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import Field

from dao_bot.domain.tokens import Token
from dao_bot.domain.units import format_usd
from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import Settings, TokenField, UsdField
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.report import at_least, kept
from dao_bot.policy.valuation import after_of, exact_value, price_of, round_down
from dao_bot.policy.words import token_named


class TokenFloorParams(Settings):
    """Parameters of the rule `token_floor`."""

    tokens: Mapping[TokenField, UsdField] = Field(min_length=1, description="least value to keep, by symbol")


class TokenFloor:
    """A batch may not take a token below its floor; a token that is below already may not become less."""

    name: ClassVar[str] = "token_floor"
    Params: ClassVar[type[Settings]] = TokenFloorParams

    def __init__(self, params: TokenFloorParams) -> None:
        self._tokens = params.tokens

    def check(self, facts: PolicyFacts) -> Iterator[RuleReport]:
        for symbol, floor in self._tokens.items():
            yield self._token(facts, token_named(facts, symbol), floor)

    def _token(self, facts: PolicyFacts, token: Token, floor: int) -> RuleReport:
        units_before, units_after = facts.before[token], after_of(facts).get(token, 0)
        price = price_of(facts, token)
        before = round_down(exact_value(units_before, token, price))
        after = round_down(exact_value(units_after, token, price))
        if after < floor and units_after >= units_before:
            return kept(
                self.name,
                token.symbol,
                f"Below its floor already; the batch does not take {token.symbol} away.",
                before=format_usd(before),
                after=format_usd(after),
                limit=f"at least {format_usd(floor)}",
            )
        return at_least(
            self.name,
            token.symbol,
            before=before,
            after=after,
            limit=floor,
            render=format_usd,
            message=f"Value of {token.symbol} that stays in the treasury",
            advice=f"sell less {token.symbol}",
        )
