"""Prices from the time-weighted price of a Uniswap v3 pool against another token."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from pydantic import Field

from dao_bot.chain.plan import Answer, Read
from dao_bot.chain.provider import ReadContext, Treasury
from dao_bot.domain.errors import BadInput
from dao_bot.domain.needs import Need, PoolPrices
from dao_bot.domain.prices import PoolPrice
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD
from dao_bot.fields import IntField, Settings, TokenField
from dao_bot.market.port import Reading

_VENUE = "uniswap_v3"
_WAD_OF_FEE_UNIT = 10**12
_POOLS = PoolPrices()


class UniswapV3TwapSettings(Settings):
    """The time-weighted price of a pool that is configured under `protocols.uniswap_v3`, over the window set there."""

    against: TokenField = Field(
        description="the pool's other token; its first source that is in US dollars turns the price into dollars"
    )
    fee: IntField = Field(gt=0, lt=1_000_000, description="the pool's fee in hundredths of a basis point, such as 500")


class UniswapV3Twap:
    """A price that costs an attacker the whole window to move. Its age is its window."""

    name: ClassVar[str] = "uniswap_v3_twap"
    Settings: ClassVar[type[UniswapV3TwapSettings]] = UniswapV3TwapSettings

    def __init__(self, settings: UniswapV3TwapSettings, token: Token, treasury: Treasury) -> None:
        against = treasury.tokens.get(settings.against)
        if against is None or against == token:
            raise BadInput(
                f"{token.symbol} cannot be priced against this token",
                value=settings.against,
                limit=", ".join(sorted(set(treasury.tokens) - {token.symbol})),
            )
        self._token = token
        self._against = against
        self._fee = settings.fee
        self._label = f"{self.name} {token.symbol}/{against.symbol} {settings.fee}"

    @property
    def against(self) -> Token | None:
        return self._against

    @property
    def requires(self) -> tuple[Need[Any], ...]:
        return (_POOLS,)

    def reads(self) -> Sequence[Read]:
        return ()

    def interpret(self, answers: Sequence[Answer], context: ReadContext) -> Reading:
        pool = next((pool for pool in context.seen[_POOLS] if self._is_mine(pool)), None)
        if pool is None:
            return self._unusable("there is no such pool under protocols.uniswap_v3.pools")
        if pool.twap is None:
            return self._unusable("; ".join(pool.problems) or "the pool has no time-weighted price")
        price = pool.twap if pool.base == self._token else WAD * WAD // pool.twap if pool.twap else 0
        if price == 0:
            return self._unusable("the pool's price is too far from one to be told in 18 decimals")
        now = context.block.timestamp
        return Reading(
            self._label,
            price,
            at=now - pool.window,
            max_age=pool.window,
            against=self._against,
        )

    def _is_mine(self, pool: PoolPrice) -> bool:
        same_pair = {pool.base, pool.quote} == {self._token, self._against}
        return pool.venue == _VENUE and same_pair and pool.fee == self._fee * _WAD_OF_FEE_UNIT

    def _unusable(self, what: str) -> Reading:
        return Reading(self._label, against=self._against, problem=f"{self._label}: {what}")
