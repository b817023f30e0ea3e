"""When each strategy runs: its own nominal times with their jitter, and the extra times that it asked for."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.domain.runs import RunId
from dao_bot.engine.schedule import Schedule, jitter_of


@dataclass(frozen=True, slots=True)
class Fire:
    """A run that will happen `at`."""

    at: int
    run: RunId


def first_fire(strategy: str, schedule: Schedule, jitter: int, begin: int) -> Fire | None:
    """The first regular run at or after `begin`; None when there is none."""
    nominal = schedule.following(begin - 1)
    return None if nominal is None else _regular(strategy, nominal, jitter)


def next_fire(last: Fire, schedule: Schedule, jitter: int, wake_at: int | None) -> Fire | None:
    """The run after `last`: the next regular one, unless the strategy asked to be woken before that one is made.

    As `due_run` does it: a wake-up has no jitter, one at a nominal time is that regular run, and one that falls between
    a nominal time and its jitter takes the regular run's place.
    """
    nominal = schedule.following(last.run.nominal)
    regular = None if nominal is None else _regular(last.run.strategy, nominal, jitter)
    if wake_at is None or wake_at <= last.run.nominal or wake_at == nominal:
        return regular
    at = max(wake_at, last.at)
    if regular is not None and regular.at < at:
        return regular
    return Fire(at, RunId(last.run.strategy, wake_at))


def _regular(strategy: str, nominal: int, jitter: int) -> Fire:
    run = RunId(strategy, nominal)
    return Fire(nominal + jitter_of(run, jitter), run)
