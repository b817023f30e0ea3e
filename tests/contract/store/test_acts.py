"""What must hold of acts of people: each is recorded once, stays findable, and cannot be changed behind the record."""

from __future__ import annotations

import threading

import pytest

from dao_bot.domain.errors import BadInput, StoreError
from dao_bot.store.acts import Act
from dao_bot.store.store import Store
from tests.contract.store.samples import NOW, hash32
from tests.contract.store.test_record import run_sql

SUBJECT = hash32(1)


def vote(store: Store, wallet: str, key: str, choice: int = 1, subject: str = SUBJECT) -> bool:
    return store.record_act(subject, "voted", wallet, key, NOW, {"choice": choice})[1]


def test_an_act_is_an_event_and_is_found_by_what_it_is_about_and_whose_it_is(store: Store) -> None:
    vote(store, "0xAA", "click 1")
    vote(store, "0xBB", "click 2", choice=2)
    vote(store, "0xaa", "click 3", choice=3)
    vote(store, "0xaa", "click 4", subject=hash32(2))
    store.record_act(SUBJECT, "opened", "keeper", "open", NOW, {})
    assert [act.body["choice"] for act in store.acts(SUBJECT, "voted")] == [1, 2, 3]
    assert [act.body["choice"] for act in store.acts(SUBJECT, "voted", actor="0xAA")] == [1, 3]
    assert [act.kind for act in store.acts(SUBJECT, after=3)] == ["opened"]
    last = store.last_act(SUBJECT, "voted", "0xAa")
    assert last is not None and (last.number, last.actor, last.key, last.at) == (3, "0xaa", "click 3", NOW)
    assert store.last_act(SUBJECT, "voted", "0xcc") is None
    assert store.subjects("voted") == (SUBJECT, hash32(2))
    assert [event.kind for event in store.events(SUBJECT)] == ["voted", "voted", "voted", "opened"]
    assert store.verify() == store.head()


def test_an_act_that_comes_again_is_recorded_once_and_answered_with_the_first(store: Store) -> None:
    first, new = store.record_act(SUBJECT, "voted", "0xaa", "click", NOW, {"choice": 1})
    again, newer = store.record_act(SUBJECT, "voted", "0xaa", "click", NOW + 5, {"choice": 2})
    assert (new, newer) == (True, False)
    assert again == first == store.act("click") and again.body == {"choice": 1}
    assert len(store.events()) == 1 and store.act("another") is None


def test_one_click_that_many_threads_record_at_once_is_one_event(store: Store) -> None:
    new: list[bool] = []
    threads = [threading.Thread(target=lambda: new.append(vote(store, "0xaa", "click"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(new) == [False] * 7 + [True]
    assert len(store.events()) == 1


@pytest.mark.parametrize("kind", ["proposed", "nonce assigned", "closed", "reopened"])
def test_what_only_the_store_tells_cannot_be_told_as_an_act(store: Store, kind: str) -> None:
    with pytest.raises(BadInput, match="only the store itself"):
        store.record_act(SUBJECT, kind, "0xaa", "k", NOW, {})
    for body in ({"state": {"before": "active", "after": "succeeded"}}, {"act": {"actor": "0xbb", "key": "k"}}):
        with pytest.raises(BadInput, match="only the store itself"):
            store.record_act(SUBJECT, "voted", "0xaa", "k", NOW, body)
    with pytest.raises(BadInput, match="only the store itself"):
        store.append(SUBJECT, "voted", NOW, {"act": {"actor": "0xbb", "key": "k"}})
    assert store.events() == ()


@pytest.mark.parametrize(("actor", "key"), [("", "k"), ("a", ""), ("a\0", "k"), ("a", "k" * 201)])
def test_names_that_cannot_be_stored_are_refused(store: Store, actor: str, key: str) -> None:
    with pytest.raises(BadInput):
        store.record_act(SUBJECT, "voted", actor, key, NOW, {})
    assert store.events() == ()


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM acts WHERE number = 2",
        "UPDATE acts SET actor = '0xbb' WHERE number = 2",
        "UPDATE acts SET key = 'other' WHERE number = 2",
        "UPDATE acts SET subject = 'elsewhere' WHERE number = 2",
        "INSERT INTO acts (number, subject, kind, actor, key) VALUES (1, 'keeper', 'voted', '0xbb', 'forged')",
    ],
)
def test_an_act_that_was_taken_away_changed_or_invented_is_found(store: Store, statement: str) -> None:
    store.append("keeper", "started", NOW, {})
    vote(store, "0xaa", "click")
    store.verify()
    run_sql(store, statement)
    with pytest.raises(StoreError, match="not listed as it was recorded"):
        store.verify()


def test_acts_of_one_transaction_are_recorded_together_or_not_at_all(store: Store) -> None:
    with pytest.raises(RuntimeError), store.transaction("votes"):
        vote(store, "0xaa", "1")
        vote(store, "0xbb", "2")
        raise RuntimeError
    assert store.acts(SUBJECT) == ()
    with store.transaction("votes"):
        vote(store, "0xaa", "1")
        vote(store, "0xbb", "2")
    assert len(store.acts(SUBJECT)) == 2


def test_sightings_keep_the_worse_of_one_moment(store: Store) -> None:
    for at, good in ((20, True), (10, True), (20, False), (20, True), (30, False)):
        store.record_sighting(SUBJECT, at, good=good)
    assert store.sightings(SUBJECT) == ((10, True), (20, False), (30, False))
    assert store.sightings(hash32(9)) == ()
    store.forget_sightings(SUBJECT, before=30)
    assert store.sightings(SUBJECT) == ((30, False),)


def test_many_acts_at_once_are_what_they_would_be_one_by_one(store: Store) -> None:
    vote(store, "0xaa", "known")
    told = [Act(SUBJECT, "voted", f"0xB{n}", f"key {n % 600}", NOW + n, {"choice": n}) for n in range(1200)]
    recorded = store.record_acts([Act(SUBJECT, "voted", "0xaa", "known", NOW, {"choice": 9}), *told])
    assert [new for _, new in recorded] == [False, *[True] * 600, *[False] * 600]
    assert recorded[0][0].body == {"choice": 1} and recorded[601][0] == recorded[1][0]
    assert [act for act, new in recorded if new] == list(store.acts(SUBJECT, after=1))
    assert store.record_acts(told) == [(act, False) for act, _ in recorded[1:]]
    assert store.record_acts([]) == []
    assert store.verify().number == 601
