"""What an owner is told before signing: every danger that a transaction can carry is named."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dao_bot.chain.abi import function
from dao_bot.domain.calls import Call, CallType, DecodedCall
from dao_bot.domain.multisend import encode_multi_send
from dao_bot.safe.hashes import safe_hashes
from dao_bot.safe.transaction import SafeTransaction, rejection
from dao_bot.safe.verification import Verification, verify
from tests.unit.safe.samples import CHAIN_ID, MULTI_SEND, OWNERS, SAFE, STATE, TARGET, TRANSACTION


def decoder(call: Call) -> DecodedCall | None:
    known = {b"\x12\x34\x56\x78": None, b"late": 99}
    if call.selector not in known:
        return None
    return DecodedCall(call, "test", "known()", (), "does what is known", deadline=known[call.selector])


def look(transaction: SafeTransaction, **given: Any) -> Verification:
    contract_hash = given.pop("contract_hash", safe_hashes(CHAIN_ID, SAFE, transaction).safe_tx)
    return verify(
        CHAIN_ID,
        STATE,
        transaction,
        decoders=(decoder,),
        multi_send_call_only=MULTI_SEND,
        contract_hash=contract_hash,
        **given,
    )


def batch(*calls: Call) -> SafeTransaction:
    return SafeTransaction(MULTI_SEND, 0, encode_multi_send(calls), CallType.DELEGATECALL, 7)


def test_an_understood_transaction_has_no_dangers() -> None:
    seen = look(TRANSACTION, stated_hash=safe_hashes(CHAIN_ID, SAFE, TRANSACTION).safe_tx.upper().replace("X", "x"))
    assert seen.dangers == ()
    assert [decoded.function for decoded in seen.calls] == ["known()"]
    assert "no deadline" in seen.notes[0]


def test_a_batch_that_begins_with_a_deadline_has_nothing_to_note() -> None:
    seen = look(batch(Call(TARGET, b"late"), Call(TARGET, b"\x12\x34\x56\x78")))
    assert (seen.dangers, seen.notes, len(seen.calls)) == ((), (), 2)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"gas_price": 1}, "pay whoever sends"),
        ({"base_gas": 1}, "pay whoever sends"),
        ({"gas_token": TARGET}, "pay whoever sends"),
        ({"refund_receiver": TARGET}, f"refund would go to {TARGET}"),
        ({"safe_tx_gas": 1}, "uses up its nonce also when its calls fail"),
        ({"operation": CallType.DELEGATECALL}, "everything the Safe has"),
        ({"data": b"\xff\xff\xff\xff"}, "not understood"),
        ({"to": SAFE, "data": function("enableModule(address)").encode(TARGET)}, "changes the Safe itself"),
        ({"to": SAFE, "data": b"\xff\xff\xff\xff"}, "changes the Safe itself"),
    ],
)
def test_every_danger_is_named(changes: dict[str, Any], words: str) -> None:
    (danger,) = look(replace(TRANSACTION, **changes)).dangers
    assert words in danger


def test_a_danger_inside_a_batch_is_named_with_its_place() -> None:
    hidden = Call(SAFE, function("swapOwner(address,address,address)").encode(OWNERS[0], OWNERS[1], TARGET))
    (danger,) = look(batch(Call(TARGET, b"late"), hidden)).dangers
    assert danger.startswith("Call 2 changes the Safe itself")


def test_a_hash_that_somebody_else_states_is_compared() -> None:
    assert "somebody is lying" in look(TRANSACTION, stated_hash="0x" + "00" * 32).dangers[0]
    assert "computes another hash" in look(TRANSACTION, contract_hash="0x" + "00" * 32).dangers[0]


@pytest.mark.parametrize(("nonce", "words"), [(6, "used up"), (9, "2 other transactions")])
def test_the_place_in_the_queue_is_noted(nonce: int, words: str) -> None:
    assert words in look(replace(TRANSACTION, nonce=nonce)).notes[0]


def test_a_rejection_says_that_it_does_nothing() -> None:
    seen = look(rejection(SAFE, 7))
    assert seen.dangers == ()
    assert "take the place" in seen.notes[0]


def test_a_batch_that_hides_something_is_a_danger_and_has_no_calls() -> None:
    good = batch(Call(TARGET, b"late"))
    seen = look(replace(good, data=good.data + bytes(32)))
    assert seen.calls == ()
    assert "does not end where it says" in seen.dangers[0]
