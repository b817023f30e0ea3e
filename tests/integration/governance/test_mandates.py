"""A mandate lets batches inside its bounds through without a vote of their own, and not one outside them."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from dao_bot.domain.errors import Refused
from dao_bot.domain.lifecycle import State
from dao_bot.domain.units import WAD
from governance.acts.mandates import Mandate
from governance.wallets.statement import Deed
from tests.integration.engine.kit import STRATEGY
from tests.integration.governance.town import ANN, FOR, HOUR, MEMBERS, STEWARDS, Opened, Town

STEWARDS_RULE = {"use": "stewards", "approvals": "1"}
USD = WAD


def mandate(town: Town, **changes: Any) -> Mandate:
    """For payments of USDC: their whole value leaves, so the worst price is everything."""
    services = town.office.desk.services
    treasury = services.treasury
    made = Mandate(
        chain_id=treasury.chain_id,
        safe=treasury.safe,
        strategy=STRATEGY,
        rule="people",
        parameters="0x" + "00" * 32,
        policy_hash=services.policy_hash,
        tokens=(town.office.token("USDC").address,),
        total=5000 * USD,
        window=HOUR,
        per_window=3000 * USD,
        worst_price=WAD,
        expires=town.office.anvil.timestamp() + 24 * HOUR,
    )
    return dataclasses.replace(made, **changes)


def propose(town: Town, made: Mandate) -> str:
    wallet = STEWARDS["steward-3"]
    statement = town.assembly.statement(Deed.MANDATE, wallet.address, made.hash)
    town.assembly.propose_mandate_signed(made, statement, wallet.sign_text(statement.text()))
    return made.hash


def approve(town: Town, subject: str, deed: Deed = Deed.APPROVE) -> None:
    wallet = STEWARDS["steward-1"]
    statement = town.assembly.statement(deed, wallet.address, subject)
    town.assembly.stand_signed(subject, statement, wallet.sign_text(statement.text()))


def pay(town: Town, whole: int, nominal: int, symbol: str = "USDC") -> str:
    """A payment that the keeper has looked at."""
    proposal = town.office.propose(town.office.payment(symbol, whole), nominal=nominal)
    town.office.tick()
    return proposal


def test_batches_inside_are_approved_by_it_and_its_budget_is_what_they_really_took(town: Opened) -> None:
    opened = town(STEWARDS_RULE)
    made = mandate(opened)
    propose(opened, made)
    first = pay(opened, 1000, 0)
    assert opened.office.state(first) is State.ACTIVE, "nobody has approved the mandate yet"
    approve(opened, made.hash)
    assert opened.finish(first) is State.EXECUTED
    (approval,) = opened.office.desk.store.approvals(first)
    assert approval.approval.evidence["mandate"] == made.hash
    assert approval.approval.batch_hash == opened.office.stored(first).proposal.batch.batch_hash
    second = pay(opened, 2001, 1)
    assert opened.office.state(second) is State.ACTIVE, "more than 3000 within the hour"
    opened.office.desk.store.transition(second, State.ACTIVE, State.CANCELED, 1, "canceled", {})
    assert opened.finish(pay(opened, 1900, 2)) is State.EXECUTED
    opened.later(HOUR + 1)
    fourth = pay(opened, 2900, 3)
    assert opened.office.state(fourth) is State.ACTIVE, "1000 + 1900 + 2900 is more than 5000"
    opened.office.desk.store.transition(fourth, State.ACTIVE, State.CANCELED, 1, "canceled", {})
    assert opened.finish(pay(opened, 2000, 4)) is State.EXECUTED
    (state,) = opened.assembly.mandates()
    assert state.state == "approved" and state.spent is not None and 4890 * USD < state.spent < 4910 * USD


def test_what_failed_or_was_canceled_gives_its_budget_back(town: Opened) -> None:
    opened = town(STEWARDS_RULE)
    made = mandate(opened)
    propose(opened, made)
    approve(opened, made.hash)
    first = pay(opened, 2900, 0)
    assert opened.office.state(first) is State.QUEUED
    blocked = pay(opened, 2900, 1)
    assert opened.office.state(blocked) is State.ACTIVE
    opened.office.desk.store.transition(first, State.QUEUED, State.CANCELED, 1, "canceled", {})
    opened.office.tick()
    assert opened.office.state(blocked) is State.SUCCEEDED or opened.office.state(blocked) is State.QUEUED


@pytest.mark.parametrize(
    ("changes", "symbol"),
    [
        ({"strategy": "another"}, "USDC"),
        ({"rule": "another"}, "USDC"),
        ({"policy_hash": "0x" + "11" * 32}, "USDC"),
        ({"worst_price": WAD // 100}, "USDC"),
        ({"per_window": 999 * USD}, "USDC"),
        ({"total": 999 * USD}, "USDC"),
        ({}, "DAI"),
    ],
)
def test_a_batch_outside_waits_for_an_approval_of_its_own(town: Opened, changes: dict[str, Any], symbol: str) -> None:
    def two_rules(data: dict[str, Any]) -> None:
        data["approvals"]["another"] = dict(STEWARDS_RULE)

    opened = town(STEWARDS_RULE, change=two_rules)
    made = mandate(opened, **changes)
    propose(opened, made)
    approve(opened, made.hash)
    proposal = pay(opened, 1000, 0, symbol)
    assert opened.office.state(proposal) is State.ACTIVE
    opened.stand_signed("steward-2", proposal, Deed.APPROVE)
    assert opened.finish(proposal) is State.EXECUTED


def test_a_mandate_that_expires_or_is_vetoed_stops_what_it_approved_but_was_not_sent(town: Opened) -> None:
    opened = town(STEWARDS_RULE)
    made = mandate(opened, expires=opened.office.anvil.timestamp() + 2 * HOUR)
    propose(opened, made)
    approve(opened, made.hash)
    first = pay(opened, 1000, 0)
    opened.office.sign(first)
    opened.later(2 * HOUR + 60)
    opened.office.tick()
    assert opened.office.state(first) is State.STALE
    other = mandate(opened)
    propose(opened, other)
    approve(opened, other.hash)
    second = pay(opened, 1000, 1)
    approve(opened, other.hash, Deed.VETO)
    told = str(opened.office.tick()[second])
    assert opened.office.state(second) is State.STALE and "vetoed by steward-1" in told
    assert opened.office.executions() == 0


def test_a_steward_can_veto_one_batch_under_a_mandate(town: Opened) -> None:
    opened = town(STEWARDS_RULE)
    made = mandate(opened)
    propose(opened, made)
    approve(opened, made.hash)
    proposal = pay(opened, 1000, 0)
    assert opened.office.state(proposal) is State.QUEUED
    opened.stand_signed("steward-2", proposal, Deed.VETO)
    opened.office.tick()
    assert opened.office.state(proposal) is State.STALE


def test_members_vote_on_a_mandate_for_longer_than_any_batch_lives(town: Opened) -> None:
    opened = town({**MEMBERS, "duration": "1d"})
    opened.fund({ANN: 2000})
    ann = opened.link("ann", ANN)
    made = mandate(opened, expires=opened.office.anvil.timestamp() + 30 * 24 * HOUR)
    propose(opened, made)
    (task,) = opened.assembly.inbox(ann)
    assert (task.subject, task.do, task.done) == (made.hash, "vote", None)
    opened.vote(ann, made.hash, FOR)
    opened.later(24 * HOUR + 1)
    assert opened.assembly.mandates()[0].state == "approved"
    assert opened.finish(pay(opened, 1000, 0)) is State.EXECUTED


def test_a_mandate_is_proposed_by_stewards_only_and_each_bound_changes_its_hash(town: Opened) -> None:
    opened = town(STEWARDS_RULE)
    made = mandate(opened)
    changed = {"total": 1, "window": 1, "per_window": 1, "worst_price": 0, "expires": 1, "tokens": (made.safe,)}
    hashes = {dataclasses.replace(made, **{name: value}).hash for name, value in changed.items()}  # type: ignore[arg-type]
    assert len(hashes | {made.hash}) == 7
    statement = opened.assembly.statement(Deed.MANDATE, ANN.address, made.hash)
    with pytest.raises(Refused, match="no steward's wallet"):
        opened.assembly.propose_mandate_signed(made, statement, ANN.sign_text(statement.text()))
    assert opened.assembly.mandates() == ()
