from __future__ import annotations

import pytest
from eth_abi.abi import encode
from hypothesis import given
from hypothesis import strategies as st

from dao_bot.chain.abi import function
from dao_bot.chain.reverts import explain_revert
from dao_bot.chain.safe_codes import SAFE_CODES

ERROR = bytes.fromhex("08c379a0")
PANIC = bytes.fromhex("4e487b71")


def error(text: str) -> bytes:
    return ERROR + encode(["string"], [text])


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "without a reason"),
        (error("GS026"), "a signature is not by an owner"),
        (error("GS999"), r"unknown error of the Safe \(GS999\)"),
        (error("Too little received"), "less than its minimum"),
        (error("STF"), "could not be taken from the payer"),
        (error("ds-math-sub-underflow"), 'it says "ds-math-sub-underflow"'),
        (error("bell\x07 \u202e"), r'"bell\? \?"'),
        (PANIC + encode(["uint256"], [0x11]), r"overflow or underflow \(panic 0x11\)"),
        (PANIC + encode(["uint256"], [0x99]), "unknown panic"),
        (PANIC + b"\1", "does not decode"),
        (ERROR + b"\xff" * 64, "does not decode"),
        (b"\1\2\3\4" + b"\0" * 32, "not known here: 0x01020304"),
        (b"\1", "not known here: 0x01"),
    ],
)
def test_revert_data_is_told_in_words(data: bytes, words: str) -> None:
    import re

    assert re.search(words, explain_revert(data)), explain_revert(data)


def test_a_custom_error_is_told_with_its_values() -> None:
    known = function("ERC20InsufficientBalance(address,uint256,uint256)")
    told = explain_revert(known.encode("0x" + "11" * 20, 5, 7))
    assert told == "ERC20InsufficientBalance(0x1111111111111111111111111111111111111111, 5, 7)"


@given(st.binary(max_size=300))
def test_any_bytes_are_told_in_one_short_line(data: bytes) -> None:
    for prefix in (b"", ERROR, PANIC):
        told = explain_revert(prefix + data)
        assert told.isprintable()
        assert len(told) < 600


def test_every_code_of_the_safe_is_in_words() -> None:
    assert len(SAFE_CODES) >= 30
    assert all(" " in meaning for meaning in SAFE_CODES.values())
