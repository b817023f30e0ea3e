"""What others trade of the token in a day, so that one busy day, or one that is made to look busy, proves nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from dao_bot.strategy import Series
from strategies.buyback_burn.logs import Floats, Times

DAY = 86_400
DAYS = 7


def by_day(time: Times, volume: Floats, now: int) -> Floats:
    """(DAYS,) volume of each stretch of 24 hours before `now`, oldest first; unknown (nan) volume counts nothing."""
    age = now - time
    inside = (age >= 0) & (age < DAYS * DAY)
    days: Floats = np.bincount(
        DAYS - 1 - age[inside] // DAY, weights=np.nan_to_num(volume[inside]), minlength=DAYS
    ).astype(np.float64)
    return days


def series_by_day(series: Series, decimals: int, now: int) -> Floats:
    """The same of candles, whose volume is in whole tokens and which close at the end of their time."""
    return by_day(series.time, series.volume * 10.0**decimals, now)


def usual(days: Sequence[Floats]) -> int:
    """Base units traded on a day that can be relied on: in all markets, the least of the last and of the median day."""
    if not days:
        return 0
    total = np.sum(days, axis=0)
    return int(min(total[-1], np.median(total)))
