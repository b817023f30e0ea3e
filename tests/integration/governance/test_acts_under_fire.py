"""Double clicks, kills and quarrels: no vote is lost or counted twice, nothing is told before it is recorded."""

from __future__ import annotations

import copy
import threading
from typing import Any

import pytest

from dao_bot.domain.decisions import Decision
from dao_bot.domain.errors import DaoBotError, Refused
from dao_bot.domain.lifecycle import State
from dao_bot.domain.runs import RunId
from dao_bot.engine.runs import run_once
from governance.acts.kinds import VOTED
from governance.assembly import Identity
from governance.assembly.voting import Cast
from governance.wallets.errors import LinkRefused
from governance.wallets.sign_in import Page
from tests.integration.engine.kit import STRATEGY, at, deciding
from tests.integration.governance.town import ABSTAIN, AGAINST, ANN, BOB, CAT, FOR, MEMBERS, TOKEN, Opened, Town, person


class Killed(BaseException):
    """As a kill would end the process."""


def die() -> None:
    raise Killed


def recorded(town: Town, proposal: str) -> int:
    return len(town.office.desk.store.acts(proposal, VOTED))


@pytest.mark.parametrize(("failpoint", "stored"), [("before_commit", 0), ("after_commit", 1)])
def test_a_vote_exists_after_the_commit_and_the_same_click_again_records_it_once(
    town: Opened, failpoint: str, stored: int
) -> None:
    opened = town(MEMBERS)
    opened.fund({ANN: 2000})
    ann = opened.link("ann", ANN)
    proposal = opened.propose()
    with pytest.raises(Killed), at(f"store.votes.{failpoint}", die):
        opened.vote(ann, proposal, FOR)
    assert recorded(opened, proposal) == stored
    assert opened.vote(ann, proposal, FOR).again is bool(stored)
    assert recorded(opened, proposal) == 1
    assert opened.assembly.tally(proposal).tally.total == 2000 * TOKEN


def test_many_people_who_click_at_once_and_twice_are_each_recorded_once(town: Opened) -> None:
    opened = town(MEMBERS)
    opened.fund({ANN: 2000, BOB: 300, CAT: 40})
    people = [opened.link(name, wallet) for name, wallet in (("ann", ANN), ("bob", BOB), ("cat", CAT))]
    proposal = opened.propose()
    failures: list[BaseException] = []

    def click(who: Identity) -> None:
        try:
            opened.vote(who, proposal, FOR, "one click")
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            failures.append(error)

    threads = [threading.Thread(target=click, args=(who,)) for who in people * 4]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert recorded(opened, proposal) == 3
    assert opened.assembly.tally(proposal).tally.total == 2340 * TOKEN


def test_in_a_burst_each_gets_an_answer_of_his_own_and_who_fails_stops_nobody(town: Opened) -> None:
    opened = town(MEMBERS)
    opened.fund({ANN: 2000, BOB: 300})
    ann, bob = opened.link("ann", ANN), opened.link("bob", BOB)
    poor = Identity(person("poor"))
    proposal = opened.propose()
    answers = opened.assembly.cast_all(
        [
            Cast(ann, proposal, FOR, "1"),
            Cast(poor, proposal, FOR, "2"),
            Cast(bob, proposal, 9, "3"),
            Cast(bob, proposal, AGAINST, "4"),
            Cast(ann, proposal, FOR, "1"),
            Cast(ann, proposal, ABSTAIN, "5"),
            Cast(ann, "0x" + "ab" * 32, FOR, "6"),
        ]
    )
    assert [isinstance(answer, DaoBotError) for answer in answers] == [False, True, True, False, False, False, True]
    assert "no voting power" in str(answers[1]) and "no such option" in str(answers[2])
    counted = opened.assembly.tally(proposal)
    assert [int(score) // TOKEN for score in counted.tally.scores] == [0, 300, 2000]
    assert recorded(opened, proposal) == 3


def test_a_wallet_that_two_persons_link_at_once_belongs_to_one_of_them(town: Opened) -> None:
    opened = town(MEMBERS)
    page = Page("vote.example.org", "https://vote.example.org/", opened.office.world.chain_id)
    texts = {name: opened.assembly.begin_link(person(name), page).message(ANN.address).text() for name in ("a", "b")}
    outcomes: dict[str, BaseException | None] = {}

    def link(name: str) -> None:
        try:
            opened.assembly.finish_link(page, texts[name], ANN.sign_text(texts[name]), person(name))
            outcomes[name] = None
        except BaseException as error:  # noqa: BLE001 - the test looks at it
            outcomes[name] = error

    threads = [threading.Thread(target=link, args=(name,)) for name in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    (loser,) = [error for error in outcomes.values() if error is not None]
    assert isinstance(loser, LinkRefused)
    assert len([name for name in texts if opened.assembly.wallets(person(name))]) == 1


def test_who_unlinks_in_a_vote_has_voted_and_cannot_vote_again_and_the_wallet_still_can(town: Opened) -> None:
    opened = town(MEMBERS)
    opened.fund({ANN: 2000})
    ann = opened.link("ann", ANN)
    proposal = opened.propose()
    opened.vote(ann, proposal, AGAINST)
    opened.assembly.unlink(ann, ANN.address)
    with pytest.raises(Refused, match="no voting power"):
        opened.vote(ann, proposal, FOR, "2")
    opened.sign_vote(ANN, proposal, FOR)
    assert [int(score) // TOKEN for score in opened.assembly.tally(proposal).tally.scores] == [2000, 0, 0]


def test_a_vote_that_cannot_be_opened_stops_neither_the_keeper_nor_the_other_proposals(town: Opened) -> None:
    def broken(data: dict[str, Any]) -> None:
        usdc = data["treasury"]["tokens"]["USDC"]["address"]
        data["governance"]["power"]["members"]["sources"] = [{"use": "balance", "token": usdc, "decimals": "18"}]
        data["approvals"]["two-owners"] = {"use": "owners"}
        data["strategies"]["other"] = {**copy.deepcopy(data["strategies"][STRATEGY]), "approval": "two-owners"}

    opened = town(MEMBERS, change=broken)
    stuck = opened.office.propose(opened.office.payment("USDC", 1000))
    told = opened.office.tick()[stuck]
    assert "could not go on" in told[-1] and "decimals" in told[-1]
    assert opened.office.state(stuck) is State.ACTIVE
    services, store = opened.office.desk.services, opened.office.desk.store
    plan = deciding(services.strategies["other"], Decision((opened.office.payment("USDC", 500),), "A test wants it."))
    report = run_once(services, store, plan, RunId("other", 0), "test", opened.office.anvil.timestamp())
    assert report is not None and report.proposal is not None
    opened.office.tick()
    assert opened.finish(report.proposal.id) is State.EXECUTED
    assert opened.office.state(stuck) is State.ACTIVE
    with pytest.raises(DaoBotError, match="no ballot"):
        opened.assembly.tally(stuck)
