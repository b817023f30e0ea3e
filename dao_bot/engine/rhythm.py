"""When the next round is played: at once while something happens, and once a minute while nothing does."""

from __future__ import annotations

import time
from collections.abc import Callable

from dao_bot.domain.errors import DaoBotError
from dao_bot.domain.record import Head
from dao_bot.engine.schedule import Due, due_run
from dao_bot.engine.services import Services
from dao_bot.store.store import Store

QUIET_SECONDS = 60.0
"""Between two looks at the chain while nothing is under way: what strangers do there is noticed a minute later."""


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
        self._next = float("-inf")
        self._fired: list[Due | None] = []
        self._head: Head | None = None

    def begin(self) -> None:
        """A round begins. What is recorded from now on, also by itself, makes another one due."""
        self._next = self._monotonic() + QUIET_SECONDS
        self._fired = self._fires()
        self._head = self._store.head()

    def hurry(self) -> None:
        """The round could not do its work because another keeper was at it."""
        self._next = float("-inf")

    def is_due(self) -> bool:
        """Whether a minute is over, a schedule fired, something was recorded, or a transaction's fate is open."""
        if self._monotonic() >= self._next or self._fires() != self._fired:
            return True
        try:
            return self._store.head() != self._head or bool(self._store.unsettled_attempts())
        except DaoBotError:
            return True  # the round says what is wrong

    def _fires(self) -> list[Due | None]:
        now, plans = int(self._clock()), self._services.strategies.values()
        return [due_run(plan.name, plan.schedule, plan.jitter, None, None, now) for plan in plans]
