"""What must hold of proposals, approvals and the nonces of Safes, on every kind of database."""

from __future__ import annotations

import pytest

from dao_bot.domain.errors import BadInput, Conflict, NotFound, Refused
from dao_bot.domain.lifecycle import State
from dao_bot.domain.proposals import Approval, Proposal
from dao_bot.store.store import Store
from tests.contract.store.samples import CHAIN, NOW, OTHER_SAFE, SAFE, approval, hash32, proposal, run

WAY = (State.SIMULATED, State.PENDING, State.ACTIVE, State.SUCCEEDED, State.QUEUED, State.READY, State.EXECUTING)


def advance(store: Store, proposal_id: str, to: State, at: int = NOW) -> None:
    """Through every state on the way."""
    now = store.proposal(proposal_id).state
    for before, after in zip(WAY[WAY.index(now) : WAY.index(to)], WAY[WAY.index(now) + 1 :], strict=False):
        store.transition(proposal_id, before, after, at, "moved on")


def added(store: Store, wanted: Proposal, to: State = State.SIMULATED) -> str:
    store.add_proposal(wanted, State.SIMULATED, NOW)
    advance(store, wanted.id, to)
    return wanted.id


def test_a_proposal_is_read_back_equal(store: Store) -> None:
    original = proposal()
    assert store.add_proposal(original, State.DRAFT, NOW) is True
    stored = store.proposal(original.id)
    assert stored.proposal == original
    assert (stored.state, stored.nonce, stored.created_at) == (State.DRAFT, None, NOW)


def test_adding_a_proposal_again_changes_nothing(store: Store) -> None:
    store.add_proposal(proposal(), State.DRAFT, NOW)
    head = store.head()
    assert store.add_proposal(proposal(), State.PENDING, NOW + 5) is False
    assert store.head() == head
    assert store.proposal(proposal().id).state is State.DRAFT


def test_one_attempt_of_a_run_proposes_one_thing(store: Store) -> None:
    store.add_proposal(proposal(), State.DRAFT, NOW)
    with pytest.raises(Conflict, match="something else"):
        store.add_proposal(proposal(sold=5), State.DRAFT, NOW)
    assert store.add_proposal(proposal(sold=5, attempt=1), State.DRAFT, NOW)


@pytest.mark.parametrize("state", [State.QUEUED, State.READY, State.EXECUTED])
def test_a_proposal_cannot_begin_approved(store: Store, state: State) -> None:
    with pytest.raises(BadInput, match="begin"):
        store.add_proposal(proposal(), state, NOW)


def test_a_transition_writes_state_and_event_together(store: Store) -> None:
    one = added(store, proposal())
    store.transition(one, State.SIMULATED, State.PENDING, NOW + 1, "posted", {"channel": "treasury"})
    event = store.events(one)[-1]
    assert store.proposal(one).state is State.PENDING
    assert store.proposal(one).changed_at == NOW + 1
    assert (event.kind, event.at) == ("posted", NOW + 1)
    assert event.body == {"channel": "treasury", "state": {"before": "simulated", "after": "pending"}}


def test_a_transition_from_a_state_that_has_passed_is_a_conflict_and_writes_nothing(store: Store) -> None:
    one = added(store, proposal(), State.PENDING)
    head = store.head()
    with pytest.raises(Conflict, match="pending"):
        store.transition(one, State.SIMULATED, State.PENDING, NOW, "again")
    assert store.head() == head


def test_a_transition_outside_the_table_is_refused(store: Store) -> None:
    one = added(store, proposal())
    with pytest.raises(Refused, match="cannot go"):
        store.transition(one, State.SIMULATED, State.QUEUED, NOW, "jump")
    assert store.proposal(one).state is State.SIMULATED


def test_an_execution_needs_its_outcome(store: Store) -> None:
    one = added(store, proposal(), State.EXECUTING)
    with pytest.raises(BadInput, match="outcome"):
        store.transition(one, State.EXECUTING, State.EXECUTED, NOW, "executed")


@pytest.mark.parametrize("kind", ["proposed", "nonce assigned"])
def test_the_events_that_the_audit_relies_on_cannot_be_written_by_callers(store: Store, kind: str) -> None:
    one = added(store, proposal())
    with pytest.raises(BadInput):
        store.transition(one, State.SIMULATED, State.PENDING, NOW, kind)
    with pytest.raises(BadInput):
        store.append(one, kind, NOW, {"nonce": 4})
    with pytest.raises(BadInput):
        store.append(one, "note", NOW, {"state": {"before": "pending", "after": "ready"}})


def test_an_unknown_proposal_is_not_found(store: Store) -> None:
    for action in (
        lambda: store.proposal(hash32(1)),
        lambda: store.transition(hash32(1), State.DRAFT, State.SIMULATED, NOW, "x"),
        lambda: store.add_approval(hash32(1), approval(proposal()), NOW),
        lambda: store.assign_nonce(hash32(1), SAFE, 0, NOW),
    ):
        with pytest.raises(NotFound, match="no such proposal"):
            action()


def test_a_proposal_is_found_by_the_first_digits_of_its_id(store: Store) -> None:
    one = added(store, proposal())
    for given in (one, one[2:], one[:8], one[2:8], one[2:30].upper()):
        assert store.proposal(given).id == one


