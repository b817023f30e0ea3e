"""When a strategy runs: nominal times from the epoch or from cron, jitter by hash, missed fires from the record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from dao_bot.domain.errors import BadInput
from dao_bot.domain.runs import RunId

_LOOK_BACK = 400 * 86_400
_MISSED_COUNTED = 1000


class Schedule(Protocol):
    """A set of nominal times, the same on every keeper."""

    def latest(self, now: int) -> int | None:
        """The last nominal time that is not after `now` (epoch seconds), or None."""
        ...

    def following(self, after: int) -> int | None:
        """The first nominal time after `after`, or None."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """Every `interval` seconds, counted from the epoch."""

    interval: int

    def __post_init__(self) -> None:
        if self.interval < 1:
            raise BadInput("an interval must be at least one second", value=f"{self.interval} s")

    def latest(self, now: int) -> int:
        return now - now % self.interval

    def following(self, after: int) -> int:
        return self.latest(after) + self.interval


class Cron:
    """A five-field crontab expression, in UTC."""

    def __init__(self, expression: str) -> None:
        from apscheduler.triggers.cron import CronTrigger

        try:
            self._trigger = CronTrigger.from_crontab(expression, timezone=UTC)
        except ValueError as error:
            raise BadInput(
                "not a cron expression", value=repr(expression), limit="five fields, as in crontab"
            ) from error

    def following(self, after: int) -> int | None:
        start = datetime.fromtimestamp(after + 1, UTC)
        fire = self._trigger.get_next_fire_time(None, start)
        return None if fire is None else int(fire.timestamp())

    def latest(self, now: int) -> int | None:
        """Searched in windows that double, because a trigger only tells what comes next."""
        reach = 60
        while reach <= _LOOK_BACK:
            fire = self.following(now - reach - 1)
            if fire is not None and fire <= now:
                found = fire
                while (fire := self.following(found)) is not None and fire <= now:
                    found = fire
                return found
            reach *= 2
        return None


def jitter_of(run: RunId, jitter: int) -> int:
    """Seconds that this run waits after its nominal time: hash(RunId), so the same on every keeper."""
    return int(run.digest[2:18], 16) % (jitter + 1) if jitter > 0 else 0


@dataclass(frozen=True, slots=True)
class Due:
    """A run whose time has come, and how many nominal times before it nobody ran."""

    run: RunId
    missed: int


def due_run(
    strategy: str, schedule: Schedule, jitter: int, last: int | None, wake_at: int | None, now: int
) -> Due | None:
    """The run that is due at `now`, or None.

    Only the newest fire is run; older ones that nobody ran are counted as missed, because a treasury must not act
    twice on old times. A strategy that never ran starts at its next nominal time at or before `now`.

    Args:
        last: nominal time of the newest run in the record, or None.
        wake_at: an extra time that the strategy asked for at its last decision.
    """
    nominal = schedule.latest(now)
    if wake_at is not None and wake_at <= now and (last is None or wake_at > last) and (nominal or 0) < wake_at:
        return Due(RunId(strategy, wake_at), 0)
    if nominal is None or (last is not None and nominal <= last):
        return None
    run = RunId(strategy, nominal)
    if now < nominal + jitter_of(run, jitter):
        return None
    return Due(run, _missed(schedule, last, nominal))


def _missed(schedule: Schedule, last: int | None, nominal: int) -> int:
    if last is None:
        return 0
    count, time = 0, schedule.following(last)
    while time is not None and time < nominal and count < _MISSED_COUNTED:
        count, time = count + 1, schedule.following(time)
    return count
