"""Owners sign at the transaction service, and the keeper executes; everything that the service may get wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from eth_account import Account

from dao_bot.app.collecting import make_collection
from dao_bot.app.wiring import open_desk
from dao_bot.domain import failpoints
from dao_bot.domain.errors import BadInput
from dao_bot.domain.lifecycle import State
from dao_bot.safe.signatures import EcdsaSignature
from dao_bot.safe.transaction import rejection as rejection_at
from dao_bot.safe.transaction_service.budget import month_of
from tests.contract.owners_queue.standin import Behaviour, Request, StandIn, always
from tests.integration.engine.kit import KEEPER_VARIABLE, Office, write_config
from tests.integration.engine.queue_kit import (
    PROPOSER,
    PROPOSER_KEY,
    PROPOSER_VARIABLE,
    Clock,
    ServedOffice,
    lying,
    register,
)

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World


@pytest.fixture
def served(tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServedOffice]:
    """The demo's treasury with a service that knows its delegate."""
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    monkeypatch.setenv(PROPOSER_VARIABLE, PROPOSER_KEY.hex())
    with StandIn(anvil.url) as service:

        def change(data: dict[str, Any]) -> None:
            data["treasury"]["service"] = {
                "url": service.url,
                "proposer": f"env:{PROPOSER_VARIABLE}",
                "requests_per_second": "1000",
            }

        register(service, world.safe)
        with open_desk(write_config(tmp_path, anvil.url, change)) as desk:
            yield ServedOffice(Office(desk, world, anvil), service, Clock())


class Killed(BaseException):
    """In place of SIGKILL: nothing catches it."""


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
    served.tick(after=20)
    assert served.asked() == 3, "not before `poll` has passed"
    served.tick(after=20)
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


# What the service may get wrong. Each case ends with the effects that it may have.


