"""What was canceled or became stale after it was signed: final only once its nonce is used."""

from __future__ import annotations

import pytest

from dao_bot.devnet.errors import DevnetError
from dao_bot.domain.errors import BadInput
from dao_bot.domain.lifecycle import State
from dao_bot.engine.signing import batch_of
from tests.integration.engine.kit import SENDING, Office, at, ready, spend_as_safe


def canceled(office: Office) -> str:
    """A proposal that was signed and then canceled."""
    proposal = ready(office)
    stored = office.stored(proposal)
    office.desk.store.transition(proposal, stored.state, State.CANCELED, office.anvil.timestamp(), "canceled", {})
    return proposal


def closings(office: Office, proposal: str) -> list[object]:
    return [event.body["how"] for event in office.desk.store.events(proposal) if event.kind == "closed"]


def test_a_rejection_that_owners_signed_is_sent_and_makes_the_cancellation_final(office: Office) -> None:
    proposal = canceled(office)
    office.tick()
    assert (office.keeper_nonce(), office.state(proposal)) == (0, State.CANCELED), "nobody has signed the rejection"
    office.sign(proposal)
    told = office.tick()
    assert office.safe_nonce() == 1, told
    assert closings(office, proposal) == ["rejected on the chain"]
    assert office.state(proposal) is State.CANCELED
    with pytest.raises(DevnetError, match="reverted"):
        office.submit_as_stranger(batch_of(office.stored(proposal)))
    assert office.received() == 0
    office.tick()
    assert (office.keeper_nonce(), len(closings(office, proposal))) == (1, 1)
    with pytest.raises(BadInput, match="nonce of this proposal is used"):
        office.sign(proposal)


def test_a_stale_proposal_is_rejected_like_a_canceled_one(office: Office) -> None:
    proposal = ready(office)
    spend_as_safe(office, "USDC", leaving=10)
    office.tick()
    assert office.state(proposal) is State.STALE
    office.sign(proposal)
    office.tick()
    assert closings(office, proposal) == ["rejected on the chain"]
    assert office.safe_nonce() == 1


def test_a_canceled_batch_that_a_stranger_executes_all_the_same_is_recorded_as_executed(office: Office) -> None:
    proposal = canceled(office)
    office.submit_as_stranger(batch_of(office.stored(proposal)))
    office.tick()
    assert office.state(proposal) is State.EXECUTED
    recorded = office.desk.store.outcome(proposal)
    assert recorded is not None and recorded.outcome.realised == recorded.outcome.expected


def test_when_the_batch_overtakes_its_rejection_the_record_says_so(office: Office) -> None:
    proposal = canceled(office)
    office.sign(proposal)
    batch = batch_of(office.stored(proposal))
    with at(SENDING, lambda: office.submit_as_stranger(batch)):
        office.tick()
    assert office.state(proposal) is State.EXECUTED
    assert office.executions() == 1


def test_a_rejection_that_a_reorganisation_takes_back_is_sent_again(office: Office) -> None:
    proposal = canceled(office)
    office.sign(proposal)
    office.tick()
    assert closings(office, proposal) == ["rejected on the chain"]
    office.anvil.rpc("anvil_reorg", 1, [])
    assert office.safe_nonce() == 0
    told = office.tick()
    assert "it is open again" in str(told), told
    office.tick()
    assert (office.safe_nonce(), closings(office, proposal)) == (1, ["rejected on the chain"] * 2)
    office.tick()
    assert (office.keeper_nonce(), len(closings(office, proposal))) == (1, 2)
    office.desk.store.verify()


def test_a_batch_in_the_branch_without_its_rejection_is_recorded_as_executed(office: Office) -> None:
    proposal = canceled(office)
    office.sign(proposal)
    office.tick()
    office.anvil.rpc("anvil_reorg", 1, [])
    office.submit_as_stranger(batch_of(office.stored(proposal)))
    office.tick()
    assert office.state(proposal) is State.EXECUTED
    assert office.executions() == 1


def test_the_next_proposal_at_the_same_nonce_closes_the_canceled_one(office: Office) -> None:
    proposal = canceled(office)
    following = office.propose(office.payment("USDC", 2000), nominal=2)
    office.tick()
    assert office.stored(following).nonce == office.stored(proposal).nonce == 0
    office.sign(following)
    office.tick()
    assert office.state(following) is State.EXECUTED
    office.tick()
    assert closings(office, proposal) == ["another transaction took its nonce"]


def test_one_execution_is_not_that_of_a_canceled_proposal_with_the_same_bytes_too(office: Office) -> None:
    proposal = canceled(office)
    following = office.propose(office.payment("USDC", 1000), nominal=2)
    assert office.stored(following).proposal.batch.batch_hash == office.stored(proposal).proposal.batch.batch_hash
    for _ in range(2):
        office.tick()
    assert (office.state(following), office.state(proposal)) == (State.EXECUTED, State.CANCELED)
    assert closings(office, proposal) == ["another transaction took its nonce"]
    assert (office.executions(), office.received()) == (1, 1000 * 10**6)


def test_a_rejection_at_the_nonce_of_the_next_proposal_lets_that_be_signed_anew(office: Office) -> None:
    proposal = canceled(office)
    following = office.propose(office.payment("USDC", 2000), nominal=2)
    office.tick()
    office.sign(proposal)
    office.tick()
    office.tick()
    assert closings(office, proposal) == ["rejected on the chain"]
    assert (office.state(following), office.stored(following).nonce) == (State.QUEUED, 1)
    office.sign(following)
    office.tick()
    assert office.state(following) is State.EXECUTED
    assert office.received() == 2000 * 10**6


def test_after_the_deadline_nothing_has_to_be_rejected(office: Office) -> None:
    proposal = canceled(office)
    office.anvil.set_time(office.stored(proposal).proposal.batch.valid_until + 1)
    office.tick()
    assert closings(office, proposal) == ["its deadline has passed"]
    office.tick()
    assert (office.keeper_nonce(), len(closings(office, proposal))) == (0, 1)
    office.desk.store.verify()
