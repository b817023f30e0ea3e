"""The way of every token's price in US dollars, as columns: made from candles, robust against single trades."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dao_bot.backtest.history import SlicedHistory
from dao_bot.cards.text import duration
from dao_bot.domain.errors import BadInput, NotFound
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD, format_usd

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]

USD = "USD"
LATE_AFTER = 2
"""A price is unknown when the newest candle behind it closed more than this many intervals ago."""


@dataclass(frozen=True, slots=True)
class Stated:
    """A price that somebody states instead of measuring it, for all time. `usd`: WAD."""

    usd: int

    def __str__(self) -> str:
        return f"stated as {format_usd(self.usd, 4)}"


@dataclass(frozen=True, slots=True)
class Traded:
    """A price from candles of `pair`: in dollars if it is quoted in USD, else times the dollar price of its quote."""

    pair: str
    interval: int

    def __str__(self) -> str:
        return f"candles of {self.pair}, {duration(self.interval)}"


Source = Stated | Traded


@dataclass(frozen=True, slots=True)
class PricePaths:
    """Dollar prices of n tokens at T moments.

    Attributes:
        time: (T,) epoch seconds, strictly growing.
        usd: (T, n) price that is known at that moment; nan before the first candle and where the newest one is late.
        carried: (T, n) the same with the last known price where there is none: what holdings are marked at.
        log_time: (T, n) integral of the logarithm of `carried` over time up to each moment, for averages over time.
        words: for each token, where its price comes from.
    """

    tokens: tuple[Token, ...]
    time: Times
    usd: Floats
    carried: Floats
    log_time: Floats
    words: tuple[str, ...]

    def row(self, now: int) -> int:
        """The newest moment that is not after `now`; -1 before the first one."""
        return int(np.searchsorted(self.time, now, side="right")) - 1

    def mean_log(self, now: int, window: int) -> Floats | None:
        """(n,) mean of the logarithm of the price over the last `window` seconds; None where the data is shorter."""
        if now - window < self.time[0]:
            return None
        mean: Floats = (self._integral(now) - self._integral(now - window)) / window
        return mean

    def _integral(self, at: int) -> Floats:
        row = self.row(at)
        integral: Floats = self.log_time[row] + np.log(self.carried[row]) * (at - int(self.time[row]))
        return integral


def price_paths(sources: Mapping[Token, Source], history: SlicedHistory, marks: int) -> PricePaths:
    """The paths of all tokens, on the moments at which any of their candles closed or became late.

    The price at a moment is the median of the closes of the last `marks` seconds, so that one trade cannot move it;
    with candles longer than that it is the last close. Nothing later than the moment enters.

    Raises:
        NotFound, BadInput: a pair has no candles, or a price is measured in a token that has none, or in a circle.
    """
    by_symbol = {token.symbol: source for token, source in sources.items()}
    columns = {each.pair: _column(each, history, marks) for each in sources.values() if isinstance(each, Traded)}
    if not columns:
        raise BadInput(
            "no price moves: every token's price is stated, none comes from candles",
            next_step="Name a pair with a file of candles for at least one token under `prices`",
        )
    time = np.unique(np.concatenate([_moments(times, late) for times, _, late in columns.values()]))
    known = np.full((len(time), len(sources)), np.nan)
    for position, token in enumerate(sources):
        known[:, position] = _in_dollars(token.symbol, by_symbol, columns, time, ())
    return from_columns(tuple(sources), time, known, tuple(str(source) for source in sources.values()))


def from_columns(tokens: tuple[Token, ...], time: Times, usd: Floats, words: Sequence[str] = ()) -> PricePaths:
    """Paths from finished columns.

    Raises:
        BadInput: times that do not grow, or a price that is zero, negative or infinite.
    """
    if not len(time) or (np.diff(time) <= 0).any():
        raise BadInput("the moments of price paths must grow", value=f"{len(time)} moments")
    wrong = ~(np.isnan(usd) | (np.isfinite(usd) & (usd > 0)))
    if wrong.any():
        row, column = (int(each[0]) for each in np.nonzero(wrong))
        raise BadInput(f"a price of {tokens[column]} cannot be used", value=usd[row, column], limit="more than zero")
    carried = _carried(usd)
    seconds = np.diff(time, prepend=time[0]).astype(np.float64)[:, None]
    logarithm = np.log(carried)
    before = np.vstack([logarithm[:1], logarithm[:-1]])
    log_time = np.cumsum(np.where(np.isnan(before), 0.0, before) * seconds, axis=0)
    time.setflags(write=False)
    for values in (usd, carried, log_time):
        values.setflags(write=False)
    return PricePaths(tokens, time, usd, carried, log_time, tuple(words) or ("given",) * len(tokens))


def _carried(usd: Floats) -> Floats:
    """Each column with its last known value where it has none; what was never known stays nan."""
    rows = np.where(np.isnan(usd), 0, np.arange(len(usd))[:, None])
    carried: Floats = np.take_along_axis(usd, np.maximum.accumulate(rows, axis=0), axis=0)
    return carried


def _column(source: Traded, history: SlicedHistory, marks: int) -> tuple[Times, Floats, int]:
    """Times and robust prices of a pair, and after how many seconds a price is late."""
    pair, turned = source.pair, False
    if pair not in history.pairs and _turned(pair) in history.pairs:
        pair, turned = _turned(pair), True
    series = history.whole(pair, source.interval)
    if not len(series.time):
        raise NotFound(f"the history of {pair} holds no candle in this time")
    count = max(1, marks // source.interval)
    close = 1.0 / series.close if turned else np.asarray(series.close)
    return series.time, _running_median(close, count), LATE_AFTER * source.interval


def _moments(times: Times, late: int) -> Times:
    """The closes, and for each that is followed by a gap the moment from which on it is too old."""
    gaps = np.append(np.diff(times) > late, True)
    return np.concatenate([times, times[gaps] + late + 1])


def _running_median(values: Floats, count: int) -> Floats:
    """Median of the last `count` values, of as many as there are at the beginning."""
    if count <= 1:
        return values
    head = [np.median(values[: length + 1]) for length in range(min(count - 1, len(values)))]
    if len(values) < count:
        return np.array(head)
    tail = np.median(np.lib.stride_tricks.sliding_window_view(values, count), axis=1)
    return np.concatenate([head, tail])


def _turned(pair: str) -> str:
    base, _, quote = pair.partition("/")
    return f"{quote}/{base}"


def _in_dollars(
    symbol: str,
    sources: Mapping[str, Source],
    columns: Mapping[str, tuple[Times, Floats, int]],
    time: Times,
    above: tuple[str, ...],
) -> Floats:
    source = sources.get(symbol)
    if source is None:
        raise NotFound(f"{above[-1]} is priced in {symbol}, which has no price", next_step=f"Add {symbol} to `prices`")
    if symbol in above:
        raise BadInput("prices that are measured in each other say nothing", value=" in ".join([*above, symbol]))
    if isinstance(source, Stated):
        return np.full(len(time), source.usd / WAD)
    base, _, quote = source.pair.partition("/")
    if base != symbol:
        raise BadInput(f"the price of {symbol} is given by another pair", value=source.pair, limit=f"{symbol}/…")
    its_time, close, late = columns[source.pair]
    rows = np.searchsorted(its_time, time, side="right") - 1
    fresh = (rows >= 0) & (time - its_time[rows] <= late)
    price = np.where(fresh, close[rows], np.nan)
    if quote == USD:
        return price
    in_dollars: Floats = price * _in_dollars(quote, sources, columns, time, (*above, symbol))
    return in_dollars
