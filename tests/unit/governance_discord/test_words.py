"""What anybody wrote reaches Discord as text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dao_bot.devnet.discord.mentions import pings
from governance.discord.words import cut, name, plain

HOSTILE = [
    "@everyone",
    "@here now",
    "<@123456789012345678>",
    "<@&123456789012345678>",
    "<#123456789012345678>",
    "</vote:123456789012345678>",
    "[click](https://evil.example)",
    "https://evil.example/x",
    "discord.gg/abc",
    "**bold** __under__ ~~gone~~ ||spoiler|| `code` ```block```",
    "# heading",
    "> quote",
    "- list",
    "<:emoji:123456789012345678>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_markup_mentions_and_links_become_text(text: str) -> None:
    shown = plain(text)
    assert pings(shown, None) == []
    assert not re.search(r"https?://|discord\.gg/", shown)
    assert not re.search(r"(?<!\\)[*_~`|\[\]<]|^[#>\-+]", shown)


@given(st.text(max_size=400), st.integers(20, 300))
def test_nothing_pings_and_no_limit_is_passed(text: str, limit: int) -> None:
    shown = plain(text, limit)
    assert len(shown) <= limit
    assert pings(shown, None) == []
    assert not shown.endswith("\\") or shown.endswith("\\\\")


@given(st.text(st.characters(codec="utf-8", categories=["L", "N"]), max_size=100))
def test_plain_words_stay_as_they_are_but_for_spaces(text: str) -> None:
    assert plain(text, 1000) == plain(plain(text, 1000), 1000)


def test_a_title_of_four_thousand_characters_is_cut() -> None:
    assert len(plain("*" * 4000, 256)) <= 256
    assert plain("a" * 4000, 256).endswith("…")
    assert len(name("t" * 4000)) == 100


def test_text_that_just_fits_is_not_cut() -> None:
    assert plain("a" * 50, 50) == "a" * 50
    assert plain("*" * 25, 50) == "\\*" * 25


def test_lines_that_do_not_fit_are_counted() -> None:
    assert cut(["a", "b"]) == "a\nb"
    shown = cut(["x" * 400] * 5)
    assert len(shown) <= 1024 and shown.endswith("… and 3 more")
