"""What one issuer's failure could take is at most a stated share of the treasury, looked through wrappers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import ClassVar

from pydantic import Field

from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD
from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import RatioField, Settings, TokenField
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.share_cap import share_cap
from dao_bot.policy.valuation import price_of, share, value_treasury
from dao_bot.policy.words import token_named


class IssuerLimit(Settings):
    """One issuer's limit."""

    max: RatioField = Field(ge=0, le=WAD, description="largest share of the treasury's value")
    exposure: Mapping[TokenField, RatioField] = Field(
        min_length=1, description="by symbol, which part of a token's value this issuer's failure would take"
    )


class IssuerCapParams(Settings):
    """Parameters of the rule `issuer_cap`."""

    issuers: Mapping[str, IssuerLimit] = Field(min_length=1, description="limits by the issuer's name")
    drift: RatioField = Field(
        default=WAD // 1000,
        ge=0,
        le=WAD,
        description="by how much an exposure above its cap may rise through the cost of other moves",
    )


class IssuerCap:
    """As `token_cap`, for the sum of what depends on one issuer (USDC, what backs DAI, wrappers of both)."""

    name: ClassVar[str] = "issuer_cap"
    Params: ClassVar[type[Settings]] = IssuerCapParams

    def __init__(self, params: IssuerCapParams) -> None:
        self._issuers = params.issuers
        self._drift = params.drift

    def check(self, facts: PolicyFacts) -> Iterator[RuleReport]:
        valuation = value_treasury(facts)
        for issuer, limit in self._issuers.items():
            parts = {token_named(facts, symbol): part for symbol, part in limit.exposure.items()}
            for token in parts:
                price_of(facts, token)
            exposed_before, exposed_after = _exposure(valuation.before, parts), _exposure(valuation.after, parts)
            yield share_cap(
                self.name,
                issuer,
                before=share(exposed_before, valuation.total_before),
                after=share(exposed_after, valuation.total_after),
                bought=exposed_after > exposed_before,
                cap=limit.max,
                drift=self._drift,
            )


def _exposure(values: Mapping[Token, Fraction], parts: Mapping[Token, int]) -> Fraction:
    return sum((values[token] * part / WAD for token, part in parts.items()), Fraction(0))
