"""Prices from feeds with Chainlink's AggregatorV3Interface."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field, model_validator

from dao_bot.chain.plan import Answer, Read
from dao_bot.chain.provider import ReadContext, Treasury
from dao_bot.domain.addresses import Address
from dao_bot.domain.needs import Need
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD, format_usd
from dao_bot.fields import AddressField, DurationField, Settings, UsdField
from dao_bot.market.port import Reading

_LATEST_ROUND_DATA = bytes.fromhex("feaf968c")
_DECIMALS = bytes.fromhex("313ce567")
_WORD = 32
_ROUND_WORDS = 5
_MOST_DECIMALS = 36


class ChainlinkSettings(Settings):
    """A feed with Chainlink's interface, of one token's price in US dollars."""

    feed: AddressField = Field(description="the feed's proxy")
    heartbeat: DurationField = Field(
        gt=0, description="longest time between two answers, as the feed's operator states it, and some slack"
    )
    min: UsdField = Field(
        gt=0, description="an answer at or below it is not believed; above the bound at which the feed itself is held"
    )
    max: UsdField = Field(gt=0, description="an answer at or above it is not believed")

    @model_validator(mode="after")
    def _bounds_in_order(self) -> ChainlinkSettings:
        if self.min >= self.max:
            raise ValueError(f"min ({format_usd(self.min)}) must be below max ({format_usd(self.max)})")
        return self


@dataclass(frozen=True, slots=True)
class _Round:
    """`latestRoundData()`: the answer is signed, times are epoch seconds."""

    round_id: int
    answer: int
    updated_at: int
    answered_in_round: int

    @classmethod
    def parse(cls, data: bytes) -> _Round:
        words = [data[start : start + _WORD] for start in range(0, len(data), _WORD)]
        unsigned = [int.from_bytes(word, "big") for word in words]
        return cls(
            unsigned[0],
            int.from_bytes(words[1], "big", signed=True),
            unsigned[3],
            unsigned[4],
        )


class ChainlinkFeed:
    """The latest answer of one feed, believed only when it is complete, positive, and inside its bounds."""

    name: ClassVar[str] = "chainlink"
    Settings: ClassVar[type[ChainlinkSettings]] = ChainlinkSettings

    def __init__(self, settings: ChainlinkSettings, token: Token, treasury: Treasury) -> None:
        self._settings = settings
        self._label = f"chainlink {settings.feed}"

    @property
    def against(self) -> Token | None:
        return None

    @property
    def requires(self) -> tuple[Need[Any], ...]:
        return ()

    def reads(self) -> Sequence[Read]:
        feed = Address(self._settings.feed)
        return (Read(feed, _LATEST_ROUND_DATA), Read(feed, _DECIMALS))

    def interpret(self, answers: Sequence[Answer], context: ReadContext) -> Reading:
        latest, decimals = answers
        if not latest.success or len(latest.data) != _ROUND_WORDS * _WORD:
            return self._unusable("does not answer latestRoundData as a feed does")
        if not decimals.success or len(decimals.data) != _WORD:
            return self._unusable("does not tell its decimals")
        places = int.from_bytes(decimals.data, "big")
        if places > _MOST_DECIMALS:
            return self._unusable(f"claims {places} decimals, more than {_MOST_DECIMALS}")
        answered = _Round.parse(latest.data)
        if answered.answer <= 0:
            return self._unusable(f"answers {answered.answer}, which is no price")
        price = answered.answer * WAD // int(10**places)
        doubt = self._doubt(answered, price)
        if doubt:
            return self._unusable(doubt)
        return Reading(self._label, price, at=answered.updated_at, max_age=self._settings.heartbeat)

    def _doubt(self, answered: _Round, price: int) -> str | None:
        if answered.round_id == 0 or answered.updated_at == 0:
            return "has no complete round"
        if answered.answered_in_round < answered.round_id:
            return "carries an answer of an older round"
        low, high = self._settings.min, self._settings.max
        if not low < price < high:
            bounds = f"{format_usd(low)} and {format_usd(high)}"
            return f"says {format_usd(price, 6)}, not between {bounds}"
        return None

    def _unusable(self, what: str) -> Reading:
        return Reading(self._label, problem=f"{self._label} {what}")
