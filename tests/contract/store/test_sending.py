"""What must hold of signatures, of the keeper's attempts and of outcomes, on every kind of database."""

from __future__ import annotations

import pytest

from dao_bot.domain.errors import BadInput, Conflict, NotFound, Refused
from dao_bot.domain.lifecycle import State
from dao_bot.store.store import Store
from dao_bot.store.values import AttemptState
from tests.contract.store.samples import NOW, OWNERS, SAFE, SENDER, hash32, outcome, proposal
from tests.contract.store.test_proposals import added, advance

TX = hash32(0x7E)
FEES = {"max_fee_per_gas": 2**70, "max_priority_fee_per_gas": 1}


def planned(store: Store, of: str, number: int, nonce: int = 4) -> str:
    store.plan_attempt(of, SENDER, nonce, bytes([number]), hash32(number), FEES, NOW)
    return hash32(number)


def states(store: Store, of: str) -> list[AttemptState]:
    return [attempt.state for attempt in store.attempts(of)]


def test_signatures_are_listed_in_the_order_the_safe_wants(store: Store) -> None:
    one = added(store, proposal())
    for owner in OWNERS:
        assert store.add_signature(TX, owner, "eoa", b"\x01" * 65, NOW, proposal_id=one) is True
    kept = store.signatures(TX.upper().replace("0X", "0x"))
    assert [signature.owner for signature in kept] == sorted(OWNERS, key=lambda owner: int(owner, 16))
    assert {(signature.signature, signature.kind, signature.proposal_id) for signature in kept} == {
        (b"\x01" * 65, "eoa", one)
    }
    assert [event.kind for event in store.events(one)[1:]] == ["signed"] * 3
    assert store.signatures(hash32(1)) == ()


def test_the_same_owner_in_another_spelling_is_the_same_owner(store: Store) -> None:
    store.add_signature(TX, OWNERS[0], "eoa", b"\x01", NOW)
    assert store.add_signature(TX, OWNERS[0].lower(), "eoa", b"\x01", NOW) is False
    assert len(store.signatures(TX)) == 1


@pytest.mark.parametrize(
    ("first", "second", "replaced"),
    [
        (("eoa", b"a"), ("eoa", b"a"), False),
        (("eoa", b"a"), ("eoa", b"b"), False),
        (("eoa", b"a"), ("eth_sign", b"b"), False),
        (("eoa", b"a"), ("approved_hash", b"b"), True),
        (("contract", b"a"), ("contract", b"b"), True),
        (("contract", b"a"), ("contract", b"a"), False),
        (("contract", b"a"), ("eoa", b"b"), False),
        (("approved_hash", b"a"), ("contract", b"b"), False),
        (("approved_hash", b"a"), ("approved_hash", b"b"), False),
    ],
)
def test_a_second_signature_replaces_the_first_only_where_it_says_more(
    store: Store, first: tuple[str, bytes], second: tuple[str, bytes], replaced: bool
) -> None:
    store.add_signature(TX, OWNERS[0], *first, NOW)
    assert store.add_signature(TX, OWNERS[0], *second, NOW + 1) is replaced
    [kept] = store.signatures(TX)
    assert (kept.kind, kept.signature) == (second if replaced else first)
    assert len(store.events()) == 1 + replaced


def test_a_malformed_signature_is_bad_input(store: Store) -> None:
    with pytest.raises(BadInput, match="Safe transaction"):
        store.add_signature("0x12", OWNERS[0], "eoa", b"a", NOW)
    with pytest.raises(BadInput, match="checksum"):
        store.add_signature(TX, OWNERS[0].swapcase().replace("0X", "0x"), "eoa", b"a", NOW)
    with pytest.raises(BadInput, match="kind"):
        store.add_signature(TX, OWNERS[0], "typed", b"a", NOW)
    for raw in (b"", b"a" * 70_000, "ab"):
        with pytest.raises(BadInput, match="bytes"):
            store.add_signature(TX, OWNERS[0], "eoa", raw, NOW)  # type: ignore[arg-type]  # hostile on purpose
    with pytest.raises(NotFound):
        store.add_signature(TX, OWNERS[0], "eoa", b"a", NOW, proposal_id=hash32(1))
    assert store.signatures(TX) == ()


