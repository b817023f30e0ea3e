"""Everything that the transaction service may get wrong; each case ends with the effects that it may have."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
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
from dao_bot.safe.transaction_service.budget import month_of
from tests.contract.owners_queue.standin import Behaviour, StandIn, always
from tests.contract.owners_queue.wire import Request
from tests.integration.engine.kit import write_config
from tests.integration.engine.queue_kit import (
    PROPOSER,
    PROPOSER_KEY,
    PROPOSER_VARIABLE,
    ServedOffice,
    lying,
    register,
)

if TYPE_CHECKING:
    pass


class Killed(BaseException):
    """In place of SIGKILL: nothing catches it."""


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
