from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dao_bot.chain import hexes
from dao_bot.domain.errors import RpcUnavailable


@given(st.integers(0, 2**256 - 1))
def test_every_quantity_comes_back(number: int) -> None:
    assert hexes.quantity(hexes.to_quantity(number), "a number") == number


@given(st.binary(max_size=100))
def test_all_data_comes_back(raw: bytes) -> None:
    assert hexes.data(hexes.to_data(raw), "bytes") == raw


@pytest.mark.parametrize(
    "value",
    ["", "0x", "0x00", "0x01", "1", 1, 1.0, None, True, "0xg", "0x-1", " 0x1", "0x1\n", "0x1 ", "0X1", "0x" + "f" * 65],
)
def test_what_is_no_quantity_is_refused(value: object) -> None:
    with pytest.raises(RpcUnavailable, match="nonsense for the number"):
        hexes.quantity(value, "the number")


@pytest.mark.parametrize("value", ["", "0", "0x1", "0xzz", "0x 00", "0x00 ", "0x0 0", "0X00", None, b"0x00", 0, "00"])
def test_what_is_no_data_is_refused(value: object) -> None:
    with pytest.raises(RpcUnavailable, match="nonsense for the bytes"):
        hexes.data(value, "the bytes")


def test_data_of_another_length_is_refused() -> None:
    with pytest.raises(RpcUnavailable, match="32 bytes"):
        hexes.hash32("0x" + "00" * 31, "a hash")


def test_addresses_are_checksummed_because_nodes_answer_in_lowercase() -> None:
    lower = "0xd8da6bf26964af9d7eed9e03e53415d37aa96045"
    assert hexes.address(lower, "an address") == "0xd8dA6BF26964aF9D7eEd9e03E53415D37aA96045"


def test_a_long_value_is_cut_in_the_error() -> None:
    with pytest.raises(RpcUnavailable) as caught:
        hexes.quantity("x" * 10**6, "a number")
    assert len(str(caught.value)) < 500
