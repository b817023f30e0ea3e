"""Nonces and links: one person for a wallet, every conflict refused in words, the same state from the same record."""

from __future__ import annotations

from typing import Any

import pytest

from dao_bot.chain.plan import Answer, Read
from dao_bot.domain.hashing import canonical
from governance.wallets.errors import InvalidMessage, InvalidNonce, InvalidSignature, LinkRefused
from governance.wallets.events import Linked, Unlinked, wallet_event
from governance.wallets.linking import link, link_holds, unlink
from governance.wallets.links import LinkRules, Links, fold
from governance.wallets.person import Person
from governance.wallets.sign_in import Purpose
from tests.unit.governance_wallets.kit import ANN, BOB, NOW, WALLETS, asked, no_chain, personal_sign, run

MAGIC = bytes.fromhex("1626ba7e").ljust(32, b"\0")


def linked(links: Links, person: Person = ANN, wallet: int = 0, now: int = NOW) -> Linked:
    """The event, recorded."""
    request = asked(links, person, now)
    text = request.message(WALLETS[wallet]).text()
    event: Linked = run(link(links, request, text, personal_sign(text, wallet), now))
    assert links.apply(event)
    return event


def unlinked(links: Links, person: Person = ANN, wallet: int = 0, now: int = NOW) -> None:
    assert links.apply(Unlinked(WALLETS[wallet], person, now))


def test_a_person_links_several_wallets() -> None:
    links = Links()
    linked(links, wallet=0)
    linked(links, wallet=1)
    assert [known.wallet for known in links.wallets(ANN)] == WALLETS[:2]
    assert links.owner(ANN.guild, WALLETS[1]) == ANN
    assert links.wallets(BOB) == ()


def test_a_wallet_has_one_person() -> None:
    links = Links()
    linked(links)
    with pytest.raises(LinkRefused, match="somebody else"):
        linked(links, BOB)
    with pytest.raises(LinkRefused, match="linked to you already"):
        linked(links, ANN)
    assert links.owner(ANN.guild, WALLETS[0]) == ANN


def test_another_guild_has_links_of_its_own() -> None:
    links = Links()
    linked(links)
    linked(links, Person("78", "1001"))
    assert len(links.linked("77")) == len(links.linked("78")) == 1


def test_there_is_a_limit_to_the_wallets_of_one_person() -> None:
    links = Links(LinkRules(most_wallets=2))
    linked(links, wallet=0)
    linked(links, wallet=1)
    with pytest.raises(LinkRefused, match="as many wallets"):
        linked(links, wallet=2)


def test_the_last_owner_may_link_again_at_once_and_others_after_the_cool_down() -> None:
    links = Links(LinkRules(relink_after=1000))
    linked(links)
    unlinked(links, now=NOW + 10)
    with pytest.raises(LinkRefused, match="short time ago"):
        linked(links, BOB, now=NOW + 1009)
    linked(links, BOB, now=NOW + 1010)
    assert links.owner(BOB.guild, WALLETS[0]) == BOB
    again = Links(LinkRules(relink_after=1000))
    linked(again)
    unlinked(again)
    linked(again, ANN)


def test_only_the_owner_or_the_wallet_itself_unlinks() -> None:
    links = Links()
    linked(links)
    assert not links.apply(Unlinked(WALLETS[0], BOB, NOW))
    with pytest.raises(LinkRefused, match="not yours"):
        links.require_unlink(BOB, WALLETS[0], None, NOW)
    request = asked(links, BOB, purpose=Purpose.UNLINK)
    text = request.message(WALLETS[0]).text()
    with pytest.raises(InvalidSignature):
        run(unlink(links, request, text, personal_sign(text, wallet=1), NOW))
    event = run(unlink(links, request, text, personal_sign(text), NOW))
    assert links.apply(event) and links.owner("77", WALLETS[0]) is None


def test_what_is_not_linked_cannot_be_unlinked() -> None:
    with pytest.raises(LinkRefused, match="not linked"):
        Links().require_unlink(ANN, WALLETS[0], None, NOW)


def test_a_nonce_is_spent_once() -> None:
    links = Links()
    request = asked(links)
    text = request.message(WALLETS[0]).text()
    event = run(link(links, request, text, personal_sign(text), NOW))
    assert links.apply(event)
    unlinked(links)
    assert not links.apply(event)
    with pytest.raises(InvalidNonce, match="spent"):
        run(link(links, request, text, personal_sign(text), NOW))


def test_a_nonce_is_of_one_person_and_one_purpose() -> None:
    links = Links()
    request = asked(links)
    with pytest.raises(InvalidNonce, match="somebody else"):
        links.nonces.require(request.nonce, BOB, Purpose.LINK, NOW)
    with pytest.raises(InvalidNonce, match="given out to link"):
        links.nonces.require(request.nonce, ANN, Purpose.UNLINK, NOW)
    with pytest.raises(InvalidNonce, match="unknown"):
        links.nonces.require("0" * 32, ANN, Purpose.LINK, NOW)


