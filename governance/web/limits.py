"""How often one client may ask: a bucket of tokens for each, refilled at a rate; memory is bounded."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable

from dao_bot.domain.errors import Refused

_MOST_CLIENTS = 50_000


class TooManyRequests(Refused):
    """A client asks more often than it may.

    Attributes:
        retry_after: whole seconds.
    """

    def __init__(self, retry_after: int) -> None:
        super().__init__("too many requests", next_step=f"Wait {retry_after} seconds, then try again")
        self.retry_after = retry_after


class RateLimit:
    """`burst` at once, and `per_minute` in the long run, for each client.

    The client that was not seen for the longest time is forgotten first, when there are more than can be remembered.
    """

    def __init__(self, burst: int, per_minute: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._burst = burst
        self._rate = per_minute / 60
        self._clock = clock
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def spend(self, client: str) -> None:
        """Take one from a client's bucket.

        Raises:
            TooManyRequests: it is empty.
        """
        now = self._clock()
        left, since = self._left.pop(client, (float(self._burst), now))
        left = min(self._burst, left + (now - since) * self._rate)
        allowed = left >= 1
        self._left[client] = (left - 1 if allowed else left, now)
        while len(self._left) > _MOST_CLIENTS:
            self._left.popitem(last=False)
        if not allowed:
            raise TooManyRequests(max(1, round((1 - left) / self._rate)))
