"""What the client relies on, at the stand-in and, with SAFE_TX_SERVICE_URL, at a real service."""

from __future__ import annotations

import dataclasses
import secrets
import time

import pytest
from eth_account import Account

from dao_bot.devnet.anvil import CHAIN_ID
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import CallType
from dao_bot.domain.errors import Refused, ServiceRefused
from dao_bot.safe.signatures import (
    ApprovedHash,
    ContractSignature,
    EcdsaSignature,
    OwnerSignature,
    Signature,
    signature_bytes,
    verify_signature,
)
from dao_bot.safe.signing import key_address, sign_delegate_message
from dao_bot.safe.transaction import SafeTransaction, rejection
from tests.contract.owners_queue.kit import KEY_OWNERS, Bench, key_of


def confirmations(bench: Bench, digest: str) -> dict[str, Signature | None]:
    return {each.owner: each.signature for each in bench.shown(digest).confirmations}


def test_a_proposal_of_a_delegate_shows_to_the_owners_and_confirms_nothing(bench: Bench) -> None:
    payment = bench.payment(0)
    digest = bench.propose(payment)
    shown = bench.shown(digest)
    assert shown.transaction == payment
    assert shown.confirmations == ()


def test_every_field_of_a_transaction_comes_back_as_it_was_sent(bench: Bench) -> None:
    full = dataclasses.replace(
        bench.payment(3),
        value=2**100 + 1,
        data=bytes(range(256)),
        safe_tx_gas=10**6,
        base_gas=2**60,
        gas_price=2**70,
        gas_token=KEY_OWNERS[1],
        refund_receiver=KEY_OWNERS[2],
    )
    assert bench.shown(bench.propose(full)).transaction == full


def test_the_same_proposal_twice_is_one(bench: Bench) -> None:
    digest = bench.propose(bench.payment(0))
    assert bench.propose(bench.payment(0)) == digest
    assert len(bench.queue().waiting(0).waiting) == 1


def test_rivals_and_future_nonces_wait_side_by_side(bench: Bench) -> None:
    first, rival = bench.propose(bench.payment(4, 1)), bench.propose(bench.payment(4, 2))
    later = bench.propose(bench.payment(900))
    listing = bench.queue().waiting(0)
    assert [each.safe_tx_hash for each in listing.waiting] == [first, rival, later]
    assert [each.safe_tx_hash for each in bench.queue().waiting(5).waiting] == [later]
    assert listing.lies == ()


def test_a_rejection_is_proposed_like_anything_else(bench: Bench) -> None:
    empty = rejection(bench.safe, 7)
    assert bench.shown(bench.propose(empty)).transaction == empty


def test_more_than_one_page_is_read_to_its_end(bench: Bench) -> None:
    proposed = {bench.propose(bench.payment(nonce)) for nonce in range(103)}
    before = sum(bench.ledger.made.values())
    listing = bench.queue().waiting(0)
    assert {each.safe_tx_hash for each in listing.waiting} == proposed
    assert len(listing.waiting) == 103
    assert sum(bench.ledger.made.values()) == before + 2


@pytest.mark.parametrize("kind", ["EOA", "ETH_SIGN", "CONTRACT_SIGNATURE"])
def test_confirmations_of_every_kind_come_back_as_they_were_given(bench: Bench, kind: str) -> None:
    payment = bench.payment(0)
    digest = bench.propose(payment)
    given: Signature = bench.signed(payment, 1)
    if kind == "ETH_SIGN":
        given = bench.eth_signed(payment, 1)
    elif kind == "CONTRACT_SIGNATURE":
        given = bench.signed_by_contract(payment)
    bench.queue().confirm(digest, given)
    bench.queue().confirm(digest, given)
    owner = given.owner if isinstance(given, ContractSignature) else KEY_OWNERS[1]
    assert confirmations(bench, digest) == {owner: given}


def test_a_hash_that_was_approved_on_the_chain_is_a_confirmation(bench: Bench) -> None:
    payment = bench.payment(0)
    digest = bench.propose(payment)
    bench.approve_on_chain(payment, 2)
    bench.until(lambda: bool(bench.shown(digest).confirmations))
    assert confirmations(bench, digest) == {KEY_OWNERS[2]: ApprovedHash(KEY_OWNERS[2])}


