"""Rounds: each fire of the schedule is run once, trouble stays where it arose, and what was missed is on record."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path

import pytest

from dao_bot.app.keeping import make_keeper, make_seat
from dao_bot.app.wiring import open_desk
from dao_bot.devnet import Anvil
from dao_bot.domain.decisions import Decision
from dao_bot.domain.errors import Conflict
from dao_bot.domain.lifecycle import State
from dao_bot.domain.runs import RunId
from dao_bot.engine.round import Round, Told
from dao_bot.engine.schedule import Every
from dao_bot.engine.seat import Seat
from dao_bot.store.values import RunResult
from tests.integration.engine.kit import Office, at, deciding, write_config

HOUR = 3600
NOTHING = Decision.nothing("There is nothing to do.")


def rounds(office: Office, decisions: Mapping[str, Decision | Exception], name: str | None = None) -> Round:
    """A keeper that has just started, with these strategies, each due every hour."""
    services = office.desk.services
    (template,) = services.strategies.values()
    strategies = {
        strategy: dataclasses.replace(
            deciding(template, decision), name=strategy, schedule=Every(HOUR), jitter=0, max_failures=3
        )
        for strategy, decision in decisions.items()
    }
    seat = Seat(name) if name else make_seat(office.desk)
    keeper = make_keeper(office.desk, seat)
    return Round(dataclasses.replace(services, strategies=strategies), office.desk.store, keeper, seat)


def of_strategies(told: list[Told], *names: str) -> list[tuple[str, RunResult | None]]:
    return [(each.subject, each.result) for each in told if each.subject in names]


@pytest.fixture(autouse=True)
def whole_hour(anvil: Anvil) -> int:
    """The chain's time is a minute after a full hour, which is a fire of every strategy."""
    now = anvil.timestamp()
    start: int = now - now % HOUR + HOUR + 60
    anvil.set_time(start)
    return start - 60


def test_a_fire_is_run_once_also_after_a_restart(office: Office, whole_hour: int) -> None:
    office_round = rounds(office, {"calm": NOTHING})
    assert of_strategies(office_round.play(), "calm") == [("calm", RunResult.NOTHING)]
    assert of_strategies(office_round.play(), "calm") == []
    assert of_strategies(rounds(office, {"calm": NOTHING}).play(), "calm") == []
    assert [run.run.nominal for run in office.desk.store.last_runs("calm")] == [whole_hour]
    office.anvil.advance(HOUR)
    assert of_strategies(office_round.play(), "calm") == [("calm", RunResult.NOTHING)]


def test_an_error_in_one_strategy_stops_no_other_and_not_the_keeper(office: Office) -> None:
    proposal = office.propose(office.payment("USDC", 1000))
    told = rounds(office, {"broken": KeyError("a bug"), "calm": NOTHING}).play()
    assert of_strategies(told, "broken", "calm") == [("broken", RunResult.FAILED), ("calm", RunResult.NOTHING)]
    assert "unexpected KeyError" in told[0].words
    assert office.state(proposal) is State.QUEUED


def test_a_strategy_that_fails_again_and_again_is_paused_and_says_so_until_it_is_resumed(office: Office) -> None:
    decisions: dict[str, Decision | Exception] = {"broken": ValueError("no"), "calm": NOTHING}
    for _ in range(3):
        told = rounds(office, decisions).play()
        office.anvil.advance(HOUR)
    (paused,) = [each.words for each in told if "paused" in each.words]
    assert "3 failures in a row" in paused and "dao-bot resume broken" in paused
    told = rounds(office, decisions).play()
    assert of_strategies(told, "broken") == [("broken", None)], "it does not run, and still says why"
    assert of_strategies(told, "calm") == [("calm", RunResult.NOTHING)]
    office.desk.store.resume("broken", office.anvil.timestamp())
    told = rounds(office, decisions).play()
    assert of_strategies(told, "broken") == [("broken", RunResult.FAILED)]
    assert not office.desk.store.strategy_state("broken").paused


