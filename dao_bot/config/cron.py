"""Cron expressions that mean the same to every reader; what two cron programs read differently is refused."""

from __future__ import annotations

import re

from dao_bot.domain.errors import BadInput

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LONGEST_MONTH = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_PART = re.compile(r"(?P<first>\*|[0-9]{1,2}|[a-z]{3})(?:-(?P<last>[0-9]{1,2}|[a-z]{3}))?(?:/(?P<step>[0-9]{1,2}))?")


def check_cron(expression: str) -> str:
    """The expression: minute, hour, day of month, month, weekday, in UTC.

    Weekdays are written mon to sun, because 0 is Sunday to crontab and Monday to others; and a day of the month
    together with a weekday is refused, because crontab fires on either and others only on both.

    Raises:
        BadInput: it is not one, it is ambiguous, or it never fires.
    """
    _, _, days, months, _ = _fields(expression)
    if not any(day <= _LONGEST_MONTH[month - 1] for day in days for month in months):
        raise BadInput("this cron expression never fires: no such day in those months", value=repr(expression))
    return expression


def shortest_gap(expression: str) -> int:
    """Least seconds between two fires of a checked expression (over midnight: as if it fired every day)."""
    minutes, hours, *_ = _fields(expression)
    fires = sorted(hour * 60 + minute for hour in hours for minute in minutes)
    following = [*fires[1:], fires[0] + 24 * 60]
    return 60 * min(later - earlier for earlier, later in zip(fires, following, strict=True))


def _fields(expression: object) -> tuple[list[int], list[int], list[int], list[int], list[int]]:
    fields = expression.split() if isinstance(expression, str) else []
    if len(fields) != 5:
        raise BadInput(
            "not a cron expression",
            value=repr(expression),
            limit='five fields: minute hour day month weekday, such as "0 */6 * * *"',
        )
    minute, hour, day, month, weekday = fields
    if day != "*" and weekday != "*":
        raise BadInput(
            "a cron expression with a day of the month and a weekday is read in two ways",
            value=repr(expression),
            limit="* for one of them",
        )
    if re.search("[0-9/]", weekday):
        raise BadInput(
            "a weekday is written by name and without a step, because numbers are read in two ways",
            value=repr(weekday),
            limit="* or names such as mon-fri or mon,thu",
        )
    return (
        _values("minute", minute, 0, 59),
        _values("hour", hour, 0, 23),
        _values("day of the month", day, 1, 31),
        _values("month", month.lower(), 1, 12, _MONTHS),
        _values("weekday", weekday.lower(), 0, 6, _DAYS),
    )


def _values(what: str, text: str, low: int, high: int, names: tuple[str, ...] = ()) -> list[int]:
    """Sorted numbers that one field allows."""
    found: set[int] = set()
    for part in text.split(","):
        match = _PART.fullmatch(part)
        bounds = _range(match, low, high, names) if match else None
        if match is None or bounds is None:
            known = f" or {names[0]} to {names[-1]}" if names else ""
            raise BadInput(
                f"not a {what} of a cron expression", value=repr(part), limit=f"{low} to {high}{known}, or *"
            )
        found.update(range(bounds[0], bounds[1] + 1, int(match["step"] or 1)))
    return sorted(found)


def _range(match: re.Match[str], low: int, high: int, names: tuple[str, ...]) -> tuple[int, int] | None:
    """First and last value of a part, or None for what some reader of cron does not accept or takes otherwise."""
    step, named = match["step"], match["first"] in names
    if match["first"] == "*":
        first, last = (None, None) if match["last"] else (low, high)
    else:
        first = _number(match["first"], low, names)
        last = _number(match["last"], low, names) if match["last"] else first
        if (match["last"] and (match["last"] in names) != named) or (step and (named or not match["last"])):
            return None
    if first is None or last is None or not low <= first <= last <= high:
        return None
    return None if step and not 1 <= int(step) <= last - first else (first, last)


def _number(text: str, low: int, names: tuple[str, ...]) -> int | None:
    if text.isdecimal():
        return int(text)
    return low + names.index(text) if text in names else None