def test_a_confirmation_that_is_none_is_refused(bench: Bench) -> None:
    payment = bench.payment(0)
    digest = bench.propose(payment)
    stranger = Account.unsafe_sign_hash(bytes.fromhex(digest[2:]), secrets.token_bytes(32))
    forged = dataclasses.replace(bench.signed_by_contract(payment), data=bytes(65))
    for wrong in (
        EcdsaSignature(stranger.r, stranger.s, stranger.v),
        bench.signed(bench.payment(1), 0),
        ApprovedHash(KEY_OWNERS[0]),
        forged,
    ):
        with pytest.raises(ServiceRefused, match="status 4"):
            bench.queue().confirm(digest, wrong)
    assert bench.shown(digest).confirmations == ()


def test_a_confirmation_of_what_nobody_proposed_is_refused(bench: Bench) -> None:
    with pytest.raises(ServiceRefused, match="status 404"):
        bench.queue().confirm(bench.hash(bench.payment(0)), bench.signed(bench.payment(0), 0))


def test_who_is_no_delegate_cannot_propose(bench: Bench) -> None:
    stranger = bench.queue(secrets.token_bytes(32))
    with pytest.raises(ServiceRefused, match="is not an owner or delegate"):
        stranger.propose(bench.payment(0), bench.owners, "")
    assert bench.queue().waiting(0).waiting == ()


def test_an_owner_s_key_proposes_nothing_because_that_would_approve_it(bench: Bench) -> None:
    with pytest.raises(Refused, match="belongs to an owner"):
        bench.queue(key_of(0)).propose(bench.payment(0), bench.owners, "")
    assert bench.queue().waiting(0).waiting == ()


def payload_of(bench: Bench, transaction: SafeTransaction) -> dict[str, object]:
    """What the queue would post."""
    queue, sent = bench.queue(), dict[str, object]()
    queue._api.propose = lambda safe, payload: sent.update(payload)  # type: ignore[method-assign]
    queue.propose(transaction, bench.owners, "")
    return sent


def test_anybody_may_post_in_an_owner_s_name_without_a_signature_but_that_is_not_listed(bench: Bench) -> None:
    posted = {**payload_of(bench, bench.payment(900)), "sender": KEY_OWNERS[0], "signature": None}
    bench.api().propose(bench.safe, posted)
    assert bench.queue().waiting(0).waiting == ()
    with pytest.raises(ServiceRefused, match="Signature does not match sender"):
        bench.api().propose(bench.safe, {**payload_of(bench, bench.payment(901)), "sender": KEY_OWNERS[0]})


def test_once_a_delegate_or_an_owner_signs_it_what_was_posted_without_a_signature_is_listed(bench: Bench) -> None:
    for nonce, sign in (
        (0, bench.propose),
        (1, lambda payment: bench.queue().confirm(*signed_by_owner(bench, payment))),
    ):
        payment = bench.payment(nonce)
        unsigned = {**payload_of(bench, payment), "sender": KEY_OWNERS[0], "signature": None}
        bench.api().propose(bench.safe, unsigned)
        assert bench.queue().waiting(nonce).waiting == ()
        sign(payment)
        assert bench.shown(bench.hash(payment)).transaction == payment


def signed_by_owner(bench: Bench, payment: SafeTransaction) -> tuple[str, EcdsaSignature]:
    return bench.hash(payment), bench.signed(payment, 1)


def test_a_hash_that_is_not_of_the_fields_is_refused(bench: Bench) -> None:
    sent = payload_of(bench, bench.payment(0))
    assert sent["contractTransactionHash"] == bench.hash(bench.payment(0))
    with pytest.raises(ServiceRefused, match="does not match provided contract-tx-hash"):
        bench.api().propose(bench.safe, {**sent, "nonce": "1"})


def test_what_was_executed_waits_no_more_and_its_nonce_is_refused(bench: Bench) -> None:
    payment = bench.payment(0)
    digest = bench.propose(payment)
    bench.execute(payment)
    bench.until(lambda: bench.queue().waiting(0).find(digest) is None)
    for used in (payment, bench.payment(0, 2)):
        with pytest.raises(ServiceRefused, match="already executed"):
            bench.propose(used)


