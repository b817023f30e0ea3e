"""What strategies.yaml says about price history."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, StrictBool, WithJsonSchema, model_validator

from dao_bot.fields import DurationField, Settings
from dao_bot.market.exchange_settings import ExchangeCandles
from dao_bot.market.pair import PairField

_MOMENT = re.compile(r"(\d{4}-\d{2}-\d{2}) (\d{2}:\d{2}(?::\d{2})?) UTC")


def _moment(value: object) -> int:
    if isinstance(value, str) and (match := _MOMENT.fullmatch(value)):
        try:
            return int(datetime.fromisoformat(f"{match[1]}T{match[2]}+00:00").timestamp())
        except ValueError:
            pass
    raise ValueError("not a moment: a date, a time and UTC are expected, such as 2022-05-12 08:00 UTC")


MomentField = Annotated[
    int,
    BeforeValidator(_moment),
    WithJsonSchema({"type": "string", "description": "a moment", "examples": ["2022-05-12 08:00 UTC"]}),
]
"""`2022-05-12 08:00 UTC`; epoch seconds."""


class CandleColumns(Settings):
    """Names of the columns of a file. Without `high` and `low` the close stands for them."""

    time: str = Field(default="time", description="when the candle opened or closed, see `stamp`")
    close: str = Field(default="close", description="last price")
    high: str | None = Field(default="high", description="highest price, or null")
    low: str | None = Field(default="low", description="lowest price, or null")
    volume: str | None = Field(default="volume", description="volume in units of the pair's first symbol, or null")


class HistoryFile(Settings):
    """Candles of one pair in a Parquet or CSV file."""

    path: str = Field(min_length=1, description="a .parquet or .csv file; relative paths start at the configuration")
    pair: PairField = Field(description="the pair that the prices are of, such as USDC/USDT")
    rows: Mapping[str, str] = Field(default={}, description="only rows in which these columns have these values")
    columns: CandleColumns = Field(default=CandleColumns(), description="names of the columns")
    interval: DurationField = Field(gt=0, description="length of one candle in the file")
    stamp: Literal["open", "close"] = Field(description="whether the time is that of the candle's open or of its close")
    time_zone: Literal["UTC"] | None = Field(
        default=None, description="UTC, for times that carry no zone; without this they are refused"
    )
    epoch: Literal["s", "ms"] | None = Field(
        default=None, description="unit of times that are numbers, counted from 1970; without this they are refused"
    )
    invert: StrictBool = Field(default=False, description="the file's prices are those of the pair turned round")


class HistorySettings(Settings):
    """Where candles come from."""

    files: tuple[HistoryFile, ...] = Field(default=(), description="one entry for each pair")
    exchanges: tuple[ExchangeCandles, ...] = Field(default=(), description="one entry for each pair not in a file")
    as_of: MomentField | None = Field(
        default=None,
        description="for a replay: candles are read as if the present were this moment; never in mode live",
    )

    @model_validator(mode="after")
    def _one_source_a_pair(self) -> HistorySettings:
        pairs = [*(file.pair for file in self.files), *(candles.pair for candles in self.exchanges)]
        twice = sorted({pair for pair in pairs if pairs.count(pair) > 1})
        if twice:
            raise ValueError(f"two sources for the pair {', '.join(twice)}")
        return self
