"""From what people say to the executed batch, on the local chain: each rule lets through what it must, and no more."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from dao_bot.app.counting import window_line
from dao_bot.domain.errors import BadInput, DaoBotError, Refused, StoreError
from dao_bot.domain.lifecycle import State
from governance.acts.ballot_box import Counted
from governance.acts.kinds import CARD_SEEN
from governance.acts.stands import Stand
from governance.assembly import STEWARD
from governance.wallets.statement import Deed
from tests.integration.engine.kit import SENDING, at
from tests.integration.governance.town import (
    ABSTAIN,
    AGAINST,
    ANN,
    BOB,
    CAT,
    EVE,
    FOR,
    GUILD,
    HOUR,
    MEMBERS,
    STEWARDS,
    TOKEN,
    Opened,
)

USDC = 10**6


def scores(counted: Counted) -> list[int]:
    """By option, in whole tokens."""
    return [int(score) // TOKEN for score in counted.tally.scores]


def test_members_vote_then_owners_sign_then_exactly_the_approved_batch_is_executed(town: Opened) -> None:
    opened = town(MEMBERS)
    opened.fund({ANN: 2000, BOB: 500})
    ann, bob = opened.link("ann", ANN), opened.link("bob", BOB)
    proposal = opened.propose()
    assert opened.vote(ann, proposal, FOR).power == 2000 * TOKEN
    opened.vote(bob, proposal, AGAINST)
    opened.office.tick()
    assert opened.office.state(proposal) is State.ACTIVE
    opened.later()
    assert opened.finish(proposal) is State.EXECUTED
    assert (opened.office.received(), opened.office.executions()) == (1000 * USDC, 1)
    counted = opened.assembly.tally(proposal)
    assert counted.closed is not None and scores(counted) == [2000, 500, 0]
    (approval,) = opened.office.desk.store.approvals(proposal)
    assert approval.approval.batch_hash == opened.office.stored(proposal).proposal.batch.batch_hash
    assert approval.approval.evidence["ballot"]["votes_root"] == counted.tally.votes_root  # type: ignore[index]
    opened.office.desk.store.verify()


@pytest.mark.parametrize(
    ("votes", "why"),
    [
        ({}, "quorum"),
        ({ANN: ABSTAIN}, "not more than 50.00 %"),
        ({ANN: AGAINST}, "quorum"),
        ({ANN: FOR, BOB: AGAINST, CAT: AGAINST}, "not more than 50.00 %"),
        ({CAT: FOR}, "quorum"),
    ],
)
def test_a_vote_that_is_lost_defeats_the_proposal_and_nothing_is_executed(
    town: Opened, votes: dict[Any, int], why: str
) -> None:
    opened = town(MEMBERS)
    opened.fund({ANN: 1000, BOB: 501, CAT: 500})
    people = {wallet: opened.link(str(number), wallet) for number, wallet in enumerate((ANN, BOB, CAT))}
    proposal = opened.propose()
    for wallet, choice in votes.items():
        opened.vote(people[wallet], proposal, choice)
    opened.later()
    (told,) = opened.office.tick()[proposal]
    assert why in told
    assert opened.office.state(proposal) is State.DEFEATED
    assert opened.office.executions() == 0


def test_tokens_that_arrive_after_the_proposal_and_loans_count_for_nothing(town: Opened) -> None:
    opened = town(MEMBERS)
    opened.fund({ANN: 1500})
    ann, eve = opened.link("ann", ANN), opened.link("eve", EVE)
    proposal = opened.propose()
    opened.fund({EVE: 900_000})
    opened.vote(ann, proposal, FOR)
    with pytest.raises(Refused, match="no voting power"):
        opened.vote(eve, proposal, AGAINST)
    opened.later()
    assert opened.finish(proposal) is State.EXECUTED
    assert opened.assembly.tally(proposal).tally.total == 1500 * TOKEN


def test_power_is_read_at_a_block_that_is_final(town: Opened) -> None:
    def final_late(data: dict[str, Any]) -> None:
        data["treasury"]["chain"]["finality"] = "5 blocks"

    opened = town(MEMBERS, change=final_late)
    opened.fund({ANN: 2000})
    opened.office.anvil.mine(5)
    opened.fund({BOB: 2000})
    ann, bob = opened.link("ann", ANN), opened.link("bob", BOB)
    proposal = opened.propose()
    assert opened.vote(ann, proposal, FOR).power == 2000 * TOKEN
    with pytest.raises(Refused, match="no voting power"):
        opened.vote(bob, proposal, AGAINST)


def test_with_a_minimum_age_tokens_bought_for_the_vote_do_not_count(town: Opened) -> None:
    def aged(data: dict[str, Any]) -> None:
        data["governance"]["power"]["members"]["minimum_age"] = "6h"

    opened = town(MEMBERS, change=aged)
    opened.fund({ANN: 1500})
    opened.office.anvil.advance(12 * HOUR)
    opened.fund({BOB: 9000, ANN: 100})
    ann, bob = opened.link("ann", ANN), opened.link("bob", BOB)
    proposal = opened.propose()
    assert opened.vote(ann, proposal, FOR).power == 1500 * TOKEN
    with pytest.raises(Refused, match="no voting power"):
        opened.vote(bob, proposal, AGAINST)


def test_who_links_or_signs_during_the_vote_is_read_at_the_same_block(town: Opened) -> None:
    opened = town(MEMBERS)
    opened.fund({ANN: 700, BOB: 800})
    proposal = opened.propose()
    opened.fund({ANN: 5000, BOB: 5000})
    ann = opened.link("ann", ANN)
    assert opened.vote(ann, proposal, FOR).power == 700 * TOKEN
    assert opened.sign_vote(BOB, proposal, FOR).power == 800 * TOKEN
    opened.later()
    assert opened.finish(proposal) is State.EXECUTED
    assert opened.assembly.tally(proposal).tally.total == 1500 * TOKEN


def test_a_vote_may_change_until_the_end_and_a_click_that_comes_twice_is_one(town: Opened) -> None:
    opened = town(MEMBERS)
    opened.fund({ANN: 2000})
    ann = opened.link("ann", ANN)
    proposal = opened.propose()
    first = opened.vote(ann, proposal, AGAINST, key="1")
    again = opened.vote(ann, proposal, AGAINST, key="1")
    changed = opened.vote(ann, proposal, FOR, key="2")
    assert (first.again, again.again, changed.again, changed.changed) == (False, True, False, True)
    assert again.votes == first.votes
    assert scores(opened.assembly.tally(proposal)) == [2000, 0, 0]
    opened.later()
    with pytest.raises(Refused, match="over"):
        opened.vote(ann, proposal, AGAINST, key="3")
    assert opened.finish(proposal) is State.EXECUTED
    with pytest.raises(Refused, match="not open to votes any more"):
        opened.vote(ann, proposal, AGAINST, key="4")


def test_a_wallet_that_votes_for_itself_and_through_its_person_counts_once_and_the_last_counts(town: Opened) -> None:
    opened = town(MEMBERS)
    opened.fund({ANN: 2000})
    ann = opened.link("ann", ANN)
    proposal = opened.propose()
    opened.sign_vote(ANN, proposal, AGAINST)
    opened.vote(ann, proposal, ABSTAIN)
    typed = opened.assembly.message(proposal, ANN.address, FOR).typed_data()
    opened.assembly.cast_signed(proposal, typed, ANN.sign_typed(typed))
    assert scores(opened.assembly.tally(proposal)) == [2000, 0, 0]


def test_an_old_signed_vote_that_somebody_kept_does_not_undo_a_later_one(town: Opened) -> None:
    opened = town(MEMBERS)
    opened.fund({ANN: 2000})
    ann = opened.link("ann", ANN)
    proposal = opened.propose()
    kept = opened.assembly.message(proposal, ANN.address, AGAINST).typed_data()
    opened.later(60)
    opened.vote(ann, proposal, FOR)
    with pytest.raises(Exception, match="signed a later vote"):
        opened.assembly.cast_signed(proposal, kept, ANN.sign_typed(kept))
    assert scores(opened.assembly.tally(proposal)) == [2000, 0, 0]


def test_a_voter_finds_the_vote_in_the_tally_by_its_receipt(town: Opened) -> None:
    from governance.ballots.merkle import verify

    opened = town(MEMBERS)
    opened.fund({ANN: 2000, BOB: 10, CAT: 20})
    people = [opened.link(str(number), wallet) for number, wallet in enumerate((ANN, BOB, CAT))]
    proposal = opened.propose()
    recorded = [opened.vote(who, proposal, FOR) for who in people]
    opened.later()
    opened.finish(proposal)
    receipt = opened.assembly.receipt(proposal, BOB.address)
    assert receipt.closed and receipt.receipt == recorded[1].votes[0].receipt
    assert verify(receipt.receipt, receipt.path, receipt.votes_root)


def test_enough_stewards_approve_by_wallet_or_chat_and_each_counts_once(town: Opened) -> None:
    opened = town({"use": "stewards", "approvals": "2"})
    proposal = opened.propose()
    opened.stand(opened.steward("steward-1"), proposal, Stand.APPROVE, "1")
    opened.stand_signed("steward-1", proposal, Deed.APPROVE)
    opened.office.tick()
    assert opened.office.state(proposal) is State.ACTIVE
    opened.stand_signed("steward-2", proposal, Deed.APPROVE)
    assert opened.finish(proposal) is State.EXECUTED
    (approval,) = opened.office.desk.store.approvals(proposal)
    said = approval.approval.evidence["stewards"]
    assert [each["steward"] for each in said] == ["steward-1", "steward-2"]  # type: ignore[attr-defined]
    assert [each["signed"] for each in said] == [True, True]  # type: ignore[attr-defined]


def test_a_steward_who_withdraws_is_not_counted_and_a_veto_defeats(town: Opened) -> None:
    opened = town({"use": "stewards", "approvals": "2"})
    proposal = opened.propose()
    for name in ("steward-1", "steward-2"):
        opened.stand_signed(name, proposal, Deed.APPROVE)
    opened.stand_signed("steward-2", proposal, Deed.WITHDRAW)
    opened.office.tick()
    assert opened.office.state(proposal) is State.ACTIVE
    opened.stand_signed("steward-3", proposal, Deed.VETO, "wrong recipient")
    (told,) = opened.office.tick()[proposal]
    assert "vetoed by steward-3 (wrong recipient)" in told
    assert opened.office.state(proposal) is State.DEFEATED


def test_a_veto_after_the_approval_stops_the_batch_before_it_is_sent_even_when_owners_have_signed(town: Opened) -> None:
    opened = town({"use": "stewards", "approvals": "1"})
    proposal = opened.propose()
    opened.stand_signed("steward-1", proposal, Deed.APPROVE)
    opened.office.tick()
    opened.office.sign(proposal)
    opened.stand_signed("steward-2", proposal, Deed.VETO)
    opened.office.tick()
    assert opened.office.state(proposal) is State.STALE
    assert opened.office.executions() == 0


def test_both_need_the_members_and_the_stewards(town: Opened) -> None:
    ballot = {key: value for key, value in MEMBERS.items() if key != "use"}
    opened = town({"use": "stewards-and-ballot", "stewards": {"approvals": "1"}, "ballot": ballot})
    opened.fund({ANN: 2000})
    ann = opened.link("ann", ANN)
    proposal = opened.propose()
    opened.vote(ann, proposal, FOR)
    opened.later()
    opened.office.tick()
    assert opened.office.state(proposal) is State.ACTIVE
    opened.stand_signed("steward-1", proposal, Deed.APPROVE)
    assert opened.finish(proposal) is State.EXECUTED


def test_above_an_amount_only_what_wallets_signed_counts(town: Opened) -> None:
    opened = town({**MEMBERS, "signed_above": "500 USD"})
    opened.fund({ANN: 2000})
    ann = opened.link("ann", ANN)
    proposal = opened.propose(1000)
    with pytest.raises(Refused, match="wallets signed"):
        opened.vote(ann, proposal, FOR)
    opened.sign_vote(ANN, proposal, FOR)
    opened.later()
    assert opened.finish(proposal) is State.EXECUTED


def test_below_the_amount_the_chat_is_enough(town: Opened) -> None:
    opened = town({"use": "stewards", "approvals": "1", "signed_above": "5000 USD"})
    proposal = opened.propose(1000)
    opened.stand(opened.steward("steward-1"), proposal, Stand.APPROVE)
    assert opened.finish(proposal) is State.EXECUTED


def test_an_optimistic_batch_passes_only_when_its_card_was_seen_for_the_whole_window(town: Opened) -> None:
    opened = town({"use": "optimistic", "power": "members", "veto_power": "1000", "window": "10m", "longest_gap": "2m"})
    opened.fund({ANN: 2000})
    proposal = opened.propose()
    opened.later(HOUR)
    opened.office.tick()
    assert opened.office.state(proposal) is State.ACTIVE, "nobody saw the card, so silence means nothing"
    for visible in (True, True, False, *[True] * 11):
        opened.assembly.saw_card(proposal, visible=visible, healthy=True)
        opened.later(60)
    opened.assembly.saw_card(proposal, visible=True, healthy=True)
    opened.later(5)
    assert opened.finish(proposal) is State.EXECUTED
    store, counted = opened.office.desk.store, opened.assembly.tally(proposal)
    told = [(act.body["from"], act.body["to"]) for act in store.acts(proposal, CARD_SEEN)]
    assert [end - start >= 60 for start, end in told] == [True, True], "an event for each time, not for each look"
    assert told[0][1] < told[1][0] and store.sightings(proposal) == ((told[1][1], True),)
    assert "ran 10 min of 10 min, in 2 times" in str(window_line(counted))
    with pytest.raises(StoreError, match="did not end when"):
        window_line(dataclasses.replace(counted, seen=counted.seen[:1]))


def test_an_optimistic_batch_is_defeated_by_enough_vetoes(town: Opened) -> None:
    opened = town({"use": "optimistic", "power": "members", "veto_power": "1000", "window": "10m", "longest_gap": "1h"})
    opened.fund({ANN: 2000})
    ann = opened.link("ann", ANN)
    proposal = opened.propose()
    opened.assembly.saw_card(proposal, visible=True, healthy=True)
    opened.vote(ann, proposal, 1)
    opened.later(11 * 60)
    opened.assembly.saw_card(proposal, visible=True, healthy=True)
    opened.later(5)
    opened.office.tick()
    assert opened.office.state(proposal) is State.DEFEATED


def test_while_approvals_are_frozen_nothing_is_approved_or_sent_until_stewards_wallets_end_it(town: Opened) -> None:
    opened = town({"use": "stewards", "approvals": "1"})
    steward = opened.steward("steward-1")
    proposal = opened.propose()
    opened.stand(steward, proposal, Stand.APPROVE)
    opened.office.tick()
    opened.office.sign(proposal)
    freeze = opened.assembly.freeze(steward, "a stranger has the role")
    (signed, waits) = opened.office.tick()[proposal]
    assert "waits: approvals are frozen" in waits
    assert opened.office.state(proposal) is State.READY
    for name in ("steward-2", "steward-3"):
        wallet = STEWARDS[name]
        statement = opened.assembly.statement(Deed.UNFREEZE, wallet.address, str(freeze.number))
        held = opened.assembly.unfreeze_signed(statement, wallet.sign_text(statement.text()))
    assert held is None
    opened.office.tick()
    assert opened.office.state(proposal) is State.EXECUTED


def test_a_nonce_that_moved_does_not_void_the_vote(town: Opened) -> None:
    opened = town(MEMBERS)
    opened.fund({ANN: 2000})
    ann = opened.link("ann", ANN)
    proposal = opened.propose()
    opened.vote(ann, proposal, FOR)
    opened.later()
    opened.office.tick()
    assert opened.office.state(proposal) is State.QUEUED
    first = opened.office.stored(proposal).nonce
    from dao_bot.safe.transaction import rejection

    assert first is not None
    opened.office.submit_as_stranger(rejection(opened.office.world.safe, first))
    opened.office.tick()
    assert opened.office.stored(proposal).nonce == first + 1
    assert opened.finish(proposal) is State.EXECUTED
    assert opened.office.received() == 1000 * USDC


def test_a_vote_that_would_end_after_the_deadline_is_not_begun(town: Opened) -> None:
    opened = town({**MEMBERS, "duration": "3d"})
    proposal = opened.office.propose(opened.office.payment("USDC", 1000))
    told = opened.office.tick()[proposal]
    assert "only after its deadline" in told[-1]
    assert opened.office.state(proposal) is State.DEFEATED


def test_a_keeper_that_stops_anywhere_in_a_vote_goes_on_with_the_same_ballot(town: Opened) -> None:
    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    opened = town(MEMBERS)
    opened.fund({ANN: 2000})
    ann = opened.link("ann", ANN)
    proposal = opened.office.propose(opened.office.payment("USDC", 1000))
    with pytest.raises(Killed), at("store.record_acts.after_commit", die):
        opened.office.tick()
    opened.office.tick()
    ballot = opened.assembly.paper(proposal).ballot
    opened.vote(ann, proposal, FOR)
    opened.later()
    with pytest.raises(Killed), at("store.close_ballot.after_commit", die):
        opened.office.tick()
    opened.office.tick()
    opened.office.sign(proposal)
    with pytest.raises(Killed), at(SENDING, die):
        opened.office.tick()
    opened.office.tick()
    assert opened.office.state(proposal) is State.EXECUTED
    assert opened.assembly.paper(proposal).ballot == ballot
    assert opened.office.executions() == 1


def by_role(data: dict[str, Any]) -> None:
    data["governance"]["power"]["members"] = {"sources": [{"use": "role", "role": "member"}]}


def test_a_role_votes_as_it_was_when_the_vote_began_and_one_person_is_one_vote(town: Opened) -> None:
    opened = town({**MEMBERS, "quorum": "2"}, change=by_role)
    people = {name: opened.link(name) for name in ("ann", "bob", "eve")}
    with pytest.raises(BadInput, match="not the id"):
        opened.assembly.note_roles(GUILD, {"member": {"@everyone"}})
    assert opened.assembly.note_roles(GUILD, {"member": {"ann", "bob"}})
    assert not opened.assembly.note_roles(GUILD, {"member": {"bob", "ann"}})
    proposal = opened.propose()
    assert opened.assembly.note_roles(GUILD, {"member": {"eve"}})
    opened.vote(people["ann"], proposal, FOR, "1")
    opened.vote(people["ann"], proposal, FOR, "2")
    with pytest.raises(Refused, match="no voting power"):
        opened.vote(people["eve"], proposal, AGAINST)
    assert opened.assembly.note_roles(GUILD, {})
    opened.vote(people["bob"], proposal, FOR)
    assert scores(opened.assembly.tally(proposal)) == [2, 0, 0]
    opened.later()
    assert opened.finish(proposal) is State.EXECUTED


def test_a_role_that_nobody_noted_has_nobody(town: Opened) -> None:
    opened = town({**MEMBERS, "quorum": "0"}, change=by_role)
    ann = opened.link("ann", ANN)
    proposal = opened.propose()
    with pytest.raises(Refused, match="no voting power"):
        opened.vote(ann, proposal, FOR)
    opened.later()
    opened.office.tick()
    assert opened.office.state(proposal) is State.DEFEATED


def test_a_steward_s_role_without_the_wallet_and_the_wallet_without_the_role_are_nothing(town: Opened) -> None:
    opened = town({"use": "stewards", "approvals": "1"})
    proposal = opened.propose()
    role_only = dataclasses.replace(opened.link("eve", EVE), roles=frozenset({STEWARD}))
    wallet_only = opened.link("ann", STEWARDS["steward-1"])
    with pytest.raises(Refused, match="no steward's wallet"):
        opened.stand(role_only, proposal, Stand.APPROVE)
    with pytest.raises(Refused, match="only stewards"):
        opened.stand(wallet_only, proposal, Stand.APPROVE)
    with pytest.raises(Refused, match="only stewards"):
        opened.assembly.freeze(wallet_only, "no")
    assert opened.assembly.stands(proposal) == () and opened.assembly.frozen() is None


def test_a_signed_ballot_of_one_proposal_is_worth_nothing_for_another(town: Opened) -> None:
    opened = town(MEMBERS)
    opened.fund({ANN: 2000})
    first = opened.propose(1000)
    second = opened.office.propose(opened.office.payment("USDC", 500), nominal=1)
    opened.office.tick()
    typed = opened.assembly.message(first, ANN.address, FOR).typed_data()
    with pytest.raises(BadInput, match="proposal"):
        opened.assembly.cast_signed(second, typed, ANN.sign_typed(typed))
    statement = opened.assembly.statement(Deed.APPROVE, STEWARDS["steward-1"].address, "0x" + "ab" * 32)
    with pytest.raises(DaoBotError):
        opened.assembly.stand_signed(second, statement, STEWARDS["steward-1"].sign_text(statement.text()))
    assert opened.assembly.tally(second).tally.votes == 0


def test_an_approval_that_is_only_in_the_record_of_other_bytes_sends_nothing(town: Opened) -> None:
    """Somebody with the database puts the approved proposal's identity over other bytes."""
    opened = town({"use": "stewards", "approvals": "1"})
    proposal = opened.propose()
    opened.stand_signed("steward-1", proposal, Deed.APPROVE)
    opened.office.tick()
    opened.office.sign(proposal)
    with opened.office.desk.store._database.write("tamper") as connection:
        connection.exec_driver_sql("UPDATE proposals SET body = replace(body, '3b9aca00', '77359400')")
    with pytest.raises(StoreError):
        opened.office.tick()
    assert opened.office.executions() == 0
