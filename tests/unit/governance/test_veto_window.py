"""The veto window runs only while people can see the card and say no."""

from __future__ import annotations

import dataclasses

from governance.ballots import Seen, Sighting, closes_at, elapsed, seen_times, tally
from governance.ballots.optimistic import Optimistic
from tests.unit.governance.ballot_box import ballot, vote

WINDOW = Optimistic(veto_power=10, window=100, longest_gap=30)


def good(*times: int) -> list[Sighting]:
    return [Sighting(at, True) for at in times]


def seen(*sightings: Sighting) -> tuple[Seen, ...]:
    return seen_times(WINDOW, sightings)


def test_the_window_closes_after_its_length_of_good_sightings() -> None:
    sightings = good(*range(0, 121, 30))
    assert closes_at(WINDOW, seen(*sightings), opens=0) == 100
    assert closes_at(WINDOW, seen(*sightings[:4]), opens=0) is None
    assert elapsed(seen(*sightings), opens=0, now=75) == 75


def test_nothing_runs_before_the_ballot_opens_or_the_card_is_seen() -> None:
    sightings = good(*range(0, 201, 25))
    assert closes_at(WINDOW, seen(*sightings), opens=60) == 160
    assert closes_at(WINDOW, seen(*sightings[4:]), opens=60) == 200
    assert closes_at(WINDOW, (), opens=0) is None


def test_a_bad_sighting_stops_the_window() -> None:
    times = seen(*good(0, 25), Sighting(50, False), *good(75, 100, 125, 150))
    assert times == (Seen(0, 25), Seen(75, 150))
    assert closes_at(WINDOW, times, opens=0) == 150
    assert elapsed(times, opens=0, now=80) == 30


def test_an_outage_that_nobody_could_record_does_not_count() -> None:
    times = seen(*good(0, 30, 61, 90, 120, 150))
    assert elapsed(times, opens=0, now=150) == 30 + 89
    assert closes_at(WINDOW, times, opens=0) == 131


def test_at_one_moment_the_worst_sighting_holds_in_any_order() -> None:
    freeze = Sighting(60, False)
    for sightings in ([*good(0, 30, 60, 90, 120, 150, 180), freeze], [freeze, *good(180, 150, 120, 90, 60, 30, 0)]):
        assert closes_at(WINDOW, seen(*sightings), opens=0) == 90 + 70


def test_later_sightings_do_not_move_a_window_that_has_closed() -> None:
    sightings = good(*range(0, 121, 30))
    assert closes_at(WINDOW, seen(*sightings, Sighting(121, False)), opens=0) == 100


def test_no_time_counts_twice_in_whatever_parts_it_is_told() -> None:
    parts = [Seen(60, 90), Seen(0, 60), Seen(30, 80)]
    assert elapsed(parts, opens=10, now=200) == 80
    assert closes_at(WINDOW, [*parts, Seen(90, 120)], opens=10) == 110


def test_a_veto_counts_until_the_window_closes() -> None:
    open_ended = ballot(WINDOW, opens=0, ends=None)
    veto = vote(WINDOW, "steward", 1, 10, at=101)
    assert not tally(open_ended, [veto]).outcome.passed
    closed = dataclasses.replace(open_ended, ends=closes_at(WINDOW, seen(*good(*range(0, 121, 30))), opens=0))
    assert tally(closed, [veto]).outcome.passed
