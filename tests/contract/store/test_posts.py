"""What must hold of posts: each is intended once, keeps its place, and can be lost and placed again."""

from __future__ import annotations

import pytest

from dao_bot.domain.errors import NotFound
from dao_bot.store.store import Store
from tests.contract.store.samples import NOW, hash32

SUBJECT = hash32(1)


def test_a_post_is_intended_once_and_remembers_where_it_stands_and_what_it_shows(store: Store) -> None:
    assert store.post(SUBJECT, "card") is None
    assert store.intend_post(SUBJECT, "card", NOW).message is None
    store.place_post(SUBJECT, "card", "11", "22")
    store.show_post(SUBJECT, "card", "digest")
    again = store.intend_post(SUBJECT, "card", NOW + 5)
    assert (again.at, again.channel, again.message, again.shows) == (NOW, "11", "22", "digest")
    assert store.post(SUBJECT, "card") == again


def test_parts_and_subjects_stand_apart(store: Store) -> None:
    store.intend_post(SUBJECT, "card", NOW + 1)
    store.intend_post(SUBJECT, "result", NOW)
    store.intend_post(hash32(2), "card", NOW)
    assert [post.subject for post in store.posts("card")] == [hash32(2), SUBJECT]


def test_a_post_that_was_deleted_stands_nowhere_and_can_be_placed_again(store: Store) -> None:
    store.intend_post(SUBJECT, "card", NOW)
    store.place_post(SUBJECT, "card", "11", "22")
    store.show_post(SUBJECT, "card", "digest")
    store.lose_post(SUBJECT, "card", NOW + 9)
    lost = store.post(SUBJECT, "card")
    assert lost is not None and (lost.at, lost.channel, lost.message, lost.shows) == (NOW + 9, None, None, None)
    store.place_post(SUBJECT, "card", "11", "33")
    placed = store.post(SUBJECT, "card")
    assert placed is not None and placed.message == "33"


def test_what_was_never_intended_cannot_be_placed(store: Store) -> None:
    with pytest.raises(NotFound):
        store.place_post(SUBJECT, "card", "11", "22")
