"""The field types of this package's settings (those that plugins share are in `dao_bot.fields`)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainValidator, ValidationInfo, WithJsonSchema

from dao_bot.config.cron import check_cron
from dao_bot.config.references import SecretReference, parse_reference
from dao_bot.config.urls import RpcUrl, StoreUrl, parse_rpc_url, parse_store_url
from dao_bot.config.values import (
    Finality,
    check_label,
    check_name,
    check_not_zero,
    check_symbol,
    parse_finality,
    parse_flag,
    parse_gas_price,
)
from dao_bot.domain.errors import BadInput
from dao_bot.fields import AddressField


def _raising_value_errors(parse: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def validate(value: Any) -> Any:
        try:
            return parse(value)
        except BadInput as error:
            raise ValueError(str(error)) from None

    return validate


def _checked(check: Callable[[str], str]) -> AfterValidator:
    return AfterValidator(_raising_value_errors(check))


def _parsed(parse: Callable[[object], object]) -> BeforeValidator:
    return BeforeValidator(_raising_value_errors(parse))


def _plain(parse: Callable[[object], object]) -> PlainValidator:
    return PlainValidator(_raising_value_errors(parse))


def _relative(parse: Callable[[object, Path], object]) -> PlainValidator:
    """Paths start in the directory of the configuration file, which the validation context names."""

    def validate(value: Any, info: ValidationInfo) -> Any:
        directory = info.context.get("directory") if isinstance(info.context, dict) else None
        return _raising_value_errors(lambda text: parse(text, directory or Path()))(value)

    return PlainValidator(validate)


def _text(description: str, example: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "description": description, "examples": [example]})


SecretField = Annotated[
    SecretReference, _relative(parse_reference), _text("a reference to a secret", "env:DAO_BOT_KEEPER_KEY")
]
RpcUrlField = Annotated[RpcUrl, _relative(parse_rpc_url), _text("a URL, or a reference to one", "env:RPC_URL")]
StoreUrlField = Annotated[
    StoreUrl, _relative(parse_store_url), _text("a database's URL, or a reference to one", "sqlite:///dao-bot.sqlite3")
]
FinalityField = Annotated[Finality, _plain(parse_finality), _text("a number of blocks, or `finalized`", "64 blocks")]
GasPriceField = Annotated[int, _parsed(parse_gas_price), _text("a price of gas", "30 gwei")]
CronField = Annotated[str, _checked(check_cron), _text("a cron expression in UTC", "0 */6 * * *")]
FlagField = Annotated[bool, _parsed(parse_flag), _text("true or false", "true")]
NameField = Annotated[str, _checked(check_name), _text("a name of lower-case letters, digits, - and _", "reserve")]
SymbolField = Annotated[str, _checked(check_symbol), _text("a token's symbol", "USDC")]
LabelField = Annotated[str, _checked(check_label), _text("a short text", "Operations multisig")]
ContractField = Annotated[AddressField, _checked(check_not_zero)]
