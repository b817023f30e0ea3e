from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dao_bot.cards.text import (
    amount,
    bps,
    clean,
    duration,
    number,
    percent,
    plain_value,
    rate,
    short_addresses,
    usd,
    utc,
    with_labels,
    with_moments,
)
from dao_bot.domain.moments import LAST_REPRESENTABLE_SECOND, format_moment, replace_moments
from dao_bot.domain.units import WAD
from tests.unit.cards.samples import ALICE, BOB, HOSTILE_TEXTS, USDT

HIDING = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@pytest.mark.parametrize("text", HOSTILE_TEXTS)
def test_no_hostile_text_keeps_a_character_that_hides_or_reorders(text: str) -> None:
    assert not {unicodedata.category(character) for character in clean(text)} & HIDING


@given(st.text(st.characters(exclude_categories=()), max_size=400), st.integers(1, 300))
def test_cleaned_text_is_one_short_line_that_utf8_can_hold(text: str, limit: int) -> None:
    shown = clean(text, limit)
    assert len(shown) <= limit + len("… (400 more characters)")
    assert not {unicodedata.category(character) for character in shown} & HIDING
    assert shown.encode().decode() == shown


def test_hidden_characters_leave_a_visible_mark() -> None:
    assert clean("US\u200bDC") == "US\N{REPLACEMENT CHARACTER}DC"
    assert clean("\u202eCDSU") == "\N{REPLACEMENT CHARACTER}CDSU"


def test_what_is_cut_off_is_counted() -> None:
    assert clean("A" * 4_000, 10) == "AAAAAAAAAA… (3,990 more characters)"


def test_stacked_marks_are_cut_and_plain_words_of_any_script_stay() -> None:
    assert len(clean("Z" + "\u0335" * 40)) == 3
    assert clean("Trésorerie über 資金 خزينة") == "Trésorerie über 資金 خزينة"


@pytest.mark.parametrize(
    ("units", "decimals", "shown"),
    [
        (0, 6, "0.00"),
        (1_234_567_890, 6, "1,234.56"),
        (-1_234_567_890, 6, "-1,234.56"),
        (1, 6, "0.000001"),
        (10**30 * 10**18, 18, "1.000e+30"),
        (-(10**30) * 10**18, 18, "-1.000e+30"),
    ],
)
def test_amounts_of_every_size_stay_readable(units: int, decimals: int, shown: str) -> None:
    assert number(units, decimals) == shown


def test_a_plus_is_written_only_where_something_was_gained() -> None:
    assert [number(units, 0, 0, signed=True) for units in (5, 0, -5)] == ["+5", "0", "-5"]


def test_an_amount_shows_about_a_cent_of_value() -> None:
    assert amount(USDT, 1_234_567, 3_000 * WAD) == "1.2345 USDT"
    assert amount(USDT, 1_234_567) == "1.23 USDT"
    assert usd(None) == "no price"


def test_prices_ratios_and_times_are_written_the_same_everywhere() -> None:
    assert (rate(999_200_000_000_000_000), rate(3_120 * WAD), rate(None)) == ("0.999200", "3,120.00", "none")
    assert (percent(WAD // 8), percent(1), percent(0), percent(None)) == ("12.5 %", "< 0.1 %", "0.0 %", "?")
    assert (bps(-WAD // 1_000), bps(WAD // 10_000, signed=True), bps(1)) == ("-10.0 bps", "+1.0 bps", "0.0 bps")
    assert utc(0) == "1970-01-01 00:00 UTC"
    assert utc(2**255) == f"second {2**255} of the epoch"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (59, "59 s"), (3_600, "1 h"), (43_080, "11 h 58 min"), (183_600, "2 d 3 h"), (86_405, "1 d")],
)
def test_durations_name_their_two_largest_neighbouring_units(seconds: int, words: str) -> None:
    assert duration(seconds) == words


def test_evidence_is_grouped_and_never_raises() -> None:
    assert plain_value(214_300.0, "USD") == "214,300.00 USD"
    assert plain_value(0.0184, "") == "0.0184"
    assert plain_value(10**400, "wei") == "1.000e+400 wei"
    assert plain_value(float("nan"), "USD") == "nan USD"
    assert plain_value("a\u202eb", "\x1b[31m") == "a\N{REPLACEMENT CHARACTER}b \N{REPLACEMENT CHARACTER}[31m"


@pytest.mark.parametrize("text", ["2026-13-41T25:61:61Z", "2026-11-21T09:07:00", "12026-11-21T09:07:00Z", "1790000000"])
def test_what_is_no_moment_stays_as_it_is(text: str) -> None:
    assert with_moments(text, 0) == text


@given(st.integers(0, LAST_REPRESENTABLE_SECOND))
def test_every_moment_is_found_in_words_again(at: int) -> None:
    assert replace_moments(f"after {format_moment(at)}.", str) == f"after {at}."


def test_addresses_in_words_get_their_label_or_stay_whole() -> None:
    said = with_labels(f"Allow {ALICE} and {BOB}", {ALICE: "Alice"})
    assert said == f"Allow Alice ({ALICE[:8]}…{ALICE[-4:]}) and {BOB}"
    assert short_addresses(f"feed {BOB}, {'0x' + 'a' * 64}") == f"feed {BOB[:8]}…{BOB[-4:]}, {'0x' + 'a' * 64}"
