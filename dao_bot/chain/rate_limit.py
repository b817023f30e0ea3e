"""How long a node that limits its rate wants to be left alone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

_BUSY = (429, 502, 503, 504)
_EPOCH = 1_000_000_000
"""X-RateLimit-Reset is in seconds from now with some, since 1970 with others; this tells them apart."""


def backoff(attempt: int) -> float:
    """Seconds to wait after the attempt with this number (from 0) when the node does not say: 0.25, 0.5, 1, …"""
    return float(0.25 * 2**attempt)


def asked_wait(status: int, headers: Mapping[str, str], now: float) -> float | None:
    """Seconds that a busy node asks for, 0 when it does not say; None when it is not busy.

    Args:
        status: of HTTP; 429 and the statuses of an overloaded gateway count as busy.
        headers: names in lowercase; `Retry-After` (RFC 9110: seconds or a date) goes before `X-RateLimit-Reset`.
        now: epoch seconds.
    """
    if status not in _BUSY:
        return None
    if (after := headers.get("retry-after")) is not None:
        return _seconds(after, now)
    reset = _seconds(headers.get("x-ratelimit-reset", ""), now)
    return max(reset - now, 0.0) if reset >= _EPOCH else reset


def sent_at(headers: Mapping[str, str]) -> int | None:
    """Epoch seconds at which an answer was made, by the header `Date`; None when it has none that can be read."""
    try:
        date = parsedate_to_datetime(headers.get("date", ""))
    except ValueError:
        return None
    return int((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp())


def _seconds(text: str, now: float) -> float:
    """Of a number or an HTTP date; 0 when it is neither."""
    text = text.strip()
    if text.replace(".", "", 1).isdecimal():
        return float(text)
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return max((date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - now, 0.0)
