"""Time and ids: `reference#snowflakes`."""

from __future__ import annotations

import time
from datetime import UTC, datetime

DISCORD_EPOCH = 1_420_070_400_000
"""Milliseconds: the first moment of 2015."""


class Clock:
    """The server's time, which a test can move on so that tokens and windows run out."""

    def __init__(self) -> None:
        self._ahead = 0.0

    def advance(self, seconds: float) -> None:
        self._ahead += seconds

    def now(self) -> float:
        """Seconds that only grow; for windows."""
        return time.monotonic() + self._ahead

    def wall(self) -> float:
        """Epoch seconds; for time stamps and ids."""
        return time.time() + self._ahead


class Snowflakes:
    """Unique ids in the order of time: milliseconds since Discord's epoch, then 22 bits that count on."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._count = 0

    def next(self) -> str:
        self._count += 1
        milliseconds = int(self._clock.wall() * 1000) - DISCORD_EPOCH
        return str((milliseconds << 22) | (self._count & 0x3FFFFF))


def iso(seconds: float) -> str:
    """The time stamp format of Discord's API."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds")
