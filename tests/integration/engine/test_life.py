"""A proposal's life on the chain: whatever happens meanwhile, an approved batch takes effect once or not at all."""

from __future__ import annotations

import pytest

from dao_bot.devnet.errors import DevnetError
from dao_bot.domain.calls import CallType
from dao_bot.domain.errors import BadInput
from dao_bot.domain.lifecycle import State
from dao_bot.engine.signing import batch_of
from dao_bot.safe.transaction import SafeTransaction
from dao_bot.store.values import AttemptState
from tests.integration.engine.kit import SENDING, Office, at, ready, spend_as_safe

USDC = 10**6


def test_a_signed_proposal_is_executed_once_and_what_came_stands_beside_what_was_expected(office: Office) -> None:
    proposal = office.propose(office.payment("USDC", 1000))
    assert office.received() == 0
    office.tick()
    assert office.state(proposal) is State.QUEUED
    office.sign(proposal)
    office.tick()
    assert office.state(proposal) is State.EXECUTED
    assert (office.received(), office.executions()) == (1000 * USDC, 1)
    recorded = office.desk.store.outcome(proposal)
    assert recorded is not None
    assert recorded.outcome.realised == recorded.outcome.expected == ((office.token("USDC"), -1000 * USDC),)
    office.tick()
    assert office.executions() == 1
    office.desk.store.verify()


def test_a_stranger_who_submits_the_signed_batch_first_changes_nothing_but_who_paid_the_gas(office: Office) -> None:
    proposal = office.propose(office.payment("USDC", 1000))
    office.tick()
    office.sign(proposal)
    receipt = office.submit_as_stranger(batch_of(office.stored(proposal)))
    keeper_nonce = office.keeper_nonce()
    office.tick()
    assert office.state(proposal) is State.EXECUTED
    recorded = office.desk.store.outcome(proposal)
    assert recorded is not None and recorded.outcome.transaction_hash == receipt["transactionHash"]
    assert recorded.outcome.realised == recorded.outcome.expected
    assert (office.received(), office.executions(), office.keeper_nonce()) == (1000 * USDC, 1, keeper_nonce)


def test_a_stranger_is_first_while_the_keeper_is_sending(office: Office) -> None:
    proposal = ready(office)
    batch = batch_of(office.stored(proposal))
    with at(SENDING, lambda: office.submit_as_stranger(batch)):
        office.tick()
    office.tick()
    assert office.state(proposal) is State.EXECUTED
    assert (office.received(), office.executions()) == (1000 * USDC, 1)
    # The keeper's own transaction reverted without effect, and is on record as what it was.
    assert [attempt.state for attempt in office.desk.store.attempts(proposal)] == [AttemptState.REPLACED]


def test_a_signed_batch_that_a_stranger_submits_after_its_deadline_reverts(office: Office) -> None:
    proposal = ready(office)
    batch = batch_of(office.stored(proposal))
    office.anvil.set_time(office.stored(proposal).proposal.batch.valid_until + 1)
    with pytest.raises(DevnetError, match="reverted"):
        office.submit_as_stranger(batch)
    told = office.tick()
    assert office.state(proposal) is State.EXPIRED, told
    assert (office.received(), office.executions()) == (0, 0)


def test_what_a_stranger_executed_in_time_is_found_even_when_the_keeper_looks_after_the_deadline(
    office: Office,
) -> None:
    proposal = ready(office)
    office.submit_as_stranger(batch_of(office.stored(proposal)))
    office.anvil.set_time(office.stored(proposal).proposal.batch.valid_until + 1)
    office.tick()
    assert office.state(proposal) is State.EXECUTED


