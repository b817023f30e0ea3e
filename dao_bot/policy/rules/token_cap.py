"""A token is at most a stated share of the treasury."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from pydantic import Field

from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD
from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import RatioField, Settings, TokenField
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.share_cap import share_cap
from dao_bot.policy.valuation import Valuation, after_of, price_of, share, value_treasury
from dao_bot.policy.words import token_named


class TokenCapParams(Settings):
    """Parameters of the rule `token_cap`."""

    tokens: Mapping[TokenField, RatioField] = Field(min_length=1, description="largest share of value, by symbol")
    drift: RatioField = Field(
        default=WAD // 1000,
        ge=0,
        le=WAD,
        description="by how much the share of a token above its cap may rise through the cost of other moves",
    )


class TokenCap:
    """A batch may not take a token above its cap. One that is above already may not be bought.

    Its share may then rise only by `drift`, because every other move costs a little and makes the whole smaller.
    """

    name: ClassVar[str] = "token_cap"
    Params: ClassVar[type[Settings]] = TokenCapParams

    def __init__(self, params: TokenCapParams) -> None:
        self._tokens = params.tokens
        self._drift = params.drift

    def check(self, facts: PolicyFacts) -> Iterator[RuleReport]:
        valuation = value_treasury(facts)
        for symbol, cap in self._tokens.items():
            token = token_named(facts, symbol)
            price_of(facts, token)
            yield self._token(facts, valuation, token, cap)

    def _token(self, facts: PolicyFacts, valuation: Valuation, token: Token, cap: int) -> RuleReport:
        return share_cap(
            self.name,
            token.symbol,
            before=share(valuation.before[token], valuation.total_before),
            after=share(valuation.after[token], valuation.total_after),
            bought=after_of(facts).get(token, 0) > facts.before[token]
            and valuation.after[token] > valuation.before[token],
            cap=cap,
            drift=self._drift,
        )
