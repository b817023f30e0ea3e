"""A transaction file must name every field that is signed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dao_bot.domain.errors import BadInput
from dao_bot.safe.transaction import SafeTransaction
from dao_bot.safe.transaction_file import parse_transaction_file, write_transaction_file
from tests.unit.safe.samples import CHAIN_ID, HASH, SAFE, TRANSACTION

WRITTEN: dict[str, Any] = json.loads(write_transaction_file(CHAIN_ID, SAFE, TRANSACTION))


def parsed(**changes: Any) -> Any:
    return parse_transaction_file(json.dumps({**WRITTEN, **changes}).encode())


def test_an_answer_of_the_transaction_service_is_read() -> None:
    answer = parsed(chainId=None, data=None, gasToken=None, nonce=7, safeTxGas=0, confirmations=[{"owner": "x"}])
    assert answer.chain_id is None
    assert answer.transaction.data == b""
    assert answer.transaction.nonce == 7


def test_the_hash_is_written_and_read_but_only_as_a_statement() -> None:
    assert parsed().stated_hash == "0x" + HASH.hex()
    assert parsed(safeTxHash="0x" + "AB" * 32).stated_hash == "0x" + "ab" * 32


@pytest.mark.parametrize("key", ["safe", "to", "value", "operation", "safeTxGas", "baseGas", "gasPrice", "nonce"])
def test_a_missing_field_is_refused(key: str) -> None:
    with pytest.raises(BadInput, match=key):
        parsed(**{key: None})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"operation": 2}, "operation 2"),
        ({"operation": True}, "operation"),
        ({"value": "0x10"}, "no whole number"),
        ({"data": "hello"}, "no data"),
        ({"to": 5}, "no text `to`"),
        ({"safeTxHash": "0x12"}, "no hash"),
        ({"safe": WRITTEN["safe"].swapcase().replace("X", "x")}, "wrong checksum"),
    ],
)
def test_malformed_fields_are_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        parsed(**changes)


def test_numbers_beyond_256_bits_are_no_transaction() -> None:
    with pytest.raises(BadInput, match="out of range"):
        SafeTransaction(TRANSACTION.to, 2**256, b"", TRANSACTION.operation, 0)