def test_an_ambiguous_or_malformed_id_is_bad_input(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = iter(["0x" + "ab" * 30 + "0000", "0x" + "ab" * 30 + "ffff"])
    for nominal in (1, 2):
        wanted = proposal(nominal)
        # Ids are hashes: two with the same beginning cannot be made otherwise.
        with monkeypatch.context() as patched:
            patched.setattr(Proposal, "id", next(ids))
            store.add_proposal(wanted, State.DRAFT, NOW)
    with pytest.raises(BadInput, match="several"):
        store.proposal("abababab")
    for malformed in ("", "abc", "0xabcd", "ab%bab", "zzzzzz", "ab" * 33, "'; drop table proposals"):
        with pytest.raises(BadInput, match="not the id"):
            store.proposal(malformed)


def test_lists_are_filtered_and_ordered(store: Store) -> None:
    first = added(store, proposal(1), State.READY)
    second = added(store, proposal(2, safe=OTHER_SAFE), State.PENDING)
    third = added(store, proposal(3, strategy="buyback"))
    canceled = added(store, proposal(4))
    store.transition(canceled, State.SIMULATED, State.CANCELED, NOW, "canceled")
    assert [p.id for p in store.open_proposals()] == [first, second, third]
    assert [p.id for p in store.open_proposals(SAFE)] == [first, third]
    assert store.open_proposals(SAFE, chain_id=1) == ()
    assert [p.id for p in store.proposals()] == [canceled, third, second, first]
    assert [p.id for p in store.proposals(limit=1)] == [canceled]
    assert [p.id for p in store.proposals(strategy="buyback")] == [third]
    assert [p.id for p in store.proposals(run=run(2))] == [second]
    assert [p.id for p in store.proposals(states={State.CANCELED, State.READY})] == [canceled, first]
    assert [p.id for p in store.proposals(safe=SAFE.lower(), chain_id=CHAIN, states=())] == []


def test_an_approval_binds_the_batch_and_is_kept_once(store: Store) -> None:
    one = added(store, proposal())
    assert store.add_approval(one, approval(proposal()), NOW) is True
    assert store.add_approval(one, approval(proposal()), NOW + 9) is False
    other = Approval(hash32(3), {}, NOW)
    with pytest.raises(BadInput, match="another batch"):
        store.add_approval(one, other, NOW)
    assert [kept.approval for kept in store.approvals(one)] == [approval(proposal())]
    assert store.events(one)[-1].kind == "approved"


def test_nonces_follow_the_chain_and_the_queue(store: Store) -> None:
    one, two, three = (added(store, proposal(n), State.SUCCEEDED) for n in (1, 2, 3))
    other = added(store, proposal(4, safe=OTHER_SAFE), State.SUCCEEDED)
    assert store.assign_nonce(one, SAFE, 7, NOW, one_at_a_time=False) == 7
    assert store.assign_nonce(two, SAFE, 7, NOW, one_at_a_time=False) == 8
    assert store.assign_nonce(three, SAFE, 20, NOW, one_at_a_time=False) == 20
    assert store.assign_nonce(other, OTHER_SAFE, 7, NOW) == 7
    assert store.proposal(two).nonce == 8


def test_a_nonce_that_was_assigned_is_kept_until_the_chain_consumes_it(store: Store) -> None:
    one = added(store, proposal(), State.SUCCEEDED)
    assert store.assign_nonce(one, SAFE, 3, NOW) == 3
    head = store.head()
    assert store.assign_nonce(one, SAFE, 3, NOW) == 3
    assert store.assign_nonce(one, SAFE, 1, NOW) == 3
    assert store.head() == head
    advance(store, one, State.QUEUED)
    with pytest.raises(Conflict, match="consumed"):
        store.assign_nonce(one, SAFE, 4, NOW)


def test_one_batch_at_a_time_is_queued_for_a_safe(store: Store) -> None:
    one, two = (added(store, proposal(n), State.SUCCEEDED) for n in (1, 2))
    store.assign_nonce(one, SAFE, 0, NOW)
    with pytest.raises(Refused, match="one batch"):
        store.assign_nonce(two, SAFE, 0, NOW)
    advance(store, one, State.QUEUED)
    store.transition(one, State.QUEUED, State.STALE, NOW, "stale")
    assert store.assign_nonce(two, SAFE, 0, NOW) == 0


def test_a_proposal_whose_nonce_was_used_otherwise_is_queued_again_at_the_next(store: Store) -> None:
    one, two = (added(store, proposal(n), State.SUCCEEDED) for n in (1, 2))
    store.assign_nonce(one, SAFE, 3, NOW)
    advance(store, one, State.READY)
    store.transition(one, State.READY, State.SUCCEEDED, NOW, "nonce used")
    assert store.assign_nonce(two, SAFE, 4, NOW) == 4
    with pytest.raises(Refused, match="one batch"):
        store.assign_nonce(one, SAFE, 4, NOW)
    assert store.assign_nonce(one, SAFE, 4, NOW, one_at_a_time=False) == 5
    store.verify()


def test_only_an_approved_proposal_of_that_safe_gets_a_nonce(store: Store) -> None:
    one = added(store, proposal(), State.ACTIVE)
    with pytest.raises(Refused, match="approved"):
        store.assign_nonce(one, SAFE, 0, NOW)
    advance(store, one, State.SUCCEEDED)
    with pytest.raises(BadInput, match="another Safe"):
        store.assign_nonce(one, OTHER_SAFE, 0, NOW)
    for nonsense in (-1, 2**63, True):
        with pytest.raises(BadInput, match="whole number"):
            store.assign_nonce(one, SAFE, nonsense, NOW)


def test_a_proposal_that_is_not_what_was_recorded_is_not_handed_out(store: Store) -> None:
    one = added(store, proposal())
    with store._database.write("tamper") as connection:
        connection.exec_driver_sql("UPDATE proposals SET body = replace(body, '\"attempt\":0', '\"attempt\":1')")
    with pytest.raises(Exception, match="not the one that was recorded"):
        store.proposal(one)