def first(content: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = content["results"][0]
    return found


LIES: dict[str, Callable[[dict[str, Any]], object]] = {
    "another hash": lambda content: first(content).update(safeTxHash="0x" + "ab" * 32),
    "a nonce that it reassigned": lambda content: first(content).update(nonce="1"),
    "another recipient": lambda content: first(content).update(to="0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"),
    "another amount": lambda content: first(content).update(value="1"),
    "other calls": lambda content: first(content).update(data="0x8d80ff0a"),
    "a call instead of a delegatecall": lambda content: first(content).update(operation=0),
    "an operation that does not exist": lambda content: first(content).update(operation=2),
    "another Safe": lambda content: first(content).update(safe="0x15d34AAf54267DB7D7c367839AAf71A00a2C6A65"),
    "a refund for the sender": lambda content: first(content).update(gasPrice="1"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_about_the_transaction_is_an_alarm_and_has_no_effect(served: ServedOffice, lie: str) -> None:
    proposal = served.queued()
    for owner in (0, 1):
        served.confirm(proposal, owner)
    served.service.behaviours.append(lying(LIES[lie]))
    told = served.tick()
    assert "ALARM: the transaction service at 127.0.0.1 is not to be trusted" in str(told)
    assert served.kinds("keeper").count("alarm") == 1
    assert (served.office.state(proposal), served.office.executions()) == (State.QUEUED, 0)
    served.tick(after=600)
    assert served.kinds("keeper").count("alarm") == 1, "the same lie is recorded once"
    served.service.behaviours.clear()
    served.tick(after=600)
    assert (served.office.state(proposal), served.office.executions()) == (State.EXECUTED, 1)


def test_a_lie_that_is_told_when_a_nonce_is_asked_for_is_an_alarm_too(served: ServedOffice) -> None:
    served.others_propose(0)
    served.service.behaviours.append(lying(LIES["another hash"]))
    proposal = served.office.propose(served.office.payment("USDC", 1000))
    told = served.tick()
    assert "ALARM" in str(told[proposal])
    assert served.kinds("keeper").count("alarm") == 1


def test_a_flood_of_lies_and_rivals_does_not_flood_the_record(
    served: ServedOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dao_bot.engine.collection._MOST_OF_A_KIND", 10)
    proposal = served.queued()
    for value in range(20):
        served.others_propose(0, value + 1)

    def lie(content: dict[str, Any]) -> None:
        for number, shown in enumerate(content["results"][15:]):
            shown["safeTxHash"] = f"0x{number:064x}"

    served.service.behaviours.append(lying(lie))
    served.tick()
    assert served.kinds(proposal).count("rival") == 10
    assert served.kinds("keeper").count("alarm") == 6, "five of them, and that there are more"


def forged_by_a_stranger(served: ServedOffice, proposal: str) -> EcdsaSignature:
    made = Account.unsafe_sign_hash(bytes.fromhex(served.hash(proposal)[2:]), served.office.world.stranger_key)
    return EcdsaSignature(made.r, made.s, made.v)


FORGERIES: dict[str, Callable[[ServedOffice, str], Any]] = {
    "by a stranger in an owner's name": forged_by_a_stranger,
    "another owner's": lambda served, proposal: served.signature(served.batch(proposal), 2),
    "over another transaction": lambda served, proposal: served.signature(
        dataclasses.replace(served.batch(proposal), nonce=9), 1
    ),
    "no signature at all": lambda served, proposal: b"\x01" * 64 + b"\x63",
    "too short": lambda served, proposal: b"\x01" * 12,
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_confirmation_is_an_alarm_and_counts_for_nothing(served: ServedOffice, forgery: str) -> None:
    proposal = served.queued()
    served.confirm(proposal, 0)
    served.put(served.hash(proposal), FORGERIES[forgery](served, proposal), 1)
    told = served.tick()
    assert "ALARM" in str(told)
    assert served.kinds(proposal).count("alarm") == 1
    assert served.office.state(proposal) is State.QUEUED, "one honest signature of two"
    served.confirm(proposal, 1)
    served.tick(after=600)
    assert (served.office.state(proposal), served.office.executions()) == (State.EXECUTED, 1)


def test_an_approved_hash_that_the_chain_does_not_know_counts_for_nothing(served: ServedOffice) -> None:
    proposal = served.queued()
    served.confirm(proposal, 0)
    owner = served.office.world.owners[1]
    claimed = bytes.fromhex(owner[2:]).rjust(32, b"\0") + bytes(32) + b"\1"
    served.put(served.hash(proposal), claimed, 1)
    served.tick()
    assert served.office.state(proposal) is State.QUEUED
    assert [each.owner for each in served.desk.store.signatures(served.hash(proposal))] == [
        served.office.world.owners[0]
    ]


def test_a_confirmation_of_somebody_who_is_no_owner_counts_for_nothing(served: ServedOffice) -> None:
    proposal = served.queued()
    served.put(served.hash(proposal), forged_by_a_stranger(served, proposal), served.office.world.stranger)
    served.confirm(proposal, 0)
    served.tick()
    assert served.office.state(proposal) is State.QUEUED


def test_a_confirmation_that_the_service_loses_again_is_kept_here(served: ServedOffice) -> None:
    proposal = served.queued()
    served.confirm(proposal, 0)
    served.tick()
    served.service.kept[served.hash(proposal)].confirmations.clear()
    served.confirm(proposal, 1)
    served.tick()
    assert (served.office.state(proposal), served.office.executions()) == (State.EXECUTED, 1)


def test_an_old_page_loses_nothing_and_repeats_nothing(served: ServedOffice) -> None:
    proposal = served.queued()
    served.service.behaviours.append(lying(lambda content: content.update(results=[], count=0)))
    told = served.tick()
    assert "did not list it; it was offered again" in str(told)
    assert len(served.service.kept) == 1
    served.service.behaviours.clear()
    for owner in (0, 1):
        served.confirm(proposal, owner)
    served.tick(after=600)
    assert (served.office.state(proposal), served.office.executions()) == (State.EXECUTED, 1)


def test_ours_may_stand_on_a_later_page(served: ServedOffice) -> None:
    proposal = served.queued()
    for value in range(120):
        served.others_propose(0, value + 1)
    for owner in (0, 1):
        served.confirm(proposal, owner)
    served.service.kept[served.hash(proposal)].number = 1000
    served.tick()
    assert (served.office.state(proposal), served.office.executions()) == (State.EXECUTED, 1)


def test_a_list_without_an_end_is_given_up(served: ServedOffice) -> None:
    proposal = served.queued()
    page = served.service._list(served.office.world.safe, {})[1]["results"]
    served.service.behaviours.append(lying(lambda content: content.update(results=page, next=served.service.url)))
    told = served.tick()
    assert "lists more than can be read" in str(told)
    assert served.office.state(proposal) is State.QUEUED


TROUBLE: dict[str, tuple[Callable[[Request], object], str]] = {
    "500": (lambda request: request.answer({}, 500), "is in trouble"),
    "502 with a page of HTML": (lambda request: request.answer(b"<html>", 502), "is in trouble"),
    "a redirect": (lambda request: request.answer(None, 302, {"Location": "http://127.0.0.1:1/"}), "is in trouble"),
    "malformed JSON": (lambda request: request.answer(b'{"count": 1, "resul'), "what its API does not allow"),
    "a list instead of a page": (lambda request: request.answer([]), "what its API does not allow"),
    "a page without results": (lambda request: request.answer({"count": 0, "next": None}), "does not allow"),
    "nothing": (lambda request: request.hang_up(), "does not answer"),
    "401": (lambda request: request.answer({"detail": "Invalid API key"}, 401), "Check the key"),
    "a rate that was exceeded": (
        lambda request: request.answer({"detail": "Too many requests"}, 429, {"X-RateLimit-Reset": "2591751"}),
        "asked too often in a second",
    ),
    "a month that is used up": (
        lambda request: request.answer({"detail": "Monthly quota exceeded."}, 429, {"X-RateLimit-Reset": "7200"}),
        "the month's requests of its account are used up",
    ),
}


@pytest.mark.parametrize("trouble", TROUBLE)
def test_trouble_when_reading_loses_nothing(served: ServedOffice, trouble: str) -> None:
    answer, words = TROUBLE[trouble]
    proposal = served.queued()
    for owner in (0, 1):
        served.confirm(proposal, owner)
    served.service.behaviours.append(always(answer, "GET"))
    told = served.tick()
    assert words in "".join(told[proposal])
    assert served.office.state(proposal) is State.QUEUED
    before = served.asked()
    served.tick(after=1)
    assert served.asked() == before, "it is left alone for a while"
    served.service.behaviours.clear()
    served.tick(after=8000)
    assert (served.office.state(proposal), served.office.executions()) == (State.EXECUTED, 1)


WHAT_IS_NOT_READ = ("malformed JSON", "a list instead of a page", "a page without results")
"""The answer to a post has no content that is used."""


@pytest.mark.parametrize("trouble", [name for name in TROUBLE if name not in WHAT_IS_NOT_READ])
def test_trouble_when_proposing_loses_nothing(served: ServedOffice, trouble: str) -> None:
    answer, _ = TROUBLE[trouble]
    served.service.behaviours.append(always(answer, "POST"))
    proposal = served.office.propose(served.office.payment("USDC", 1000))
    told = served.tick()
    assert served.kinds(proposal)[-1] == "offering", told
    assert served.service.kept == {}
    served.service.behaviours.clear()
    served.tick(after=8000)
    assert served.kinds(proposal).count("offering") == served.kinds(proposal).count("offered") == 1
    assert list(served.service.kept) == [served.hash(proposal)]


def test_a_time_out_after_the_post_leads_to_one_proposal(served: ServedOffice) -> None:
    def lose_the_answer(service: StandIn, request: Request) -> bool:
        if request.method != "POST":
            return False
        service._route(request)
        request.hang_up()
        return True

    served.service.behaviours.append(lose_the_answer)
    proposal = served.office.propose(served.office.payment("USDC", 1000))
    served.tick()
    assert served.kinds(proposal)[-1] == "offering"
    assert list(served.service.kept) == [served.hash(proposal)]
    served.service.behaviours.clear()
    served.tick(after=600)
    assert len(served.service.kept) == 1
    assert served.kinds(proposal).count("offered") == 1


@pytest.mark.parametrize("place", ["service:POST:before", "service:POST:after", "store.append.after_commit"])
def test_killed_while_it_proposes_the_next_keeper_goes_on(served: ServedOffice, place: str) -> None:
    proposal = served.office.propose(served.office.payment("USDC", 1000))
    killed: list[str] = []

    def kill(name: str) -> None:
        if name == place and not killed:
            killed.append(name)
            raise Killed

    failpoints.install(kill)
    try:
        with pytest.raises(Killed):
            served.tick()
    finally:
        failpoints.install(None)
    served.restart()
    served.tick()
    assert list(served.service.kept) == [served.hash(proposal)]
    assert served.kinds(proposal).count("offering") == served.kinds(proposal).count("offered") == 1
    for owner in (0, 1):
        served.confirm(proposal, owner)
    served.tick(after=600)
    assert served.office.executions() == 1


def test_down_for_an_hour_nothing_is_lost_and_it_catches_up(served: ServedOffice) -> None:
    earlier = served.queued(1000)
    served.confirm(earlier, 0)
    down: Behaviour = always(lambda request: request.hang_up())
    served.service.behaviours.append(down)
    before = served.asked()
    told: list[str] = []
    for _ in range(60):
        told += [line for lines in served.tick(after=60).values() for line in lines]
    assert any("does not answer" in line for line in told)
    assert served.asked() - before <= 10, "it is asked less and less"
    served.confirm(earlier, 1)
    served.service.behaviours.clear()
    for _ in range(15):
        served.tick(after=60)
    assert (served.office.state(earlier), served.office.executions()) == (State.EXECUTED, 1)
    served.desk.store.verify()


def test_while_it_is_down_no_nonce_is_guessed_and_owners_sign_here_what_has_one(served: ServedOffice) -> None:
    first_one = served.queued(1000)
    served.service.behaviours.append(always(lambda request: request.hang_up()))
    served.office.sign(first_one)
    served.tick()
    assert served.office.state(first_one) is State.EXECUTED, "signing here does not depend on it"
    second = served.office.propose(served.office.payment("USDC", 2000), nominal=2)
    told = served.tick()
    assert served.office.stored(second).nonce is None
    assert "could not go on" in str(told[second])
    served.service.behaviours.clear()
    served.tick(after=1000)
    assert served.office.stored(second).nonce == 1


def test_a_delegate_that_was_removed_is_told_and_signing_here_goes_on(served: ServedOffice) -> None:
    served.service.delegates.clear()
    proposal = served.office.propose(served.office.payment("USDC", 1000))
    told = served.tick()
    assert "is not an owner or delegate" in str(told)
    before = served.asked("POST")
    served.tick()
    assert served.asked("POST") == before, "somebody has to act before it is offered again"
    register(served.service, served.office.world.safe)
    served.tick(after=600)
    assert served.hash(proposal) in served.service.kept
    served.service.delegates.clear()
    for owner in (0, 1):
        served.confirm(proposal, owner)
    served.tick(after=600)
    assert served.office.state(proposal) is State.EXECUTED


def test_the_budget_of_a_month_holds_whatever_happens(served: ServedOffice) -> None:
    proposal = served.queued()
    settings = served.desk.config.treasury.service
    assert settings is not None
    limit = settings.monthly_requests
    with served.desk.store.transaction("use up"):
        for _ in range(limit * 95 // 100):
            served.desk.store.take_request("127.0.0.1", month_of(served.clock() + 60).name, limit)
    before = served.asked("GET")
    told = served.tick()
    assert "that this month allows are used up" in str(told[proposal])
    assert served.asked("GET") == before


def test_a_plan_only_treasury_shows_nothing_to_anybody(tmp_path: Path, served: ServedOffice) -> None:
    path = write_config(tmp_path, served.office.anvil.url, lambda data: data.update(mode="plan"))
    with open_desk(path) as desk:
        assert make_collection(desk) is None


def test_the_proposer_may_be_no_owner(served: ServedOffice, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(PROPOSER_VARIABLE, served.office.world.owner_keys[0])
    served.restart()
    proposal = served.office.propose(served.office.payment("USDC", 1000))
    told = served.tick()
    assert "belongs to an owner" in str(told[proposal])
    assert served.service.kept == {}


def test_there_is_nothing_secret_in_what_is_told_or_recorded(served: ServedOffice) -> None:
    served.service.behaviours.append(always(lambda request: request.hang_up()))
    proposal = served.office.propose(served.office.payment("USDC", 1000))
    told = str(served.tick())
    recorded = str([event.body for event in served.desk.store.events()])
    for text in (told, recorded, str(proposal)):
        assert PROPOSER_KEY.hex() not in text


def test_the_proposer_is_the_registered_delegate(served: ServedOffice) -> None:
    proposal = served.queued()
    kept = served.service.kept[served.hash(proposal)]
    assert (kept.delegate, kept.proposer) == (PROPOSER, served.office.world.owners[0])
    assert kept.confirmations == {}
    made = Account.unsafe_sign_hash(bytes.fromhex(kept.hash[2:]), PROPOSER_KEY)
    with pytest.raises(BadInput, match="no owner"):
        served.office.take(proposal, bytes(made.signature))


def cancel(served: ServedOffice, proposal: str) -> None:
    stored = served.office.stored(proposal)
    now = served.office.anvil.timestamp()
    served.desk.store.transition(proposal, stored.state, State.CANCELED, now, "canceled", {})
