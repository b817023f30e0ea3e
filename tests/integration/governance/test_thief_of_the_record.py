"""Somebody writes into the record what nobody said: where wallets have to sign, it counts for nothing."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable
from typing import Any

import pytest

from dao_bot.domain.hashing import digest
from dao_bot.domain.lifecycle import State
from dao_bot.domain.proposals import Approval
from dao_bot.domain.runs import RunId
from dao_bot.engine.approvals import Defeat, Judgement, Waiting
from dao_bot.engine.look import look
from governance.acts.kinds import BALLOT_CLOSED, BALLOT_OPENED, DELEGATED, DELEGATIONS, STOOD, VOTED
from governance.wallets.statement import Deed, Statement
from tests.integration.governance.town import (
    AGAINST,
    ANN,
    BOB,
    EVE,
    FOR,
    MEMBERS,
    STEWARDS,
    TOKEN,
    Opened,
    Town,
    Wallet,
)

BALLOT = {key: value for key, value in MEMBERS.items() if key != "use"}
ALWAYS_SIGNED = {"signed_above": "0 USD"}


def write(town: Town, subject: str, kind: str, actor: Wallet, body: dict[str, Any]) -> None:
    """As a thief of the database would: whole, with all hashes made anew."""
    _, new = town.office.desk.store.record_act(
        subject, kind, actor.address, f"forged {digest(body)}", town.office.anvil.timestamp(), body
    )
    assert new


def test_approvals_that_no_steward_signed_count_for_nothing(town: Opened) -> None:
    opened = town({"use": "stewards", "approvals": "2", **ALWAYS_SIGNED})
    proposal = opened.propose()
    hash_ = opened.office.stored(proposal).proposal.batch.batch_hash
    steward = STEWARDS["steward-1"]
    now = opened.office.anvil.timestamp()

    def forge(statement: Statement, signature: str | None) -> None:
        told = {"hash": hash_, "steward": "steward-1", "stand": "approve", "reason": "", "through": "wallet"}
        write(opened, proposal, STOOD, steward, {**told, "statement": statement.text(), "signature": signature})

    for name in ("steward-2", "steward-3"):
        body = {"hash": hash_, "steward": name, "stand": "approve", "reason": "", "through": "discord"}
        write(opened, proposal, STOOD, STEWARDS[name], {**body, "statement": None, "signature": None})
    genuine = Statement(Deed.APPROVE, opened.office.desk.services.treasury.space, steward.address, hash_, now)
    other = Statement(Deed.APPROVE, genuine.space, steward.address, "0x" + "ab" * 32, now)
    veto = Statement(Deed.VETO, genuine.space, steward.address, hash_, now)
    elsewhere = Statement(Deed.APPROVE, f"eip155:1:{EVE.address}", steward.address, hash_, now)
    forge(genuine, EVE.sign_text(genuine.text()))
    forge(genuine, "0x00")
    for said in (other, veto, elsewhere):
        forge(said, steward.sign_text(said.text()))
        opened.office.tick()
        assert opened.office.state(proposal) is State.ACTIVE, said
    for name in ("steward-2", "steward-3"):
        opened.stand_signed(name, proposal, Deed.APPROVE)
    opened.office.tick()
    assert opened.office.state(proposal) is State.QUEUED


def test_votes_that_no_wallet_signed_count_for_nothing(town: Opened) -> None:
    opened = town({**MEMBERS, **ALWAYS_SIGNED})
    opened.fund({ANN: 2000, BOB: 9000, EVE: 1})
    ann = opened.link("ann", ANN)
    opened.assembly.delegate(ann, EVE.address, "click")  # in a chat: whoever has the bot can say so
    told = {"delegator": BOB.address.lower(), "delegate": EVE.address.lower(), "through": "wallet"}
    order = Statement(Deed.DELEGATE, opened.office.desk.services.treasury.space, BOB.address, EVE.address, 1)
    body = {**told, "statement": order.text(), "signature": EVE.sign_text(order.text())}
    write(opened, DELEGATIONS, DELEGATED, BOB, body)
    proposal = opened.propose()
    opened.sign_vote(EVE, proposal, FOR)
    opened.sign_vote(ANN, proposal, AGAINST)
    (real,) = [act for act in opened.office.desk.store.acts(proposal, VOTED) if act.actor == ANN.address.lower()]
    against: Any = real.body
    forged = opened.assembly.message(proposal, BOB.address, FOR).typed_data()
    signed = {"address": BOB.address, "data": forged, "contract": False}
    as_bob = {**against, "wallet": BOB.address.lower(), "power": 9000 * TOKEN, "choice": FOR}
    write(opened, proposal, VOTED, BOB, {**as_bob, "signed": None})
    write(opened, proposal, VOTED, BOB, {**as_bob, "signed": {**signed, "sig": EVE.sign_typed(forged)}})
    write(opened, proposal, VOTED, BOB, {**as_bob, "signed": against["signed"]})
    write(opened, proposal, VOTED, ANN, {**against, "choice": FOR})
    counted = opened.assembly.tally(proposal).tally
    assert [int(score) // TOKEN for score in counted.scores] == [1, 2000, 0]
    # What says that it is a contract's is asked when the ballot is closed.
    write(opened, proposal, VOTED, BOB, {**as_bob, "signed": {**signed, "sig": "0x00", "contract": True}})
    opened.later()
    (told_,) = opened.office.tick()[proposal]
    assert "quorum" in told_ and opened.office.state(proposal) is State.DEFEATED
    assert BOB.address.lower() in opened.assembly.tally(proposal).void


@pytest.mark.parametrize("change", [('"signed": true', '"signed": false'), ("1000000000", "1")])
def test_a_vote_that_a_thief_opened_under_terms_of_his_own_approves_nothing(
    town: Opened, change: tuple[str, str]
) -> None:
    """So that chats count, or with a quorum of one millionth of a token."""
    opened = town({**MEMBERS, **ALWAYS_SIGNED})
    opened.fund({ANN: 2000})
    office, store = opened.office, opened.office.desk.store
    first = opened.propose()
    second = office.propose(office.payment("USDC", 500), nominal=2)
    (act,) = store.acts(first, BALLOT_OPENED)
    body = json.dumps(dict(act.body)).replace(first, second)
    hashes = [office.stored(each).proposal.batch.batch_hash for each in (first, second)]
    assert change[0] in body
    write(opened, second, BALLOT_OPENED, EVE, json.loads(body.replace(hashes[0], hashes[1]).replace(*change)))
    office.tick()
    assert office.state(second) is State.DEFEATED


def judge_again(town: Town, proposal: str, change: Callable[[str], str] = str) -> Judgement:
    """As the signer does, in JSON and back, and with what a thief changed in it."""
    office = town.office
    stored, rule = office.stored(proposal), office.desk.services.approvals["people"]
    grounds = json.loads(change(json.dumps(rule.grounds(stored))))
    active = dataclasses.replace(stored, state=State.ACTIVE)
    return rule.judge_again(active, grounds, look(office.desk.services, RunId("signer", 0)))


def test_a_tally_comes_out_of_what_people_did_and_of_what_the_chain_says(town: Opened) -> None:
    """Whatever the record says of power, times and results: all of that is read or counted again."""
    opened = town(MEMBERS)
    opened.fund({ANN: 700, BOB: 400, EVE: 350})
    ann = opened.link("ann", ANN)
    opened.link("eve", EVE)
    proposal = opened.propose()
    opened.fund({EVE: 5000})
    opened.vote(ann, proposal, FOR)
    opened.sign_vote(BOB, proposal, AGAINST)
    assert isinstance(judge_again(opened, proposal), Waiting)
    opened.later()
    lost = judge_again(opened, proposal)
    assert isinstance(lost, Defeat) and "quorum" in lost.reason
    ten_times = [f'"power": {units * TOKEN}' for units in (700, 7000)]
    for change in (
        lambda text: text.replace(*ten_times),
        lambda text: text.replace('"700000000"', '"7000000000"'),
        lambda text: text.replace('"1000000000"', '"1"').replace("1000000000", "1"),
        lambda text: text.replace(BALLOT_OPENED, BALLOT_CLOSED),
    ):
        assert not isinstance(judge_again(opened, proposal, change), Approval)
    opened.office.tick()
    assert opened.office.state(proposal) is State.DEFEATED


def test_an_approved_batch_is_approved_again_by_another_process(town: Opened) -> None:
    opened = town({"use": "stewards-and-ballot", "stewards": {"approvals": "1"}, "ballot": BALLOT, **ALWAYS_SIGNED})
    opened.fund({ANN: 700, BOB: 400})
    opened.assembly.delegate(opened.link("bob", BOB), ANN.address, "chat")
    order = opened.assembly.statement(Deed.DELEGATE, BOB.address, ANN.address)
    opened.assembly.delegate_signed(order, BOB.sign_text(order.text()))
    proposal = opened.propose()
    opened.stand_signed("steward-1", proposal, Deed.APPROVE)
    opened.sign_vote(ANN, proposal, FOR)
    opened.later()
    opened.office.tick()
    assert opened.office.state(proposal) is State.QUEUED
    again = judge_again(opened, proposal)
    assert isinstance(again, Approval)
    assert again.batch_hash == opened.office.stored(proposal).proposal.batch.batch_hash
    for left_out in ("statement", "signed"):
        assert not isinstance(judge_again(opened, proposal, without(left_out)), Approval)


def without(key: str) -> Callable[[str], str]:
    """Nothing stands there any more, as for what is said in a chat."""

    def change(text: str) -> str:
        grounds = json.loads(text)
        for act in grounds["acts"]:
            act["body"] |= {key: None} if key in act["body"] else {}
        return json.dumps(grounds)

    return change
