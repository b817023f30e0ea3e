"""Every token that the batch touches or the treasury is measured in has a price that may be used."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from dao_bot.domain.prices import PriceQuote
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD, format_ratio, format_units
from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import IntField, RatioField, Settings, TokenField
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.movements import touched
from dao_bot.policy.report import at_most, broken, kept
from dao_bot.policy.words import token_at


class PriceQualityParams(Settings):
    """Parameters of the rule `price_quality`."""

    min_sources: IntField = Field(default=1, ge=1, description="least number of fresh sources for each price")
    max_deviation: RatioField | None = Field(
        default=None, ge=0, description="largest difference between two fresh sources of one token"
    )
    unvalued: tuple[TokenField, ...] = Field(
        default=(),
        description="tokens that count as worth nothing, so that they need no price as long as no batch touches them",
    )


class PriceQuality:
    """Checks the age of every source again, at the time of the pinned block.

    A token that the treasury holds needs a price as well, because shares and losses are measured on the whole; only
    hold-only and `unvalued` tokens, which then count as nothing, do not, as long as the batch leaves them alone.
    """

    name: ClassVar[str] = "price_quality"
    Params: ClassVar[type[Settings]] = PriceQualityParams

    def __init__(self, params: PriceQualityParams) -> None:
        self._params = params

    def check(self, facts: PolicyFacts) -> Iterator[RuleReport]:
        needed = list(self._needed(facts))
        unknown = sorted(address for address in touched(facts) if token_at(facts, address) is None)
        for address in unknown:
            yield broken(self.name, address, "The batch touches a token that is not configured, so it has no price.")
        for token in needed:
            yield from self._token(facts, token)
        if not needed and not unknown:
            yield kept(self.name, "", "The batch and the treasury need no price.")

    def _needed(self, facts: PolicyFacts) -> Iterator[Token]:
        moved = touched(facts)
        for token, units in facts.before.items():
            excused = token.address in facts.hold_only or token.symbol in self._params.unvalued
            if token.address in moved or (units > 0 and not excused):
                yield token

    def _token(self, facts: PolicyFacts, token: Token) -> Iterator[RuleReport]:
        price = facts.prices.get(token)
        if price is None or price.usd is None or price.usd <= 0:
            problems = "; ".join(price.problems) if price is not None else "no source is configured"
            message = f"There is no usable price: {problems or 'no source answered'}."
            yield broken(self.name, token.symbol, message, after="none")
            return
        fresh = [quote for quote in price.quotes if quote.usd > 0 and not quote.is_stale(facts.block.timestamp)]
        shown = f"{format_units(price.usd, 18, 4)} USD"
        if price.usd not in {quote.usd for quote in fresh}:
            message = "The price is not the answer of any fresh source."
            yield broken(self.name, token.symbol, message, after=shown)
        elif len(fresh) < self._params.min_sources:
            message = f"{len(fresh)} fresh sources, {self._params.min_sources} are needed; wait, or add a source."
            yield broken(self.name, token.symbol, message, after=shown, limit=f"{self._params.min_sources} sources")
        else:
            sources = ", ".join(quote.source for quote in fresh)
            yield kept(self.name, token.symbol, f"{shown} by {sources}.", after=shown)
        if self._params.max_deviation is not None and len(fresh) > 1:
            yield self._deviation(token, fresh, self._params.max_deviation)

    def _deviation(self, token: Token, fresh: list[PriceQuote], limit: int) -> RuleReport:
        lowest, highest = min(quote.usd for quote in fresh), max(quote.usd for quote in fresh)
        return at_most(
            self.name,
            f"{token.symbol} between sources",
            before=0,
            after=-(-(highest - lowest) * WAD // lowest),
            limit=limit,
            render=format_ratio,
            message="The largest difference between two sources",
            advice="wait until they agree, or find out which one is wrong",
        )
