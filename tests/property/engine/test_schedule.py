"""Nominal times are the same for everybody, whatever happened in between."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dao_bot.domain.errors import BadInput
from dao_bot.domain.runs import RunId
from dao_bot.engine.schedule import Cron, Every, Schedule, due_run, jitter_of

NOW = st.integers(1_600_000_000, 1_900_000_000)
SCHEDULES = st.one_of(
    st.integers(60, 10**6).map(Every),
    st.sampled_from(["* * * * *", "0 */6 * * *", "15 9 * * 1", "0 0 1 * *", "30 2 29 2 *"]).map(Cron),
)


@given(SCHEDULES, NOW)
def test_the_latest_time_is_past_and_nothing_lies_between(schedule: Schedule, now: int) -> None:
    latest = schedule.latest(now)
    if latest is None:
        return
    following = schedule.following(latest)
    assert latest <= now
    assert following is None or following > now


@given(st.integers(60, 10_000), st.integers(0, 600), st.lists(NOW, min_size=1, max_size=30))
def test_restarts_never_repeat_a_run(interval: int, jitter: int, moments: list[int]) -> None:
    last, ran = None, []
    for now in sorted(moments):
        due = due_run("s", Every(interval), jitter, last, None, now)
        if due is not None:
            ran.append(due.run.nominal)
            last = due.run.nominal
    assert all(before < after for before, after in pairwise(ran))
    assert all(nominal % interval == 0 for nominal in ran)


@given(NOW, st.integers(0, 3600))
def test_jitter_is_bounded_and_the_same_on_every_keeper(nominal: int, jitter: int) -> None:
    run = RunId("s", nominal)
    assert jitter_of(run, jitter) == jitter_of(RunId("s", nominal), jitter)
    assert 0 <= jitter_of(run, jitter) <= jitter


def test_a_run_waits_for_its_jitter() -> None:
    run = RunId("s", 3600)
    wait = jitter_of(run, 1000)
    assert due_run("s", Every(3600), 1000, 0, None, 3600 + wait - 1) is None
    assert due_run("s", Every(3600), 1000, 0, None, 3600 + wait) is not None


def test_missed_fires_are_counted_and_only_the_newest_runs() -> None:
    due = due_run("s", Every(60), 0, 600, None, 1000)
    assert due is not None
    assert (due.run.nominal, due.missed) == (960, 5)


def test_a_strategy_is_woken_when_it_asked_to_be() -> None:
    due = due_run("s", Every(3600), 0, 3600, 4000, 4001)
    assert due is not None
    assert due.run.nominal == 4000
    assert due_run("s", Every(3600), 0, 4000, 4000, 4500) is None


def test_what_is_no_cron_expression_is_refused() -> None:
    with pytest.raises(BadInput, match="cron"):
        Cron("every day")
