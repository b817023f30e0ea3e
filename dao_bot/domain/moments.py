"""Moments in words that people and programs both read: RFC 3339 in UTC, to the second."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime

LAST_REPRESENTABLE_SECOND = 253_402_300_799
"""Of the year 9999; no calendar reaches further."""

_MOMENT = re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z(?![0-9A-Za-z])")


def format_moment(at: int) -> str:
    """Epoch seconds as `2026-11-20T21:07:00Z`, or the bare number when no calendar reaches that far."""
    if not 0 <= at <= LAST_REPRESENTABLE_SECOND:
        return f"second {at} of the epoch"
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def replace_moments(text: str, word: Callable[[int], str]) -> str:
    """The text with every moment that `format_moment` wrote as `word` says it, from its epoch seconds."""

    def worded(match: re.Match[str]) -> str:
        try:
            moment = datetime.fromisoformat(match.group())
        except ValueError:
            return match.group()
        return word(int(moment.timestamp()))

    return _MOMENT.sub(worded, text)
