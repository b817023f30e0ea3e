"""Values mean one thing, whoever reads them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from dao_bot.config import values
from dao_bot.config.values import Finality
from dao_bot.domain.errors import BadInput
from dao_bot.domain.units import parse_duration, parse_ratio, parse_usd
from dao_bot.fields import IntField, Settings, TokenField


@pytest.mark.parametrize(("written", "number"), [("0", 0), ("10", 10), ("-3", -3), (7, 7), ("9" * 78, 10**78 - 1)])
def test_whole_number_is_plain_digits(written: Any, number: int) -> None:
    assert TypeAdapter(IntField).validate_python(written) == number


@pytest.mark.parametrize(
    "written", ["010", "1e3", "0x10", "0b1", "1_000", "1.0", " 1", "+1", "", "-", "٣", "9" * 79, 1.0, True, None, [1]]
)
def test_what_readers_take_for_different_numbers_is_refused(written: Any) -> None:
    with pytest.raises(ValidationError, match="not a whole number"):
        TypeAdapter(IntField).validate_python(written)


@pytest.mark.parametrize("parse", [parse_ratio, parse_usd, parse_duration])
@pytest.mark.parametrize("digits", ["٣", "𝟛", "३"])
def test_digits_of_other_scripts_are_not_read_as_numbers(parse: Callable[[str], int], digits: str) -> None:
    for unit in ("%", " USD", "h"):
        with pytest.raises(BadInput):
            parse(digits + unit)


class _Real(Settings):
    value: float


@pytest.mark.parametrize("written", ["nan", "inf", "-inf", "Infinity"])
def test_number_that_no_limit_can_be_compared_with_is_refused(written: str) -> None:
    with pytest.raises(ValidationError, match="finite"):
        _Real.model_validate({"value": written})


def test_token_is_checked_where_the_tokens_are_known() -> None:
    adapter = TypeAdapter(TokenField)
    assert adapter.validate_python("ANY") == "ANY"
    assert adapter.validate_python("USDC", context={"tokens": ("USDC",)}) == "USDC"
    with pytest.raises(ValidationError, match="there is no token `USCD` under treasury.tokens. Did you mean `USDC`?"):
        adapter.validate_python("USCD", context={"tokens": ("USDC",)})


@pytest.mark.parametrize(
    ("written", "blocks", "shown"),
    [("finalized", None, "finalized"), ("1 block", 1, "1 block"), ("64 blocks", 64, "64 blocks")],
)
def test_finality_is_a_tag_or_a_number_of_blocks(written: str, blocks: int | None, shown: str) -> None:
    assert values.parse_finality(written) == Finality(blocks)
    assert str(values.parse_finality(written)) == shown


@pytest.mark.parametrize("written", ["0 blocks", "blocks", "-1 blocks", "1.5 blocks", "64", "safe", "latest", None, 64])
def test_what_is_no_finality_is_refused(written: object) -> None:
    with pytest.raises(BadInput, match="not a finality"):
        values.parse_finality(written)


@pytest.mark.parametrize(
    ("written", "wei"),
    [("30 gwei", 30 * 10**9), ("0.05gwei", 5 * 10**7), ("1 wei", 1), ("1.000000001 gwei", 10**9 + 1)],
)
def test_gas_price_is_exact(written: str, wei: int) -> None:
    assert values.parse_gas_price(written) == wei


@pytest.mark.parametrize("written", ["30", "30 eth", "0 gwei", "0.0 gwei", "1.5 wei", "1e3 gwei", "-1 gwei", "", None])
def test_what_is_no_gas_price_is_refused(written: object) -> None:
    with pytest.raises(BadInput, match="price of gas"):
        values.parse_gas_price(written)


@pytest.mark.parametrize("name", ["reserve", "a", "two-owners", "s_1", "0x"])
def test_name_is_accepted(name: str) -> None:
    assert values.check_name(name) == name


@pytest.mark.parametrize("name", ["", "-a", "a-", "A", "a b", "a.b", "é", "a" * 49, "a\n"])
def test_what_is_no_name_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="not a name"):
        values.check_name(name)


@pytest.mark.parametrize("label", ["", " ", " a", "a ", "a\nb", "a\tb", "x" * 65, "\u202ea"])
def test_what_is_no_label_is_refused(label: str) -> None:
    with pytest.raises(BadInput, match="not a label"):
        values.check_label(label)


@pytest.mark.parametrize("symbol", ["", "US DC", "-USD", "U" * 25, "USDС\u200b", "a\nb"])
def test_what_is_no_symbol_is_refused(symbol: str) -> None:
    with pytest.raises(BadInput, match="not a symbol"):
        values.check_symbol(symbol)


@pytest.mark.parametrize("symbol", ["USDC", "USDC.e", "USD₮0", "aEthUSDC", "stETH+"])
def test_symbol_is_accepted(symbol: str) -> None:
    assert values.check_symbol(symbol) == symbol