def test_when_another_transaction_takes_the_nonce_the_approval_stands_and_the_batch_is_signed_again(
    office: Office,
) -> None:
    proposal = office.propose(office.payment("USDC", 1000))
    office.tick()
    old = batch_of(office.stored(proposal))
    office.sign(proposal, 0)
    office.submit_as_stranger(SafeTransaction(office.world.safe, 0, b"", CallType.CALL, 0))
    office.tick()
    assert (office.state(proposal), office.stored(proposal).nonce) == (State.QUEUED, 1)
    with pytest.raises(BadInput, match="no owner of this Safe, or signed another hash"):
        office.take(proposal, office.signature(old, 1))
    office.tick()
    assert office.state(proposal) is State.QUEUED, "one old signature and none for the new nonce"
    office.sign(proposal)
    office.tick()
    assert office.state(proposal) is State.EXECUTED
    assert (office.received(), office.executions()) == (1000 * USDC, 2)


def test_nobody_signs_at_a_nonce_that_is_used(office: Office) -> None:
    proposal = office.propose(office.payment("USDC", 1000))
    office.tick()
    office.submit_as_stranger(SafeTransaction(office.world.safe, 0, b"", CallType.CALL, 0))
    with pytest.raises(BadInput, match="nonce of this proposal is used"):
        office.sign(proposal)


def test_a_proposal_runs_out_when_nobody_signs_it(office: Office) -> None:
    proposal = office.propose(office.payment("USDC", 1000))
    office.tick()
    office.anvil.set_time(office.stored(proposal).proposal.batch.valid_until - 2)
    office.tick()
    assert office.state(proposal) is State.QUEUED, "it can still be executed in the next second"
    office.anvil.advance(3)
    office.tick()
    assert office.state(proposal) is State.EXPIRED
    with pytest.raises(BadInput, match="nothing to sign"):
        office.sign(proposal)


def test_two_proposals_are_executed_one_after_another(office: Office) -> None:
    first = office.propose(office.payment("USDC", 1000), nominal=1)
    second = office.propose(office.payment("USDC", 2000), nominal=2)
    office.tick()
    assert (office.state(first), office.state(second)) == (State.QUEUED, State.SUCCEEDED)
    office.sign(first)
    office.tick()
    assert office.state(first) is State.EXECUTED
    assert (office.state(second), office.stored(second).nonce) == (State.QUEUED, 1), "queued behind it in the same tick"
    office.sign(second)
    office.tick()
    assert office.state(second) is State.EXECUTED
    assert (office.received(), office.executions()) == (3000 * USDC, 2)


def test_after_an_execution_what_no_longer_passes_becomes_stale(office: Office) -> None:
    first = office.propose(office.payment("USDC", 1000), nominal=1)
    second = office.propose(office.payment("USDT", 600_000), nominal=2)
    office.tick()
    office.sign(first)
    with at(SENDING, lambda: spend_as_safe(office, "USDT", leaving=500_000)):
        told = office.tick()
    assert office.state(first) is State.EXECUTED, told
    assert office.state(second) is State.STALE, told
    assert any("reverts" in line for line in told[second])


def test_what_was_left_unexamined_by_a_keeper_that_was_killed_is_examined_by_the_next_one(office: Office) -> None:
    proposal = office.propose(office.payment("USDT", 600_000))
    office.tick()
    spend_as_safe(office, "USDT", leaving=500_000)
    office.tick()
    assert office.state(proposal) is State.STALE


def test_trouble_with_one_proposal_does_not_stop_the_others(office: Office) -> None:
    first = office.propose(office.payment("USDC", 1000), nominal=1)
    office.tick()
    second = office.propose(office.payment("USDC", 2000), nominal=2)

    def trouble() -> None:
        raise KeyError("a bug in something that only the first proposal needs")

    with at("store.transition.before_commit", trouble):
        office.sign(first)
        told = office.tick(finds_a_bug=True)
    assert "unexpected KeyError" in told[first][0] and "This is a bug to report" in told[first][0]
    assert office.state(second) is State.SUCCEEDED
    office.tick()
    assert office.state(first) is State.EXECUTED
