"""Rounds are played at once while something happens, and once a minute while nothing does."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from dao_bot.app.keeping import make_keeper
from dao_bot.engine.fleet import LEASE_SECONDS
from dao_bot.engine.rhythm import AT_ONCE, BUSY_SECONDS, QUIET_SECONDS, Rhythm
from dao_bot.engine.round import Round
from dao_bot.engine.schedule import Every
from dao_bot.engine.seat import Seat
from tests.integration.engine.kit import STRATEGY, Office, ready

WAKES = 0.5
"""Seconds between two questions whether a round is due, as in the waker."""

DAY = 86_400


@dataclass
class Running:
    """A keeper that plays rounds when they are due, on a clock of its own."""

    office: Office
    schedule: Every = Every(DAY)
    seconds: float = 0.0
    """Since midnight, and since the start."""

    def __post_init__(self) -> None:
        desk, seat = self.office.desk, Seat("one")
        plan = dataclasses.replace(desk.services.strategies[STRATEGY], schedule=self.schedule, jitter=0)
        services = dataclasses.replace(desk.services, strategies={STRATEGY: plan})
        desk.store.pause(STRATEGY, "only the rhythm is looked at", self.office.anvil.timestamp())
        midnight = self.office.anvil.timestamp() // DAY * DAY
        rhythm = Rhythm(services, desk.store, lambda: self.seconds, lambda: midnight + self.seconds)
        self.round = Round(services, desk.store, make_keeper(desk, seat), seat, rhythm=rhythm)

    def rounds_in(self, seconds: float, meanwhile: Callable[[], object] = lambda: None) -> int:
        """How many are played in that time, with something happening before each wake."""
        played = 0
        for _ in range(int(seconds / WAKES)):
            meanwhile()
            if self.round.is_due():
                self.round.play()
                played += 1
            self.seconds += WAKES
        return played

    def settle(self) -> None:
        """Until it has done all that it can do."""
        self.rounds_in(30)
        while self.round.is_due():
            self.rounds_in(WAKES)


@pytest.fixture
def running(office: Office) -> Running:
    return Running(office)


def test_while_nothing_happens_the_chain_is_read_once_a_minute(running: Running) -> None:
    running.settle()
    asked = running.office.desk.services.endpoints.round_trips
    assert running.rounds_in(600) == 600 / QUIET_SECONDS
    assert running.office.desk.services.endpoints.round_trips - asked < 10 * 10, "at most ten requests a round"


def test_a_proposal_that_waits_for_people_asks_no_more_of_the_chain(running: Running) -> None:
    running.office.propose(running.office.payment("USDC", 10))
    running.settle()
    assert running.rounds_in(300) == 300 / QUIET_SECONDS


def test_what_is_recorded_elsewhere_is_acted_upon_when_the_process_wakes(running: Running) -> None:
    proposal = running.office.propose(running.office.payment("USDC", 10))
    running.settle()
    running.office.sign(proposal)
    assert running.rounds_in(WAKES) == 1
    assert running.office.executions() == 1


def test_the_last_signature_is_acted_upon_at_once_however_soon_it_follows_another(running: Running) -> None:
    proposal = running.office.propose(running.office.payment("USDC", 10))
    running.settle()
    running.rounds_in(30)
    for owner in range(running.office.world.threshold):
        running.office.sign(proposal, owner)
        assert running.rounds_in(WAKES) == 1, "half a second after the round before"
    assert running.office.executions() == 1


def test_a_flood_of_records_asks_the_chain_no_more_often_than_before(running: Running) -> None:
    running.settle()
    running.rounds_in(QUIET_SECONDS)
    store, now = running.office.desk.store, running.office.anvil.timestamp()
    flood = running.rounds_in(60, lambda: store.append("vote", "voted", now, {}))
    assert 60 / BUSY_SECONDS <= flood <= 60 / BUSY_SECONDS + AT_ONCE


def test_a_transaction_in_flight_is_followed_without_a_pause(running: Running) -> None:
    proposal = ready(running.office)
    running.settle()
    (attempt,) = running.office.desk.store.attempts(proposal)
    assert not running.round.is_due()
    running.office.desk.store.mark_broadcast(attempt.transaction_hash, running.office.anvil.timestamp())
    running.round.play()
    assert running.rounds_in(30 + WAKES) == 30 / BUSY_SECONDS


def test_a_fire_of_a_schedule_is_not_slept_through(office: Office) -> None:
    running = Running(office, Every(30))
    running.settle()
    assert running.rounds_in(300) == 300 / 30


def test_what_another_keeper_holds_is_tried_again_when_the_process_wakes(running: Running) -> None:
    running.settle()
    store, now = running.office.desk.store, running.office.anvil.timestamp()
    assert store.lease(f"safe:{running.office.world.safe}", "dead", now, LEASE_SECONDS)
    running.rounds_in(QUIET_SECONDS)
    assert running.rounds_in(30) == 30 / BUSY_SECONDS
