"""What must hold of links to the wallet page: for one person and one errand, for ten minutes, once, and not readable
from the record."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from dao_bot.domain.errors import BadInput
from dao_bot.store.store import Store, open_store
from governance.wallets.person import Person
from governance.web.errands import Errand
from governance.web.invitations import LIFETIME, Invitation, InvitationRefused, accept, address_of, invite

NOW = 1_800_000_000
ADA = Person("77", "1001")
PROPOSAL = "0x" + "ab" * 32


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'record.sqlite3'}") as opened:
        yield opened


def test_a_link_tells_who_is_expected_and_what_for(store: Store) -> None:
    token = invite(store, Errand.VOTE, ADA, NOW, name="Ada", subject=PROPOSAL)
    assert accept(store, token, NOW + 1) == Invitation(Errand.VOTE, ADA, "Ada", PROPOSAL, NOW + LIFETIME)
    assert address_of("https://vote.example.org", token) == f"https://vote.example.org/#{token}"


def test_a_link_works_once_and_is_still_used_after_a_restart(store: Store) -> None:
    token = invite(store, Errand.LINK, ADA, NOW)
    accept(store, token, NOW)
    with pytest.raises(InvitationRefused, match="used already"):
        accept(store, token, NOW)
    with open_store(f"sqlite:///{store.file}") as again, pytest.raises(InvitationRefused, match="used already"):
        accept(again, token, NOW)


def test_of_many_who_use_a_link_at_once_one_succeeds(store: Store) -> None:
    token = invite(store, Errand.LINK, ADA, NOW)
    outcomes: list[bool] = []

    def attempt() -> None:
        try:
            accept(store, token, NOW)
        except InvitationRefused:
            outcomes.append(False)
        else:
            outcomes.append(True)

    threads = [threading.Thread(target=attempt) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == [False] * 7 + [True]


@pytest.mark.parametrize(("at", "valid"), [(NOW, True), (NOW + LIFETIME - 1, True), (NOW + LIFETIME, False)])
def test_a_link_is_valid_for_ten_minutes(store: Store, at: int, *, valid: bool) -> None:
    token = invite(store, Errand.LINK, ADA, NOW)
    if valid:
        accept(store, token, at)
    else:
        with pytest.raises(InvitationRefused, match="expired"):
            accept(store, token, at)


def test_an_expired_link_is_not_spent_by_the_attempt(store: Store) -> None:
    token = invite(store, Errand.LINK, ADA, NOW)
    before = store.head()
    with pytest.raises(InvitationRefused):
        accept(store, token, NOW + LIFETIME)
    assert store.head() == before


@pytest.mark.parametrize("token", ["", "a", "A" * 43, "A" * 44, "\0" * 43, "é" * 43, "../" * 14 + "a", "0x" + "a" * 41])
def test_what_is_no_token_is_unknown(store: Store, token: str) -> None:
    invite(store, Errand.LINK, ADA, NOW)
    before = store.head()
    with pytest.raises(InvitationRefused, match="unknown"):
        accept(store, token, NOW)
    assert store.head() == before


def test_the_key_of_another_act_is_no_token(store: Store) -> None:
    store.record_act("ballot", "voted", "0xaa", "A" * 43, NOW, {})
    with pytest.raises(InvitationRefused, match="unknown"):
        accept(store, "A" * 43, NOW)


def test_the_record_cannot_be_used_to_take_somebodys_place(store: Store) -> None:
    token = invite(store, Errand.LINK, ADA, NOW)
    recorded = str(store.events())
    assert token not in recorded
    for word in recorded.replace("'", " ").split():
        with pytest.raises(InvitationRefused):
            accept(store, word, NOW)


def test_names_are_cleaned_before_they_are_recorded(store: Store) -> None:
    token = invite(store, Errand.LINK, ADA, NOW, name="Ada\u202e<b>\n@everyone" + "x" * 500)
    name = accept(store, token, NOW).name
    assert "\u202e" not in name and "\n" not in name and len(name) < 120


@pytest.mark.parametrize(
    ("errand", "proposal"),
    [(Errand.VOTE, None), (Errand.SIGN, None), (Errand.LINK, PROPOSAL), (Errand.SIGN, "0x12"), (Errand.VOTE, "x" * 66)],
)
def test_a_link_names_a_proposal_just_where_its_errand_has_one(
    store: Store, errand: Errand, proposal: str | None
) -> None:
    with pytest.raises(BadInput):
        invite(store, errand, ADA, NOW, subject=proposal)
