"""What a person states about the market that a backtest plays in; the rest is measured, from files of candles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from dao_bot.backtest.feeds import FeedRules
from dao_bot.backtest.paths import Stated
from dao_bot.config.fields import GasPriceField, NameField
from dao_bot.domain.errors import BadInput
from dao_bot.domain.units import WAD, parse_usd
from dao_bot.fields import AddressField, DurationField, IntField, RatioField, Settings, TokenField, UsdField
from dao_bot.market.history_settings import HistoryFile
from dao_bot.market.pair import PairField

_GWEI = 10**9


def _price(value: Any) -> Any:
    """`1 USD` states a price, `USDT/USDC` names the pair that tells it."""
    if isinstance(value, str) and value.strip().endswith("USD") and "/" not in value:
        try:
            return Stated(parse_usd(value))
        except BadInput as error:
            raise ValueError(str(error)) from error
    return value


PriceField = Annotated[
    Stated | PairField,
    BeforeValidator(_price),
    WithJsonSchema({"type": "string", "description": "a price or a pair", "examples": ["1 USD", "USDT/USDC"]}),
]
"""`1 USD`, stated and the same for ever, or a pair with candles such as `USDT/USDC` or `ETH/USD`."""


class FeedSettings(Settings):
    """How the price feeds answer."""

    deviation: RatioField = Field(
        default=25 * WAD // 10_000, gt=0, description="a feed answers anew when its price moved by as much"
    )
    heartbeat: DurationField = Field(default=86_400, gt=0, description="and at the latest after this time")

    @property
    def rules(self) -> FeedRules:
        return FeedRules(self.deviation, self.heartbeat)


class PoolFile(Settings):
    """What was recorded of a Uniswap v3 pool, in a Parquet file with one row for each stretch of time."""

    path: str = Field(min_length=1, description="a .parquet file; relative paths start at this file")
    time: str = Field(default="timestamp", description="column of the times, which must be UTC")
    interval: DurationField = Field(default=60, gt=0, description="length of a stretch")
    stamp: Literal["open", "close"] = Field(
        default="open", description="whether the time is that of the stretch's beginning or of its end"
    )
    liquidity: str = Field(default="currentLiquidity", description="column of the active range's liquidity at its end")


class PoolStatesFile(PoolFile):
    """Recorded liquidity of the pool."""

    max_age: DurationField = Field(default=3_600, gt=0, description="a state that is older counts for nothing")


class BookFile(Settings):
    """Recorded order books of the pair, in a Parquet file with one row for each level of each snapshot."""

    path: str = Field(min_length=1, description="a .parquet file; relative paths start at this file")
    time: str = Field(default="time", description="column of the snapshots' times, which must be UTC")
    side: str = Field(default="side", description="column that says bid or ask")
    price: str = Field(default="price", description="column of prices, of the pair in the order that `depths` names")
    size: str = Field(default="size", description="column of sizes, in whole tokens of the pair's first symbol")
    max_age: DurationField = Field(default=3_600, gt=0, description="a snapshot that is older counts for nothing")


class PoolTradesFile(PoolFile):
    """What others did in the pool."""

    paid_in: tuple[str, str] = Field(
        default=("inAmount0", "inAmount1"),
        description="columns of the base units that traders paid in, in the order in which `trading` names the tokens",
    )


class TradingSettings(Settings):
    """What others do in a pool, of which the fees of own positions follow: one of both."""

    volume: UsdField | None = Field(
        default=None, gt=0, description="traded in a day, at all times; the pool's depth is then the stated one"
    )
    file: PoolTradesFile | None = Field(default=None, description="recorded trades and liquidity of the very pool")

    @model_validator(mode="after")
    def _one_of_both(self) -> TradingSettings:
        if (self.volume is None) == (self.file is None):
            raise ValueError("write either `volume` or `file`")
        return self


class DepthSettings(Settings):
    """How deep a pool is: one of these."""

    usd: UsdField | None = Field(
        default=None, gt=0, description="what can be sold until the price is 1 % worse, at every moment"
    )
    states: PoolStatesFile | None = Field(default=None, description="recorded liquidity of the very pool")
    book: BookFile | None = Field(default=None, description="recorded order books of an exchange")

    @model_validator(mode="after")
    def _one(self) -> DepthSettings:
        if sum(each is not None for each in (self.usd, self.states, self.book)) != 1:
            raise ValueError("write one of `usd`, `states` and `book`")
        return self


class SupplySettings(Settings):
    """How many of a token exist, for strategies that ask; the treasury's own burns are taken off."""

    total: str = Field(description="whole tokens")
    holders: Mapping[AddressField, str] = Field(
        default={}, description="whole tokens of each holder but the treasury, the same at all times"
    )


class RunwaySettings(Settings):
    """What the treasury must be able to pay, for the measures; strategies have parameters of their own."""

    monthly_burn: UsdField = Field(gt=0, description="what is spent in a month")
    commitments: UsdField = Field(default=0, ge=0, description="what is owed besides")
    months: IntField = Field(default=0, ge=0, description="months that must always be covered")
    haircuts: Mapping[TokenField, RatioField] = Field(
        default={}, description="what is taken off a token's value, 100 % for what cannot pay a bill"
    )


class MarketSettings(Settings):
    """One market, in one file beside strategies.yaml."""

    start: Mapping[TokenField, str] = Field(
        min_length=1, description="whole tokens that the treasury holds at the beginning, such as 300000"
    )
    prices: Mapping[TokenField, PriceField] = Field(
        min_length=1, description="for each token (and the native coin) where its price in US dollars comes from"
    )
    files: tuple[HistoryFile, ...] = Field(default=(), description="candles, as under `history` in strategies.yaml")
    marks: DurationField = Field(
        default=300, ge=0, description="a price is the median of the closes of this time, so that no single trade is it"
    )
    feeds: FeedSettings = Field(default=FeedSettings(), description="how price feeds of strategies.yaml answer")
    depth: DepthSettings = Field(
        default=DepthSettings.model_validate({"usd": "5M USD"}),
        description="how deep every pool is that `depths` does not name",
    )
    depths: Mapping[str, DepthSettings] = Field(
        default={}, description="how deep single pools are, by their tokens and fee, such as USDC/USDT 100"
    )
    trading: Mapping[str, TradingSettings] = Field(
        default={},
        description="what others trade in single pools, such as DAO/WETH 3000; own liquidity can be provided in these",
    )
    recovery: DurationField = Field(
        default=3_600, gt=0, description="time in which arbitrage takes back all but 37 % of what a trade moved"
    )
    gas_price: GasPriceField = Field(default=20 * _GWEI, description="price of gas, at all times")
    delay: DurationField = Field(
        default=3_600, ge=0, description="from a decision to its execution: people read and sign"
    )
    supply: Mapping[TokenField, SupplySettings] = Field(
        default={}, description="how many tokens exist, and who has them"
    )
    events: Mapping[NameField, str] = Field(
        default={},
        description="for each stream of strategies.yaml a Parquet file of its events, or a directory of them",
    )
    runway: RunwaySettings | None = Field(default=None, description="what the treasury must be able to pay")

    @model_validator(mode="after")
    def _one_file_a_pair(self) -> MarketSettings:
        pairs = [file.pair for file in self.files]
        twice = sorted({pair for pair in pairs if pairs.count(pair) > 1})
        if twice:
            raise ValueError(f"files: two files for the pair {', '.join(twice)}")
        return self
