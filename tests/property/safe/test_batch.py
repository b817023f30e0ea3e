"""Batches survive packing, equal what safe-eth-py packs, and no other bytes are taken for a batch."""

from __future__ import annotations

import pytest
from eth_abi.abi import encode
from eth_typing import ChecksumAddress, HexAddress, HexStr
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from safe_eth.safe.multi_send import MultiSend, MultiSendOperation, MultiSendTx

from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Call, CallType
from dao_bot.domain.errors import BadInput, DaoBotError
from dao_bot.domain.multisend import MULTI_SEND_SELECTOR, decode_multi_send, encode_multi_send
from dao_bot.safe.batch import unwrap, wrap_multisig
from tests.examples import examples
from tests.property.safe.strategies import addresses, calls

BATCHES = st.lists(calls(), max_size=5)
QUICK = settings(max_examples=examples(60), deadline=None)


@QUICK
@given(BATCHES.filter(bool), addresses())
def test_a_wrapped_batch_unwraps_to_the_same_calls(batch: list[Call], multi_send: Address) -> None:
    wrapped = wrap_multisig(batch, multi_send)
    unwrapped = unwrap(wrapped.to, wrapped.value, wrapped.data, wrapped.operation, wrapped.to)
    assert unwrapped == tuple(batch)
    assert wrapped.operation is CallType.DELEGATECALL


@settings(max_examples=examples(25), deadline=None)
@given(BATCHES.filter(bool))
def test_the_bytes_are_those_of_safe_eth_py(batch: list[Call]) -> None:
    theirs = [
        MultiSendTx(MultiSendOperation.CALL, ChecksumAddress(HexAddress(HexStr(call.to))), call.value, call.data)
        for call in batch
    ]
    packed = b"".join(bytes(transaction.encoded_data) for transaction in theirs)
    assert encode_multi_send(batch) == MULTI_SEND_SELECTOR + encode(["bytes"], [packed])
    assert MultiSend.from_transaction_data(encode_multi_send(batch)) == theirs


@QUICK
@given(BATCHES, st.data())
def test_a_batch_with_any_byte_changed_is_another_batch_or_refused(batch: list[Call], data: st.DataObject) -> None:
    encoded = bytearray(encode_multi_send(batch))
    position = data.draw(st.integers(0, len(encoded) - 1))
    encoded[position] ^= data.draw(st.integers(1, 255))
    try:
        decoded = decode_multi_send(bytes(encoded))
    except BadInput:
        return
    assert decoded != tuple(batch)
    assert encode_multi_send(decoded) == bytes(encoded)


@QUICK
@given(BATCHES, st.integers(1, 100), st.booleans())
def test_a_batch_that_is_cut_off_or_has_bytes_behind_it_is_refused(batch: list[Call], count: int, cut: bool) -> None:
    encoded = encode_multi_send(batch)
    assume(not cut or count < len(encoded))
    with pytest.raises(BadInput):
        decode_multi_send(encoded[:-count] if cut else encoded + bytes(count))


@settings(max_examples=examples(150), deadline=None)
@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda tail: bytes.fromhex("8d80ff0a") + tail))
def test_noise_is_refused_in_words(noise: bytes) -> None:
    try:
        decoded = decode_multi_send(noise)
    except DaoBotError as error:
        assert str(error)
    else:
        assert encode_multi_send(decoded) == noise
