"""How many requests may still be made: in a second, in a month, and none while the service asks for rest."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

from dao_bot.domain.errors import ServiceUnavailable

READS_SHARE = 95
"""Percent of a month's requests that reading may use; the rest is kept for proposing."""


class Ledger(Protocol):
    """Counts requests where every keeper of the treasury, and the one after a restart, sees them."""

    def take_request(self, account: str, period: str, most: int) -> bool:
        """Count one more in this period; False, and nothing is counted, when it would be more than `most`."""
        ...

    def requests_made(self, account: str, period: str) -> int:
        """How many were counted in this period."""
        ...


@dataclass(frozen=True, slots=True)
class Limits:
    """What the service's plan allows.

    Attributes:
        per_second: requests in a second.
        per_month: requests in a calendar month (UTC).
    """

    per_second: int
    per_month: int


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in UTC: its name, and how it begins and ends in epoch seconds."""

    name: str
    begins: float
    ends: float


def month_of(now: float) -> Month:
    """The month of a moment (epoch seconds)."""
    at = datetime.fromtimestamp(now, UTC)
    begins = at.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    ends = begins.replace(year=at.year + 1, month=1) if at.month == 12 else begins.replace(month=at.month + 1)
    return Month(f"{at.year:04d}-{at.month:02d}", begins.timestamp(), ends.timestamp())


class Budget:
    """Asked before every request. Thread-safe.

    Args:
        account: whose requests these are, for the ledger.
        clock: epoch seconds.
        sleep: waits so many seconds; never more than one second divided by `per_second`.
    """

    def __init__(
        self,
        account: str,
        limits: Limits,
        ledger: Ledger,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.account = account
        self.limits = limits
        self._ledger = ledger
        self._clock = clock
        self._sleep = sleep
        self._last = float("-inf")
        self._rests_until = float("-inf")
        self._why = ""
        self._lock = threading.Lock()

    def take(self, *, reading: bool) -> None:
        """Wait for the turn of one request and count it.

        Raises:
            ServiceUnavailable: the service asked to be left alone, or the month's requests are used up.
        """
        with self._lock:
            now = self._clock()
            if now < self._rests_until:
                raise ServiceUnavailable(
                    f"the transaction service is left alone: {self._why}",
                    limit=f"{self._rests_until - now:.0f} s more",
                    next_step="Owners can sign with `dao-bot sign` in the meantime",
                )
            month = month_of(now)
            most = self.limits.per_month * (READS_SHARE if reading else 100) // 100
            if not self._ledger.take_request(self.account, month.name, most):
                raise ServiceUnavailable(
                    "the requests to the transaction service that this month allows are used up",
                    value=self.spent(),
                    limit=f"{most} in {month.name}; the next month begins in {(month.ends - now) / 3600:.0f} h",
                    next_step="Owners can sign with `dao-bot sign`; or raise treasury.service.monthly_requests",
                )
            apart = 1 / self.limits.per_second
            # A clock that was set back must not make anybody wait for it.
            wait = min(self._last + apart - now, apart)
            if wait > 0:
                self._sleep(wait)
            self._last = self._clock()

    def rest(self, seconds: float, why: str) -> None:
        """Make no request for so many seconds."""
        with self._lock:
            self._rests_until = max(self._rests_until, self._clock() + seconds)
            self._why = why

    def spent(self) -> int:
        """Requests of this month so far."""
        return self._ledger.requests_made(self.account, month_of(self._clock()).name)
