"""The types of settings that people write in strategies.yaml: ratios, money, durations, addresses, references."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, WithJsonSchema

from dao_bot.domain.addresses import parse_address
from dao_bot.domain.errors import BadInput
from dao_bot.domain.units import parse_duration, parse_ratio, parse_usd


def _parsed(parse: Callable[[Any], Any]) -> BeforeValidator:
    def validate(value: Any) -> Any:
        try:
            return parse(value)
        except BadInput as error:
            raise ValueError(str(error)) from error

    return BeforeValidator(validate)


def _text(description: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "description": description, "examples": [example]})


RatioField = Annotated[int, _parsed(parse_ratio), _text("a ratio", "12.5%")]
"""`12.5%` or `50bps`; a WAD int."""

UsdField = Annotated[int, _parsed(parse_usd), _text("an amount of money", "250000 USD")]
"""`250000 USD`; a WAD int."""

DurationField = Annotated[int, _parsed(parse_duration), _text("a duration", "1h 30m")]
"""`1h 30m`; whole seconds."""

AddressField = Annotated[str, _parsed(parse_address), _text("an address", "0x…")]
"""A checksummed address."""


class Settings(BaseModel):
    """Base of every settings model: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, validate_default=False)