def test_a_batch_by_delegatecall_to_multi_send_call_only_is_taken(bench: Bench) -> None:
    call_only = Address("0x9641d764fc13c8B624c04430C7356C1C7C8102e2")
    batch = dataclasses.replace(
        bench.payment(0), to=call_only, value=0, data=bytes.fromhex("8d80ff0a"), operation=CallType.DELEGATECALL
    )
    assert bench.shown(bench.propose(batch)).transaction == batch


def test_delegates_are_listed_renamed_and_removed_by_either_side(bench: Bench) -> None:
    proposer = bench.queue().proposer
    (known,) = bench.delegates.all()
    assert (known.delegate, known.delegator, known.safe, known.label) == (
        proposer,
        KEY_OWNERS[0],
        bench.safe,
        "a test",
    )
    other = secrets.token_bytes(32)
    bench.register(key_address(other), owner=1)
    assert {each.delegate for each in bench.delegates.all()} == {proposer, key_address(other)}
    by_itself = signature_bytes(sign_delegate_message(other, CHAIN_ID, key_address(other), time.time()))
    bench.delegates.remove(key_address(other), KEY_OWNERS[1], by_itself)
    by_owner = signature_bytes(sign_delegate_message(key_of(0), CHAIN_ID, proposer, time.time()))
    bench.delegates.add(proposer, KEY_OWNERS[0], by_owner, "renamed")
    assert [each.label for each in bench.delegates.all()] == ["renamed"]
    bench.delegates.remove(proposer, KEY_OWNERS[0], by_owner)
    assert bench.delegates.all() == ()


def test_a_delegate_that_was_removed_proposes_no_more_but_what_it_proposed_stays(bench: Bench) -> None:
    payment = bench.payment(0)
    digest = bench.propose(payment)
    proposer = bench.queue().proposer
    signed = signature_bytes(sign_delegate_message(key_of(0), CHAIN_ID, proposer, time.time()))
    bench.delegates.remove(proposer, KEY_OWNERS[0], signed)
    with pytest.raises(ServiceRefused, match="is not an owner or delegate"):
        bench.propose(bench.payment(1))
    bench.queue().confirm(digest, bench.signed(payment, 1))
    assert set(confirmations(bench, digest)) == {KEY_OWNERS[1]}


def test_only_an_owner_registers_a_delegate(bench: Bench) -> None:
    key = secrets.token_bytes(32)
    signed = signature_bytes(sign_delegate_message(key, CHAIN_ID, key_address(key), time.time()))
    with pytest.raises(ServiceRefused, match="is not an owner of Safe"):
        bench.delegates.add(key_address(key), key_address(key), signed, "x")
    with pytest.raises(ServiceRefused, match="Signature does not match|No valid signature"):
        bench.delegates.add(key_address(key), KEY_OWNERS[1], signed, "x")


def test_what_was_signed_for_a_delegate_hours_ago_counts_no_more(bench: Bench) -> None:
    key = secrets.token_bytes(32)
    with pytest.raises(ServiceRefused, match="status 400"):
        bench.register(key_address(key), now=time.time() - 3 * 3600)


def test_a_delegate_that_is_not_there_cannot_be_removed(bench: Bench) -> None:
    key = secrets.token_bytes(32)
    signed = signature_bytes(sign_delegate_message(key, CHAIN_ID, key_address(key), time.time()))
    with pytest.raises(ServiceRefused, match="status 404"):
        bench.delegates.remove(key_address(key), KEY_OWNERS[0], signed)


def test_what_the_service_says_verifies_against_our_own_hash(bench: Bench) -> None:
    payment = bench.payment(0)
    digest = bench.propose(payment)
    bench.queue().confirm(digest, bench.signed(payment, 0))
    (confirmation,) = bench.shown(digest).confirmations
    assert confirmation.signature is not None
    known = verify_signature(confirmation.signature, bytes.fromhex(digest[2:]), bench.owners, confirmation.owner)
    assert known == OwnerSignature(KEY_OWNERS[0], bench.signed(payment, 0))
