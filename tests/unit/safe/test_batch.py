"""Only a delegatecall to the pinned MultiSendCallOnly is taken apart; everything else is refused in words."""

from __future__ import annotations

import pytest

from dao_bot.domain.addresses import ZERO_ADDRESS
from dao_bot.domain.calls import Call, CallType
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.multisend import encode_multi_send
from dao_bot.safe.batch import unwrap, wrap_multisig
from tests.unit.safe.samples import MULTI_SEND, TARGET

CALL = Call(TARGET, b"\x01\x02\x03\x04", 5)
DATA = encode_multi_send([CALL])


def test_one_call_is_wrapped_as_many_are() -> None:
    wrapped = wrap_multisig([CALL], MULTI_SEND)
    assert (wrapped.route, wrapped.to, wrapped.value, wrapped.data) == ("multisig", MULTI_SEND, 0, DATA)


def test_an_empty_batch_is_not_wrapped() -> None:
    with pytest.raises(BadInput, match="nothing to wrap"):
        wrap_multisig([], MULTI_SEND)


def test_a_plain_call_is_itself() -> None:
    assert unwrap(TARGET, 5, CALL.data, CallType.CALL, MULTI_SEND) == (CALL,)


def test_a_delegatecall_to_anything_else_is_refused() -> None:
    with pytest.raises(Refused, match="everything the Safe has"):
        unwrap(TARGET, 0, DATA, CallType.DELEGATECALL, MULTI_SEND)


def test_a_plain_call_of_the_multisend_contract_is_refused() -> None:
    with pytest.raises(Refused, match="instead of delegating"):
        unwrap(MULTI_SEND, 0, DATA, CallType.CALL, MULTI_SEND)


def test_a_value_that_no_call_receives_is_refused() -> None:
    with pytest.raises(BadInput, match="value"):
        unwrap(MULTI_SEND, 1, DATA, CallType.DELEGATECALL, MULTI_SEND)


def test_an_inner_delegatecall_is_refused() -> None:
    with pytest.raises(BadInput, match="operation 1"):
        unwrap(MULTI_SEND, 0, DATA[:68] + b"\1" + DATA[69:], CallType.DELEGATECALL, MULTI_SEND)


def test_bytes_in_the_padding_are_refused() -> None:
    with pytest.raises(BadInput, match="padding"):
        unwrap(MULTI_SEND, 0, DATA[:-1] + b"\1", CallType.DELEGATECALL, MULTI_SEND)


def test_an_inner_call_longer_than_the_batch_is_refused() -> None:
    longer = Call(ZERO_ADDRESS, b"\0" * 32)
    data = encode_multi_send([longer])
    position = 68 + 53 + 31
    with pytest.raises(BadInput, match="cut off"):
        unwrap(MULTI_SEND, 0, data[:position] + b"\x21" + data[position + 1 :], CallType.DELEGATECALL, MULTI_SEND)
