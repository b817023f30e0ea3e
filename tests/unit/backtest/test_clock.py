"""Times of runs, against the live schedule asked every minute."""

from __future__ import annotations

import pytest

from dao_bot.backtest.clock import Fire, first_fire, next_fire
from dao_bot.engine.schedule import Cron, Every, Schedule, due_run
from tests.unit.backtest.kit import BEGIN, HOUR, MINUTE

WAKE = {None: None, "soon": 20 * MINUTE, "at the next": HOUR, "later": 5 * HOUR}


@pytest.mark.parametrize("jitter", [0, 5 * MINUTE])
@pytest.mark.parametrize("wake", WAKE.values(), ids=[str(key) for key in WAKE])
def test_the_clock_fires_when_the_live_schedule_would(jitter: int, wake: int | None) -> None:
    """Live looks every second here, and starts just before the first nominal time."""
    schedule = Every(HOUR)
    fires: list[Fire] = []
    fire = first_fire("s", schedule, jitter, BEGIN)
    while fire is not None and fire.at <= BEGIN + 8 * HOUR:
        fires.append(fire)
        fire = next_fire(fire, schedule, jitter, None if wake is None else fire.at + wake)
    assert [(each.at, each.run.nominal) for each in fires] == _live(schedule, jitter, wake)


def _live(schedule: Schedule, jitter: int, wake: int | None) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    first = schedule.following(BEGIN - 1)
    assert first is not None
    last: int | None = schedule.latest(first - 1)
    wake_at: int | None = None
    for now in range(BEGIN, BEGIN + 8 * HOUR + 1):
        due = due_run("s", schedule, jitter, last, wake_at, now)
        if due is not None:
            found.append((now, due.run.nominal))
            last, wake_at = due.run.nominal, None if wake is None else now + wake
    return found


def test_cron_fires_at_its_times() -> None:
    fire = first_fire("s", schedule := Cron("15,45 */2 * * *"), 0, BEGIN)
    found = []
    while fire is not None and fire.at <= BEGIN + 4 * HOUR:
        found.append(fire.at - BEGIN)
        fire = next_fire(fire, schedule, 0, None)
    assert found == [900, 2_700, 8_100, 9_900]


def test_a_schedule_that_never_fires_is_no_run() -> None:
    assert first_fire("s", Cron("0 0 30 2 *"), 0, BEGIN) is None