def test_missed_fires_are_counted_in_the_record_and_not_made_up_for(office: Office, whole_hour: int) -> None:
    rounds(office, {"calm": NOTHING}).play()
    office.anvil.advance(5 * HOUR)
    assert of_strategies(rounds(office, {"calm": NOTHING}).play(), "calm") == [("calm", RunResult.NOTHING)]
    missed = [event.body for event in office.desk.store.events("calm") if event.kind == "fires missed"]
    assert missed == [{"missed": 4, "before": whole_hour + 5 * HOUR}]
    assert len(office.desk.store.last_runs("calm")) == 2


def test_a_run_that_was_begun_and_not_ended_is_done_by_the_next_process_at_once(
    office: Office, whole_hour: int
) -> None:
    seat = make_seat(office.desk)
    office.desk.store.claim_run(RunId("calm", whole_hour), seat.name, office.anvil.timestamp(), 600)
    assert of_strategies(rounds(office, {"calm": NOTHING}).play(), "calm") == [("calm", RunResult.NOTHING)]


def test_a_run_of_a_keeper_on_another_machine_is_left_to_it_until_its_time_is_up(
    office: Office, whole_hour: int
) -> None:
    office.desk.store.claim_run(RunId("calm", whole_hour), "elsewhere", office.anvil.timestamp(), 600)
    here = rounds(office, {"calm": NOTHING})
    assert of_strategies(here.play(), "calm") == []
    office.anvil.advance(601)
    assert of_strategies(here.play(), "calm") == [("calm", RunResult.NOTHING)]


def test_a_run_that_nobody_ended_is_given_up_when_a_newer_one_is_due(office: Office, whole_hour: int) -> None:
    office.desk.store.claim_run(RunId("calm", whole_hour), "elsewhere", office.anvil.timestamp(), 600)
    office.anvil.advance(2 * HOUR)
    told = rounds(office, {"calm": NOTHING}).play()
    assert of_strategies(told, "calm") == [("calm", RunResult.FAILED), ("calm", RunResult.NOTHING)]
    assert "a newer one is due" in told[0].words
    assert len(office.desk.store.last_runs("calm")) == 2


def test_what_could_not_be_recorded_leaves_nothing_behind_and_is_told(office: Office) -> None:
    def fails() -> None:
        raise OSError("the disk is gone")

    with at("store.propose.before_commit", fails):
        told = rounds(office, {"calm": NOTHING}).play()
    assert of_strategies(told, "calm") == [("calm", RunResult.FAILED)]
    (run,) = office.desk.store.last_runs("calm")
    assert run.result is RunResult.FAILED and "the disk is gone" in run.detail


def test_without_a_node_nothing_is_done_and_the_next_round_goes_on(
    office: Office, tmp_path: Path, running_world: object
) -> None:
    lost = tmp_path / "lost"
    lost.mkdir()
    with open_desk(write_config(lost, "http://127.0.0.1:9")) as desk:
        nowhere = dataclasses.replace(office, desk=desk)
        told = rounds(nowhere, {"calm": NOTHING}).play()
        assert [each.subject for each in told] == ["strategies", "keeper"]
        assert all("cannot be reached" in each.words or "not usable" in each.words for each in told), told
        assert desk.store.head().number == 0
    assert of_strategies(rounds(office, {"calm": NOTHING}).play(), "calm") == [("calm", RunResult.NOTHING)]


def test_two_keepers_of_one_record_do_not_work_at_once(office: Office) -> None:
    proposal = office.propose(office.payment("USDC", 1000))
    other, told = rounds(office, {}, "another machine"), []
    with at("store.transition.after_commit", lambda: told.extend(other.play())):
        rounds(office, {}).play()
    assert office.state(proposal) is State.QUEUED
    (words,) = [each.words for each in told if each.subject == "keeper"]
    assert "another keeper is at work on this Safe" in words


def test_a_seat_is_taken_by_one_process_only_and_freed_with_it(office: Office) -> None:
    seat = make_seat(office.desk)
    impatient = Seat(seat.name, office.desk.store.file.with_name("dao-bot.sqlite3.keeper"), wait=0.1)  # type: ignore[union-attr]
    refused = pytest.raises(Conflict, match="another keeper of this machine is at work")
    with seat.taken(), refused, impatient.taken():
        pass
    with impatient.taken():
        pass
