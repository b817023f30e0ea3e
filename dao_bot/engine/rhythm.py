"""When the next round is played: at once when something happens, and once a minute while nothing does."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress

from dao_bot.domain.errors import DaoBotError
from dao_bot.domain.record import Head
from dao_bot.engine.schedule import Due, due_run
from dao_bot.engine.services import Services
from dao_bot.store.store import Store

QUIET_SECONDS = 60.0
"""Between two looks at the chain while nothing is under way: what strangers do there is noticed a minute later."""

BUSY_SECONDS = 5.0
"""Between two rounds while much is recorded, or a transaction is under way."""

AT_ONCE = 12
"""Rounds that may be played sooner, at once when others record something; each `BUSY_SECONDS` allow one more."""


class Rhythm:
    """Asks the record, which costs nothing, whether the chain has to be asked, which is paid for.

    Args:
        monotonic: seconds that never go back.
        clock: epoch seconds; it only wakes, what is due is decided by the chain's time.
    """

    def __init__(
        self,
        services: Services,
        store: Store,
        monotonic: Callable[[], float] = time.monotonic,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._services = services
        self._store = store
        self._monotonic = monotonic
        self._clock = clock
        self._next = self._began = float("-inf")
        self._left = 0.0
        self._fired: list[Due | None] = []
        self._began_at: Head | None = None
        self._ended_at: Head | None = None

    def begin(self) -> None:
        """A round begins. What is recorded meanwhile, by itself for the most part, makes another one due soon."""
        now = self._monotonic()
        self._left = max(self._allowed(now) - 1, 0.0)
        self._began, self._next = now, now + QUIET_SECONDS
        self._fired = self._fires()
        self._began_at = self._ended_at = self._store.head()

    def end(self) -> None:
        """It has ended. What others record from now on makes another one due at once."""
        with suppress(DaoBotError):  # then what it recorded itself looks like others' doing
            self._ended_at = self._store.head()

    def hurry(self) -> None:
        """The round could not do its work because another keeper was at it."""
        self._next = self._began + BUSY_SECONDS

    def is_due(self) -> bool:
        """Whether a minute is over, a schedule fired, something was recorded, or a transaction's fate is open."""
        now = self._monotonic()
        if now >= self._next or self._fires() != self._fired:
            return True
        rested = now - self._began >= BUSY_SECONDS
        try:
            head = self._store.head()
            if head != self._ended_at:
                return self._allowed(now) >= 1
            return rested and (head != self._began_at or bool(self._store.unsettled_attempts()))
        except DaoBotError:
            return rested  # the round says what is wrong

    def _allowed(self, now: float) -> float:
        """How many rounds others may call for by now, so that in the long run the chain is asked no more often."""
        return min(self._left + (now - self._began) / BUSY_SECONDS, AT_ONCE)

    def _fires(self) -> list[Due | None]:
        now, plans = int(self._clock()), self._services.strategies.values()
        return [due_run(plan.name, plan.schedule, plan.jitter, None, None, now) for plan in plans]
