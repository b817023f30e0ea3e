"""Buckets and the global limit: `topics/rate-limits`.

The documentation gives no numbers for routes; those here are what the service's headers have been showing, or less.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict, deque
from dataclasses import dataclass

from dao_bot.devnet.discord.errors import RateLimited
from dao_bot.devnet.discord.identity import Clock


@dataclass(frozen=True, slots=True)
class Limit:
    """So many requests within so many seconds."""

    most: int
    seconds: float


GLOBAL = Limit(50, 1.0)
_ROUTES = {
    ("POST", "/channels/{channel}/messages"): Limit(5, 5.0),
    ("PATCH", "/channels/{channel}/messages/{message}"): Limit(5, 5.0),
    ("DELETE", "/channels/{channel}/messages/{message}"): Limit(5, 1.0),
    ("POST", "/channels/{channel}/threads"): Limit(5, 10.0),
    ("PATCH", "/channels/{channel}"): Limit(2, 10.0),
    ("POST", "/webhooks/{application}/{token}"): Limit(5, 2.0),
    ("PATCH", "/webhooks/{application}/{token}/messages/{message}"): Limit(5, 2.0),
}
_OTHER = Limit(40, 1.0)
_FREE = "/interactions/{interaction}/{token}/callback"
_WITHOUT_GLOBAL = ("/interactions/", "/webhooks/{application}/{token}")
_MAJOR = ("channel", "guild", "token")


class RateLimits:
    """Counts requests by route and major parameter; `refused` counts the 429s."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._windows: dict[tuple[str, str], deque[float]] = defaultdict(deque)
        self.refused = 0

    def take(self, method: str, route: str, parameters: dict[str, str]) -> dict[str, str]:
        """The headers of the answer.

        Raises:
            RateLimited: too many; `retry_after` says for how long.
        """
        if route == _FREE:
            return {}
        if not route.startswith(_WITHOUT_GLOBAL):
            self._count(("global", ""), GLOBAL, everywhere=True)
        limit = _ROUTES.get((method, route), _OTHER)
        name = hashlib.blake2s(f"{method} {route}".encode(), digest_size=16).hexdigest()
        major = "/".join(parameters[key] for key in _MAJOR if key in parameters)
        left, ends = self._count((name, major), limit, everywhere=False)
        return {
            "X-RateLimit-Bucket": name,
            "X-RateLimit-Limit": str(limit.most),
            "X-RateLimit-Remaining": str(left),
            "X-RateLimit-Reset-After": f"{ends:.3f}",
            "X-RateLimit-Reset": f"{self._clock.wall() + ends:.3f}",
        }

    def _count(self, key: tuple[str, str], limit: Limit, *, everywhere: bool) -> tuple[int, float]:
        now, window = self._clock.now(), self._windows[key]
        while window and now - window[0] >= limit.seconds:
            window.popleft()
        if len(window) >= limit.most:
            self.refused += 1
            raise RateLimited(window[0] + limit.seconds - now, everywhere=everywhere)
        window.append(now)
        return limit.most - len(window), window[0] + limit.seconds - now
