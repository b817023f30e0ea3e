"""The types of settings that people write in strategies.yaml: ratios, money, durations, addresses, references."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, ValidationInfo, WithJsonSchema

from dao_bot.domain.addresses import parse_address
from dao_bot.domain.errors import BadInput
from dao_bot.domain.units import parse_duration, parse_ratio, parse_usd
from dao_bot.suggest import did_you_mean

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,77})")
_HASH = re.compile(r"0x[0-9a-f]{64}")


def _parsed(parse: Callable[[Any], Any]) -> BeforeValidator:
    def validate(value: Any) -> Any:
        try:
            return parse(value)
        except BadInput as error:
            raise ValueError(str(error)) from error

    return BeforeValidator(validate)


def _text(description: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "description": description, "examples": [example]})


def _parse_whole(value: Any) -> int:
    """Only digits: in YAML `010`, `1e3`, `0x10` and `1_000` are different numbers for different readers."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str) and _WHOLE.fullmatch(value):
        return int(value)
    raise BadInput("not a whole number", value=repr(value), limit="digits without a leading zero, such as 10")


def _known_token(symbol: str, info: ValidationInfo) -> str:
    """Checked where the reader of the configuration says which tokens there are."""
    known = info.context.get("tokens") if isinstance(info.context, dict) else None
    if known is not None and symbol not in known:
        raise ValueError(f"there is no token `{symbol}` under treasury.tokens. {did_you_mean(symbol, known)}".strip())
    return symbol


def _code_hash(value: str) -> str:
    lowered = value.lower()
    if not _HASH.fullmatch(lowered):
        raise ValueError("not a code hash: 0x and 64 hex digits are expected")
    return lowered


IntField = Annotated[int, _parsed(_parse_whole), _text("a whole number", "10")]
"""`10`; never `010`, `1e1`, `0xa` or `1_0`."""

TokenField = Annotated[str, AfterValidator(_known_token), _text("the symbol of a configured token", "USDC")]
"""A key of `treasury.tokens`; an unknown one is an error, because a limit on a misspelt token would never bind."""

RatioField = Annotated[int, _parsed(parse_ratio), _text("a ratio", "12.5%")]
"""`12.5%` or `50bps`; a WAD int."""

UsdField = Annotated[int, _parsed(parse_usd), _text("an amount of money", "250000 USD")]
"""`250000 USD`; a WAD int."""

DurationField = Annotated[int, _parsed(parse_duration), _text("a duration", "1h 30m")]
"""`1h 30m`; whole seconds."""

CodeHashField = Annotated[str, AfterValidator(_code_hash)]
"""Keccak-256 of a contract's runtime code, 0x-hex."""

AddressField = Annotated[str, _parsed(parse_address), _text("an address", "0x…")]
"""A checksummed address."""


class Settings(BaseModel):
    """Base of every settings model: immutable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=False, validate_default=False, allow_inf_nan=False)