def test_a_newer_nonce_replaces_the_older_one() -> None:
    links = Links()
    old = asked(links)
    asked(links)
    with pytest.raises(InvalidNonce, match="replaced"):
        links.nonces.require(old.nonce, ANN, Purpose.LINK, NOW)


def test_a_clock_that_goes_back_does_not_revive_a_nonce() -> None:
    links = Links()
    request = asked(links)
    text = request.message(WALLETS[0]).text()
    asked(links, BOB, now=NOW + 700)
    for lying in (NOW, 0, NOW + 599):
        with pytest.raises(InvalidNonce, match="expired"):
            run(link(links, request, text, personal_sign(text), lying))
        with pytest.raises(InvalidNonce, match="expired"):
            links.nonces.require(request.nonce, ANN, Purpose.LINK, lying)
        assert not links.apply(Linked(WALLETS[0], ANN, lying, request.nonce, text, personal_sign(text), False))


def test_a_clock_that_goes_back_does_not_shorten_the_cool_down() -> None:
    links = Links(LinkRules(relink_after=1000))
    linked(links)
    unlinked(links, now=NOW + 100)
    assert not links.apply(Unlinked(WALLETS[0], ANN, 0))
    with pytest.raises(LinkRefused, match="short time ago"):
        linked(links, BOB, now=NOW + 1099)


def test_a_signature_of_another_wallet_or_over_another_nonce_links_nothing() -> None:
    links = Links()
    request = asked(links)
    text = request.message(WALLETS[0]).text()
    with pytest.raises(InvalidSignature):
        run(link(links, request, text, personal_sign(text, wallet=1), NOW))
    with pytest.raises(InvalidMessage, match="nonce"):
        other = text.replace(request.nonce, "f" * 32)
        run(link(links, request, other, personal_sign(other), NOW))
    assert links.linked("77") == ()


def test_a_request_to_unlink_links_nothing() -> None:
    links = Links()
    request = asked(links, purpose=Purpose.UNLINK)
    text = request.message(WALLETS[0]).text()
    with pytest.raises(InvalidMessage, match="something else"):
        run(link(links, request, text, personal_sign(text), NOW))


def test_of_two_servers_that_record_at_once_the_first_in_the_record_holds() -> None:
    links = Links()
    first, second = asked(links, ANN), asked(links, BOB)
    events: list[Any] = []
    for request in (first, second):
        text = request.message(WALLETS[0]).text()
        events.append(run(link(links, request, text, personal_sign(text), NOW)))
    assert [links.apply(event) for event in events] == [True, False]
    assert links.owner("77", WALLETS[0]) == ANN


def test_a_contracts_link_holds_as_long_as_the_contract_says_so() -> None:
    links = Links()
    request = asked(links)
    text = request.message(WALLETS[5]).text()

    def agree(read: Read) -> Answer:
        return Answer(True, MAGIC)

    event = run(link(links, request, text, b"whatever it takes", NOW), agree)
    assert event.contract
    assert run(link_holds(event), agree)
    assert not run(link_holds(event))


def test_a_keys_link_can_be_checked_by_anybody() -> None:
    links = Links()
    event = linked(links)
    assert run(link_holds(event), no_chain)
    forged = Linked(WALLETS[1], ANN, NOW, event.nonce, event.message, event.signature, False)
    assert not run(link_holds(forged), no_chain)


def test_the_record_folds_into_the_same_state() -> None:
    links = Links()
    events: list[Any] = []
    for person, wallet in ((ANN, 0), (BOB, 1), (ANN, 2)):
        issued = links.nonces.issue(person, Purpose.LINK, NOW)
        events.append(issued)
        links.apply(issued)
        events.append(Linked(WALLETS[wallet], person, NOW, issued.nonce, "text", b"\1\2", True))
        links.apply(events[-1])
    events.append(Unlinked(WALLETS[0], ANN, NOW))
    links.apply(events[-1])
    recorded = [(event.kind, canonical(event.body())) for event in events]
    again = [wallet_event(kind, body) for kind, body in recorded]
    assert again == events
    assert fold(again).linked("77") == links.linked("77")


@pytest.mark.parametrize(
    ("kind", "body"),
    [("wallet linked", {}), ("wallet linked", {"guild": "1"}), ("wallet unlinked", {"wallet": 3}), ("vote", {})],
)
def test_an_event_that_holds_something_else_is_refused(kind: str, body: dict[str, Any]) -> None:
    with pytest.raises(InvalidMessage):
        wallet_event(kind, body)
