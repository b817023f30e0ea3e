"""Prices from the order books of exchanges: halfway between the best bid and the best ask."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field

from dao_bot.cards.text import duration
from dao_bot.chain.plan import Answer, Read
from dao_bot.chain.provider import ReadContext, Treasury
from dao_bot.domain.errors import BadInput, SourceUnavailable
from dao_bot.domain.needs import Need
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD, format_ratio
from dao_bot.fields import DurationField, RatioField, TokenField
from dao_bot.market.exchange import exchange_of
from dao_bot.market.exchange_settings import ExchangeSettings
from dao_bot.market.pair import PairField
from dao_bot.market.port import Reading


class ExchangePriceSettings(ExchangeSettings):
    """The price of one market of an exchange; in dollars, or in another token that has a source in dollars."""

    market: PairField = Field(description="the exchange's name of the market, the token first, such as USDC/USD")
    against: TokenField | None = Field(
        default=None,
        description="the configured token that the market is quoted in; without it the market is quoted in USD",
    )
    max_age: DurationField = Field(gt=0, description="a price older than that counts for nothing")
    max_spread: RatioField = Field(
        default=WAD // 100, gt=0, description="between bid and ask; a market that is wider is not believed"
    )


class ExchangePrice:
    """The best bid and ask of one market. A single trade far from the market does not move it."""

    name: ClassVar[str] = "exchange"
    Settings: ClassVar[type[ExchangePriceSettings]] = ExchangePriceSettings

    def __init__(self, settings: ExchangePriceSettings, token: Token, treasury: Treasury) -> None:
        self._settings = settings
        self._label = f"{settings.exchange} {settings.market}"
        self._against = None if settings.against is None else treasury.tokens.get(settings.against)
        if settings.against is not None and (self._against is None or self._against == token):
            raise BadInput(
                f"{token.symbol} cannot be priced against this token",
                value=settings.against,
                limit=", ".join(sorted(set(treasury.tokens) - {token.symbol})),
            )
        if settings.against is None and not settings.market.endswith("/USD"):
            raise BadInput(
                f"the market {settings.market} is not quoted in USD",
                limit=".../USD, or the token that it is quoted in under `against`",
            )

    @property
    def against(self) -> Token | None:
        return self._against

    @property
    def requires(self) -> tuple[Need[Any], ...]:
        return ()

    def reads(self) -> Sequence[Read]:
        """Nothing: the exchange is asked in `interpret`."""
        return ()

    def interpret(self, answers: Sequence[Answer], context: ReadContext) -> Reading:
        """Asks the exchange. What it answers in the first moments after the pinned block counts as of that block."""
        try:
            ticker = exchange_of(self._settings).ticker(self._settings.market)
        except (BadInput, SourceUnavailable) as error:
            return self._unusable(str(error).rstrip("."))
        if ticker.spread > self._settings.max_spread:
            apart, limit = format_ratio(ticker.spread), format_ratio(self._settings.max_spread)
            return self._unusable(f"{self._label}: bid and ask are {apart} apart, more than {limit}")
        if ticker.mid == 0:
            return self._unusable(f"{self._label}: the price is too small to be told in 18 decimals")
        now, max_age = context.block.timestamp, self._settings.max_age
        if ticker.at > now + max_age:
            ahead = duration(ticker.at - now)
            return self._unusable(f"{self._label} answers {ahead} after the pinned block, which is too old for it")
        return Reading(self._label, ticker.mid, min(ticker.at, now), max_age, self._against)

    def _unusable(self, problem: str) -> Reading:
        return Reading(self._label, against=self._against, problem=problem)
