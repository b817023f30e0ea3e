"""Candles as columns: what is refused, what is repaired, and how fine ones become coarse ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dao_bot.cards.text import duration, utc
from dao_bot.domain.errors import BadInput
from dao_bot.domain.needs import Series

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]

_PRICES = ("close", "high", "low")
_ROUNDING = 1e-9
"""Relative; files of floats may put a close a hair above its high."""


def span_of(window: int, interval: int, now: int, *, of: int, source: str) -> tuple[int, int]:
    """Which candles of `of` seconds are needed for those of `interval` in (now - window, now]: closed after, until.

    Raises:
        BadInput: the interval is no multiple of theirs.
    """
    if interval % of:
        raise BadInput(
            f"candles of {duration(interval)} cannot be made of candles of {duration(of)}",
            value=source,
            limit=f"a multiple of {duration(of)}",
        )
    return max(now - window, 0) // interval * interval, now // interval * interval


@dataclass(frozen=True, slots=True)
class Candles:
    """Columns of equal length. `time`: epoch seconds of the close. `volume` is nan where it is not known.

    Attributes:
        source: for errors and records.
        interval: seconds.
    """

    source: str
    interval: int
    time: Times
    close: Floats
    high: Floats
    low: Floats
    volume: Floats

    def checked(self) -> Candles:
        """The same, in order of time and without repetitions.

        Repaired: rows out of order, and rows that stand there twice with equal values. A missing row stays missing.

        Raises:
            BadInput: missing, infinite, zero or negative prices, negative volume, a close outside of low and high,
                times that are no multiples of the interval, or two different rows of one time.
        """
        ordered = self._taken(np.argsort(self.time, kind="stable"))
        whole = (ordered.time > 0) & (ordered.time % self.interval == 0)
        ordered._require(whole, f"times that are multiples of {duration(self.interval)}")
        for name in _PRICES:
            column: Floats = getattr(ordered, name)
            ordered._require(np.isfinite(column) & (column > 0), f"a positive {name} in every row")
        ordered._require(np.isnan(ordered.volume) | (ordered.volume >= 0), "a volume that is not negative")
        ordered._require(np.isfinite(ordered.volume) | np.isnan(ordered.volume), "a finite volume")
        below = ordered.low <= ordered.close * (1 + _ROUNDING)
        above = ordered.close <= ordered.high * (1 + _ROUNDING)
        ordered._require(below & above, "a close between low and high")
        return ordered._without_repetitions()

    def inverted(self) -> Candles:
        """Prices of the pair turned round; volume in units of what is now the first symbol."""
        return Candles(
            self.source,
            self.interval,
            self.time,
            close=1 / self.close,
            high=1 / self.low,
            low=1 / self.high,
            volume=self.volume * self.close,
        )

    def series(self, window: int, interval: int, now: int) -> Series:
        """Candles of `interval` seconds, aligned to the epoch, that closed in (now - window, now].

        A coarser candle is made when at least half of its finer ones are there: close of the last, highest high,
        lowest low, sum of volumes. Otherwise it is missing, as everything is that the data does not hold.

        Raises:
            BadInput: the interval is no multiple of what the data has.
        """
        known = self.between(*span_of(window, interval, now, of=self.interval, source=self.source))
        closing = -(-known.time // interval) * interval
        starts = np.flatnonzero(np.diff(closing, prepend=-1))
        counts = np.diff(np.append(starts, len(closing)))
        complete = (2 * counts * self.interval >= interval) & (closing[starts] > now - window)
        ends = (starts + counts - 1)[complete]
        if not len(starts):
            return Series(self.source, known.time, known.close, known.high, known.low, known.volume)
        return Series(
            source=self.source,
            time=closing[ends],
            close=known.close[ends],
            high=np.maximum.reduceat(known.high, starts)[complete],
            low=np.minimum.reduceat(known.low, starts)[complete],
            volume=np.add.reduceat(known.volume, starts)[complete],
        )

    def between(self, after: int, until: int) -> Candles:
        """Those that closed in (after, until]; of candles in order."""
        start, end = np.searchsorted(self.time, (after, until), side="right")
        return self._taken(slice(start, end))

    def _taken(self, rows: npt.NDArray[np.intp] | slice) -> Candles:
        return Candles(
            self.source,
            self.interval,
            self.time[rows],
            self.close[rows],
            self.high[rows],
            self.low[rows],
            self.volume[rows],
        )

    def _without_repetitions(self) -> Candles:
        same_time = np.flatnonzero(np.diff(self.time) == 0)
        for name in (*_PRICES, "volume"):
            column: Floats = getattr(self, name)
            left, right = column[same_time], column[same_time + 1]
            differs = (left != right) & ~(np.isnan(left) & np.isnan(right))
            if differs.any():
                raise self._refused(int(same_time[differs][0]), f"one {name} for each time")
        return self._taken(np.flatnonzero(np.diff(self.time, prepend=-1)))

    def _require(self, holds: npt.NDArray[np.bool_], what: str) -> None:
        if not holds.all():
            raise self._refused(int(np.flatnonzero(~holds)[0]), what)

    def _refused(self, row: int, what: str) -> BadInput:
        values = f"close {self.close[row]}, high {self.high[row]}, low {self.low[row]}, volume {self.volume[row]}"
        return BadInput(
            f"{self.source} holds a candle that cannot be used",
            value=f"{values} at {utc(int(self.time[row]))}",
            limit=what,
            next_step="Correct or remove the row; nothing is guessed",
        )
