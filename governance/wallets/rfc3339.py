"""Times as RFC 3339 writes them, to the fraction of a second."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from governance.wallets.errors import InvalidMessage

_DATE_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,30}))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))"
)


def parse_time(text: str, what: str) -> Fraction:
    """Seconds since the epoch; a leap second is the second after it.

    Args:
        what: names the field in errors.

    Raises:
        InvalidMessage: it is no `date-time`, or there is no such day or hour.
    """
    match = _DATE_TIME.fullmatch(text)
    if match is None:
        raise _not_a_time(text, what)
    year, month, day, hour, minute, second = (int(match[group]) for group in range(1, 7))
    offset = timedelta(hours=int(match[9] or 0), minutes=int(match[10] or 0)) * (-1 if match[8] == "-" else 1)
    if int(match[9] or 0) > 23 or int(match[10] or 0) > 59:
        raise _not_a_time(text, what)
    try:
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC) - offset
    except (ValueError, OverflowError) as error:
        raise _not_a_time(text, what) from error
    if second > 60 or (second == 60 and not _may_be_leap(moment)):
        raise _not_a_time(text, what)
    whole = int((moment - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(seconds=1)) + (second == 60)
    fraction = match[7] or "0"
    return whole + Fraction(int(fraction), 10 ** len(fraction))


def format_time(seconds: int) -> str:
    """Epoch seconds as `2026-01-31T12:00:00Z`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _may_be_leap(moment: datetime) -> bool:
    """Leap seconds end a month, at midnight UTC."""
    return (moment + timedelta(seconds=1)).strftime("%d %H:%M:%S") == "01 00:00:00"


def _not_a_time(text: str, what: str) -> InvalidMessage:
    return InvalidMessage(f"{what} is not a time", value=repr(text[:60]), limit="RFC 3339: 2026-01-31T12:00:00Z")
