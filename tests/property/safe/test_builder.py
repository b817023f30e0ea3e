"""Batch files: calls survive them, and hostile ones are refused in words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Call
from dao_bot.domain.errors import DaoBotError
from dao_bot.safe.builder import parse_batch_file, write_batch_file
from dao_bot.safe.transaction import SafeTransaction
from dao_bot.safe.transaction_file import parse_transaction_file, write_transaction_file
from tests.examples import examples
from tests.property.safe.strategies import addresses, calls, safe_transactions

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | TEXT | st.floats(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=15,
)


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(calls(), min_size=1, max_size=5), TEXT, TEXT, addresses())
def test_calls_survive_a_batch_file(batch: list[Call], name: str, description: str, safe: Address) -> None:
    raw = write_batch_file(
        batch,
        chain_id=5,
        safe=safe,
        name=name,
        description=description,
        created_at=1_700_000_000,
    )
    parsed = parse_batch_file(raw, 5)
    assert (parsed.calls, parsed.name, parsed.description, parsed.safe) == (tuple(batch), name, description, safe)


@settings(max_examples=examples(60), deadline=None)
@given(safe_transactions(), addresses(), st.integers(1, 2**64))
def test_a_transaction_survives_its_file(transaction: SafeTransaction, safe: Address, chain_id: int) -> None:
    parsed = parse_transaction_file(write_transaction_file(chain_id, safe, transaction))
    assert (parsed.transaction, parsed.safe, parsed.chain_id) == (transaction, safe, chain_id)


@settings(max_examples=examples(100), deadline=None)
@given(JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=200))
def test_files_of_anything_are_refused_in_words(raw: bytes) -> None:
    for parse in (lambda: parse_batch_file(raw, 1), lambda: parse_transaction_file(raw)):
        with pytest.raises(DaoBotError):
            parse()


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(calls(), min_size=1, max_size=3), addresses(), st.data())
def test_a_batch_file_with_any_digit_changed_is_refused(batch: list[Call], safe: Address, data: st.DataObject) -> None:
    raw = write_batch_file(batch, chain_id=5, safe=safe, name="", description="", created_at=0)
    digits = [position for position, byte in enumerate(raw) if chr(byte).isdigit()]
    position = data.draw(st.sampled_from(digits))
    other = data.draw(st.sampled_from([digit for digit in b"0123456789" if digit != raw[position]]))
    with pytest.raises(DaoBotError):
        parse_batch_file(raw[:position] + bytes([other]) + raw[position + 1 :], 5)
