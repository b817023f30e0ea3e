"""Owners sign at the transaction service, and the keeper executes: nonces, rivals, rejections, replacements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dao_bot.domain.lifecycle import State
from dao_bot.safe.transaction import rejection as rejection_at
from dao_bot.safe.transaction_service.budget import month_of
from tests.integration.engine.queue_kit import (
    ServedOffice,
)

if TYPE_CHECKING:
    pass


def test_owners_sign_there_and_it_is_executed_in_the_same_tick(served: ServedOffice) -> None:
    proposal = served.queued()
    assert served.kinds(proposal)[-2:] == ["offering", "offered"]
    served.confirm(proposal, 0)
    told = served.tick()
    assert f"{served.office.world.owners[0]} signed in the transaction service" in str(told)
    assert served.office.state(proposal) is State.QUEUED
    served.confirm(proposal, 2)
    served.tick()
    assert served.office.state(proposal) is State.EXECUTED
    assert (served.office.executions(), served.office.received()) == (1, 1000 * 10**6)
    before = served.asked()
    served.tick()
    assert served.asked() == before, "without an open proposal the service is not asked"


def test_signatures_given_here_and_there_add_up_and_show_there(served: ServedOffice) -> None:
    proposal = served.queued()
    served.office.sign(proposal, 1)
    served.tick()
    shown = served.service.kept[served.hash(proposal)].confirmations
    assert list(shown) == [served.office.world.owners[1]]
    served.confirm(proposal, 2)
    served.tick()
    assert served.office.state(proposal) is State.EXECUTED


def test_a_proposal_costs_a_request_for_its_nonce_one_to_propose_it_and_one_for_each_look(served: ServedOffice) -> None:
    proposal = served.queued()
    assert [method for method, _ in served.service.seen] == ["GET", "POST"]
    served.tick(after=1)
    assert served.asked() == 3
    served.tick(after=40)
    assert served.asked() == 3, "not before `poll` has passed"
    served.tick(after=40)
    assert served.asked() == 4
    settings = served.desk.config.treasury.service
    assert settings is not None and proposal
    assert served.desk.store.requests_made("127.0.0.1", month_of(served.clock()).name) == 4


def test_a_bug_in_the_exchange_stops_nothing_that_is_signed_here(
    served: ServedOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    proposal = served.queued()
    served.office.sign(proposal, 0)

    def fail(*_: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr("dao_bot.safe.transaction_service.queue.listing_of", fail)
    (step,) = served.keeper.tick()
    assert (step.proposal_id, "This is a bug to report" in step.told) == (proposal, True)
    served.office.sign(proposal, 1)
    assert "executed" in str([step.told for step in served.keeper.tick()])
    assert served.office.executions() == 1


def test_what_was_brought_in_once_is_not_brought_in_again(served: ServedOffice) -> None:
    proposal = served.queued()
    served.confirm(proposal, 0)
    served.tick()
    head = served.desk.store.head()
    served.restart()
    served.tick()
    assert served.desk.store.head() == head


def test_others_transactions_in_the_queue_come_before_ours(served: ServedOffice) -> None:
    served.others_propose(0)
    served.others_propose(4)
    proposal = served.queued()
    assert served.office.stored(proposal).nonce == 5


def test_what_nobody_signed_pushes_no_nonce(served: ServedOffice) -> None:
    """Anybody can post an unsigned proposal in an owner's name; the service keeps it as not trusted."""
    digest = served.others_propose(900)
    served.service.kept[digest].trusted = False
    proposal = served.queued()
    assert served.office.stored(proposal).nonce == 0


def test_a_canceled_proposal_is_rejected_at_its_nonce(served: ServedOffice) -> None:
    proposal = served.queued()
    served.confirm(proposal, 0)
    served.tick()
    cancel(served, proposal)
    served.tick()
    kept = served.service.kept[served.rejection(proposal)]
    assert kept.fields["nonce"] == 0
    for owner in (0, 1):
        served.put(kept.hash, served.signature(rejection_at(served.office.world.safe, 0), owner), owner)
    served.tick()
    assert served.office.safe_nonce() == 1
    assert served.office.received() == 0
    assert "closed" in served.kinds(proposal)


def test_the_proposal_that_replaces_a_canceled_one_takes_its_nonce(served: ServedOffice) -> None:
    proposal = served.queued()
    cancel(served, proposal)
    following = served.office.propose(served.office.payment("USDC", 2000), nominal=2)
    served.tick()
    assert served.office.stored(following).nonce == served.office.stored(proposal).nonce == 0
    assert served.rejection(proposal) not in served.service.kept
    for owner in (0, 1):
        served.confirm(following, owner)
    served.tick()
    assert (served.office.state(following), served.office.received()) == (State.EXECUTED, 2000 * 10**6)


def test_a_rival_on_its_nonce_is_told_once_and_only_one_of_both_has_an_effect(
    served: ServedOffice,
) -> None:
    proposal = served.queued()
    rival = served.others_propose(0)
    told = served.tick()
    assert f"another transaction waits at its nonce 0: {rival}" in str(told)
    assert "another transaction waits" not in str(served.tick(after=600))
    for owner in (0, 1):
        served.confirm(proposal, owner)
    served.tick(after=600)
    assert served.office.state(proposal) is State.EXECUTED
    assert served.office.executions() == 1


def test_when_the_rival_is_executed_first_ours_is_queued_anew_and_signed_anew(served: ServedOffice) -> None:
    proposal = served.queued()
    served.confirm(proposal, 0)
    served.office.submit_as_stranger(rejection_at(served.office.world.safe, 0))
    served.tick()
    assert (served.office.state(proposal), served.office.stored(proposal).nonce) == (State.QUEUED, 1)
    served.tick()
    for owner in (1, 2):
        served.confirm(proposal, owner)
    served.tick(after=600)
    assert (served.office.state(proposal), served.office.received()) == (State.EXECUTED, 1000 * 10**6)


def test_an_execution_is_noticed_on_the_chain_before_the_service_shows_it(served: ServedOffice) -> None:
    proposal = served.queued()
    served.service.indexed_to = int(served.office.anvil.rpc("eth_blockNumber"), 16)
    served.office.submit_as_stranger(served.batch(proposal))
    served.tick()
    assert served.office.state(proposal) is State.EXECUTED
    assert served.service.kept[served.hash(proposal)].executed_in is None


def test_an_execution_that_only_the_service_shows_is_none(served: ServedOffice) -> None:
    proposal = served.queued()
    served.service.kept[served.hash(proposal)].executed_in = "0x" + "11" * 32
    told = served.tick()
    assert "already executed" in str(told)
    assert served.office.state(proposal) is State.QUEUED
    served.office.sign(proposal)
    served.tick()
    assert (served.office.state(proposal), served.office.executions()) == (State.EXECUTED, 1)


def cancel(served: ServedOffice, proposal: str) -> None:
    stored = served.office.stored(proposal)
    now = served.office.anvil.timestamp()
    served.desk.store.transition(proposal, stored.state, State.CANCELED, now, "canceled", {})