def test_an_attempt_is_recorded_before_it_is_sent_and_followed_to_its_block(store: Store) -> None:
    one = added(store, proposal(), State.EXECUTING)
    assert store.plan_attempt(one, SENDER, 4, b"\x02raw", hash32(1), FEES, NOW) is True
    assert store.plan_attempt(one, SENDER, 4, b"\x02raw", hash32(1), FEES, NOW + 1) is False
    [attempt] = store.unsettled_attempts()
    assert (attempt.raw, attempt.fees, attempt.state) == (b"\x02raw", FEES, AttemptState.PLANNED)
    store.mark_broadcast(hash32(1), NOW + 2)
    store.mark_broadcast(hash32(1), NOW + 3)
    store.mark_mined(hash32(1), 120, hash32(120), 1, 90_000, NOW + 14)
    [attempt] = store.attempts(one)
    assert (attempt.state, attempt.block_number, attempt.block_hash) == (AttemptState.MINED, 120, hash32(120))
    assert (attempt.status, attempt.gas_used, attempt.changed_at) == (1, 90_000, NOW + 14)
    assert store.unsettled_attempts() == ()
    assert [event.kind for event in store.events(one)][-3:] == ["attempt planned", "attempt broadcast", "attempt mined"]


def test_a_hash_cannot_stand_for_other_bytes(store: Store) -> None:
    one = added(store, proposal(), State.EXECUTING)
    planned(store, one, 1)
    with pytest.raises(Conflict, match="otherwise"):
        store.plan_attempt(one, SENDER, 4, b"other", hash32(1), FEES, NOW)


def test_one_nonce_of_the_sender_serves_one_proposal(store: Store) -> None:
    one, two = (added(store, proposal(n), State.EXECUTING) for n in (1, 2))
    planned(store, one, 1)
    planned(store, one, 2)
    with pytest.raises(Conflict, match="may still take this nonce"):
        planned(store, two, 3)
    planned(store, two, 4, nonce=5)
    store.mark_dropped(hash32(1), NOW)
    with pytest.raises(Conflict, match="may still take this nonce"):
        planned(store, two, 3)
    store.mark_replaced(hash32(2), NOW)
    planned(store, two, 3)
    assert [attempt.transaction_hash for attempt in store.attempts_at(SENDER, 4)] == [hash32(n) for n in (1, 2, 3)]
    assert store.attempts_at(SENDER, 4, chain_id=1) == ()


def test_what_is_mined_replaces_what_had_the_same_nonce(store: Store) -> None:
    one = added(store, proposal(), State.EXECUTING)
    planned(store, one, 1)
    planned(store, one, 2)
    store.mark_mined(hash32(1), 120, hash32(120), 1, 90_000, NOW)
    assert states(store, one) == [AttemptState.MINED, AttemptState.REPLACED]
    assert store.attempts(one)[1].replaced_by == hash32(1)
    store.mark_mined(hash32(2), 121, hash32(121), 1, 90_000, NOW)
    assert states(store, one) == [AttemptState.REPLACED, AttemptState.MINED]
    first, second = store.attempts(one)
    assert (first.block_number, first.replaced_by, second.replaced_by) == (None, hash32(2), None)


def test_an_attempt_that_nobody_planned_is_not_found(store: Store) -> None:
    with pytest.raises(NotFound, match="no attempt"):
        store.mark_broadcast(hash32(9), NOW)
    with pytest.raises(NotFound, match="no such proposal"):
        planned(store, hash32(9), 1)


def test_malformed_attempts_are_bad_input(store: Store) -> None:
    one = added(store, proposal(), State.EXECUTING)
    for raw in (b"", b"x" * 200_000):
        with pytest.raises(BadInput, match="signed transaction"):
            store.plan_attempt(one, SENDER, 4, raw, hash32(1), FEES, NOW)
    with pytest.raises(BadInput, match="nonce"):
        store.plan_attempt(one, SENDER, -1, b"x", hash32(1), FEES, NOW)
    planned(store, one, 1)
    with pytest.raises(BadInput, match="receipt"):
        store.mark_mined(hash32(1), 1, hash32(1), 2, 1, NOW)


