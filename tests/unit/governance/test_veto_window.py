"""The veto window runs only while people can see the card and say no."""

from __future__ import annotations

import dataclasses

from governance.ballots import Sighting, closes_at, elapsed, tally
from governance.ballots.optimistic import Optimistic
from tests.unit.governance.ballot_box import ballot, vote

WINDOW = Optimistic(veto_power=10, window=100, longest_gap=30)


def good(*times: int) -> list[Sighting]:
    return [Sighting(at, True, True) for at in times]


def test_the_window_closes_after_its_length_of_good_sightings() -> None:
    sightings = good(*range(0, 121, 30))
    assert closes_at(WINDOW, sightings, opens=0) == 100
    assert closes_at(WINDOW, sightings[:4], opens=0) is None
    assert elapsed(WINDOW, sightings, opens=0, now=75) == 75


def test_nothing_runs_before_the_ballot_opens_or_the_card_is_seen() -> None:
    sightings = good(*range(0, 201, 25))
    assert closes_at(WINDOW, sightings, opens=60) == 160
    assert closes_at(WINDOW, sightings[4:], opens=60) == 200
    assert closes_at(WINDOW, [], opens=0) is None


def test_a_hidden_card_a_sick_channel_and_a_freeze_each_stop_the_window() -> None:
    for bad in (Sighting(50, False, True), Sighting(50, True, False), Sighting(50, True, True, frozen=True)):
        sightings = [*good(0, 25), bad, *good(75, 100, 125, 150)]
        assert closes_at(WINDOW, sightings, opens=0) == 150
        assert elapsed(WINDOW, sightings, opens=0, now=80) == 30


def test_an_outage_that_nobody_could_record_does_not_count() -> None:
    sightings = good(0, 30, 61, 90, 120, 150)
    assert elapsed(WINDOW, sightings, opens=0, now=150) == 30 + 89
    assert closes_at(WINDOW, sightings, opens=0) == 131


def test_at_one_moment_the_worst_sighting_holds_in_any_order() -> None:
    freeze = Sighting(60, True, True, frozen=True)
    for sightings in ([*good(0, 30, 60, 90, 120, 150, 180), freeze], [freeze, *good(180, 150, 120, 90, 60, 30, 0)]):
        assert closes_at(WINDOW, sightings, opens=0) == 90 + 70


def test_later_sightings_do_not_move_a_window_that_has_closed() -> None:
    sightings = good(*range(0, 121, 30))
    assert closes_at(WINDOW, [*sightings, Sighting(121, False, False)], opens=0) == 100


def test_a_veto_counts_until_the_window_closes() -> None:
    open_ended = ballot(WINDOW, opens=0, ends=None)
    veto = vote(WINDOW, "steward", 1, 10, at=101)
    assert not tally(open_ended, [veto]).outcome.passed
    closed = dataclasses.replace(open_ended, ends=closes_at(WINDOW, good(*range(0, 121, 30)), opens=0))
    assert tally(closed, [veto]).outcome.passed
