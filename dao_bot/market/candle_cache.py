"""Closed candles of one market, each downloaded once and kept."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dao_bot.cards.text import utc
from dao_bot.domain.errors import SourceUnavailable, StoreError
from dao_bot.domain.hashing import digest
from dao_bot.market.candles import Candles
from dao_bot.segments import Held, Segments

if TYPE_CHECKING:
    import pyarrow as pa

Span = tuple[int, int]
"""(after, until): candles whose close lies in it, in epoch seconds."""

Fetch = Callable[[int], tuple[Candles, int]]
"""A page of candles that open at a time or later, and until when they can have closed."""

_KEY = "time"
_COLUMNS = ("close", "high", "low", "volume")
_SETTLED = 10
"""Seconds after its close in which an exchange may still count a late trade into a candle."""
_MOST_PAGES = 2_000


@dataclass(frozen=True, slots=True)
class Coverage:
    """For which spans everything is known that the exchange has; in order, none touching another."""

    spans: tuple[Span, ...] = ()

    def first_gap(self, wanted: Span) -> Span | None:
        """The first part of `wanted` that is not covered."""
        start, end = wanted
        for after, until in self.spans:
            if after <= start < until:
                start = until
            elif start < after < end:
                return start, after
        return (start, end) if start < end else None

    def end_before(self, moment: int, earliest: int) -> int:
        """Where the last covered span before `moment` ends, or `earliest` when that is later."""
        return max([until for _, until in self.spans if until <= moment] + [earliest])

    def with_span(self, added: Span) -> Coverage:
        """Covering `added` too."""
        joined: list[Span] = []
        for after, until in sorted((*self.spans, added)):
            if joined and after <= joined[-1][1]:
                joined[-1] = (joined[-1][0], max(joined[-1][1], until))
            else:
                joined.append((after, until))
        return Coverage(tuple(joined))

    def as_json(self) -> dict[str, Any]:
        return {"covered": [list(span) for span in self.spans]}

    @classmethod
    def of_json(cls, raw: Mapping[str, Any] | None) -> Coverage:
        return cls(tuple((int(after), int(until)) for after, until in raw["covered"])) if raw else cls()


class CandleCache:
    """Candles of `interval` seconds. Several processes may use one cache at a time.

    A candle that is missing between two that the exchange gives, or before the first of a page, is taken for one that
    does not exist, and is not asked for again.

    Args:
        identity: what the candles are of.
        source: for people, such as `kraken USDC/USD`.
    """

    def __init__(self, directory: Path, identity: Mapping[str, Any], source: str, interval: int) -> None:
        named = "-".join([*source.replace("/", "-").split(), f"{interval}s", digest(identity)[2:10]])
        self._segments = Segments(directory / named, identity, _KEY)
        self._source = source
        self._interval = interval

    def candles(self, after: int, until: int, fetch: Fetch, page_size: Callable[[], int]) -> Candles:
        """Candles that closed in (after, until], both multiples of the interval; what is not there yet is fetched.

        Args:
            page_size: how many candles a page may hold; asked for when a page was empty.

        Raises:
            SourceUnavailable, BadInput: as `fetch`; what came before is kept.
            StoreError: the files cannot be read or written, or somebody else holds them too long.
        """
        position = after
        for _ in range(_MOST_PAGES):
            with self._segments.held() as held:
                coverage = self._coverage(held)
                gap = coverage.first_gap((position, until))
                if gap is None:
                    return self._read(held, after, until)
                found, closed_by = fetch(gap[0])
                known_until = _known_until(found, gap, closed_by)
                if known_until > gap[0]:
                    begin = coverage.end_before(gap[0], after)
                    covered = coverage.with_span((begin, known_until))
                    held.append(_to_table(found.between(begin, known_until)), known_until, covered.as_json())
                    position = known_until
                else:
                    # Some exchanges answer for a limited time after the opening only, so look further on.
                    position = gap[0] + page_size() * self._interval
        raise SourceUnavailable(
            f"{self._source} gives too few candles at a time",
            value=f"still missing after {utc(position)}",
            limit=f"{_MOST_PAGES} pages",
            next_step="What came is kept; run again to go on",
        )

    def _coverage(self, held: Held) -> Coverage:
        try:
            return Coverage.of_json(held.state)
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError("the coverage of a candle cache is malformed", value=self._segments.directory) from error

    def _read(self, held: Held, after: int, until: int) -> Candles:
        table = held.table(after + 1, until)
        names = (_KEY, *_COLUMNS)
        columns: Sequence[Any] = [table.column(name).to_numpy() for name in names] if table else [()] * len(names)
        time, close, high, low, volume = columns
        floats = [np.asarray(column, np.float64) for column in (close, high, low, volume)]
        return Candles(self._source, self._interval, np.asarray(time, np.int64), *floats)


def _known_until(found: Candles, gap: Span, closed_by: int) -> int:
    """Up to where a page tells all that there is in the gap; the gap's beginning when it tells nothing."""
    closed = found.time[(found.time > gap[0]) & (found.time <= closed_by - _SETTLED)]
    return min(int(closed[-1]), gap[1]) if len(closed) else gap[0]


def _to_table(candles: Candles) -> pa.Table:
    import pyarrow as pa

    return pa.table({_KEY: candles.time, **{name: getattr(candles, name) for name in _COLUMNS}})