def test_an_outcome_and_its_state_are_recorded_together(store: Store) -> None:
    one = added(store, proposal(), State.EXECUTING)
    assert store.record_outcome(one, outcome(), NOW + 15) is True
    assert store.record_outcome(one, outcome(), NOW + 16) is False
    kept = store.outcome(one)
    assert kept is not None
    assert (kept.outcome, kept.at) == (outcome(), NOW + 15)
    assert store.proposal(one).state is State.EXECUTED
    assert store.events(one)[-1].body["state"] == {"before": "executing", "after": "executed"}
    with pytest.raises(Conflict, match="another outcome"):
        store.record_outcome(one, outcome(block=121), NOW + 15)


def test_a_failed_execution_ends_in_failed(store: Store) -> None:
    one = added(store, proposal(), State.EXECUTING)
    store.record_outcome(one, outcome(success=False), NOW)
    assert store.proposal(one).state is State.FAILED


@pytest.mark.parametrize("state", [State.QUEUED, State.READY])
def test_a_stranger_may_have_executed_it(store: Store, state: State) -> None:
    one = added(store, proposal(), state)
    store.record_outcome(one, outcome(), NOW)
    assert store.proposal(one).state is State.EXECUTED


def test_nothing_comes_of_a_proposal_that_nobody_approved(store: Store) -> None:
    one = added(store, proposal(), State.ACTIVE)
    with pytest.raises(Refused, match="cannot go"):
        store.record_outcome(one, outcome(), NOW)
    assert store.outcome(one) is None


def test_a_reorg_takes_an_execution_back_and_the_record_keeps_it(store: Store) -> None:
    one = added(store, proposal(), State.SUCCEEDED)
    store.assign_nonce(one, SAFE, 7, NOW)
    advance(store, one, State.EXECUTING)
    planned(store, one, 1)
    store.mark_mined(hash32(1), 120, hash32(120), 1, 90_000, NOW)
    store.record_outcome(one, outcome(), NOW)
    store.roll_back_execution(one, NOW + 30, "block 120 left the chain")
    assert store.proposal(one).state is State.READY
    assert store.proposal(one).nonce == 7
    assert store.outcome(one) is None
    assert states(store, one) == [AttemptState.BROADCAST]
    [event] = [event for event in store.events(one) if event.kind == "execution rolled back"]
    assert event.body["taken_back"]["transaction_hash"] == outcome().transaction_hash  # type: ignore[index]
    store.verify()
    assert store.record_outcome(one, outcome(block=122), NOW + 40) is True
    store.verify()


def test_only_an_execution_can_be_taken_back(store: Store) -> None:
    one = added(store, proposal(), State.READY)
    with pytest.raises(Conflict, match="ready"):
        store.roll_back_execution(one, NOW, "x")


def test_a_nonce_that_another_proposal_has_by_now_is_not_given_back(store: Store) -> None:
    one, two = (added(store, proposal(n), State.SUCCEEDED) for n in (1, 2))
    store.assign_nonce(one, SAFE, 7, NOW)
    store.transition(one, State.SUCCEEDED, State.CANCELED, NOW, "canceled")
    store.assign_nonce(two, SAFE, 7, NOW)
    store.record_outcome(one, outcome(), NOW)
    with pytest.raises(Conflict):
        store.roll_back_execution(one, NOW, "reorg")
    assert store.proposal(one).state is State.EXECUTED
    assert store.outcome(one) is not None


def test_a_nonce_that_was_used_in_the_record_is_not_given_again(store: Store) -> None:
    one, two = (added(store, proposal(n), State.SUCCEEDED) for n in (1, 2))
    store.assign_nonce(one, SAFE, 7, NOW)
    advance(store, one, State.EXECUTING)
    store.record_outcome(one, outcome(), NOW)
    with pytest.raises(Conflict, match="looked at before an execution that is on record"):
        store.assign_nonce(two, SAFE, 7, NOW)
    assert store.assign_nonce(two, SAFE, 8, NOW) == 8
