"""One exchange through ccxt: asked within its limits, asked again a bounded number of times, believed only if sane."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Iterable
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, TypeVar

import numpy as np

from dao_bot.cards.text import clean, duration
from dao_bot.chain.rate_limit import asked_wait, backoff, sent_at
from dao_bot.domain.errors import BadInput, NotFound, SourceUnavailable
from dao_bot.market.candles import Candles
from dao_bot.market.exchange_settings import Access, ExchangeSettings
from dao_bot.market.order_book import OrderBook, Side
from dao_bot.market.ticker import Ticker
from dao_bot.suggest import did_you_mean

Answer = TypeVar("Answer")

_ATTEMPTS = 5
_PATIENCE = 20.0
_WORTH_ASKING_AGAIN = (408, 418, 425, 429)
"""Among the statuses that blame the client; 418 is Binance's word for 429 to those who did not listen."""
_NONSENSE = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What ccxt's parsers run into when an answer has another shape than they expect."""
_SHOWN = 200


class Exchange:
    """Public market data of one exchange. ccxt, which takes seconds to import, is imported with the first question.

    Threads may share it; their questions are asked one after another.

    Args:
        patience: seconds in which one question may be repeated.
    """

    def __init__(self, access: Access, patience: float = _PATIENCE) -> None:
        self.name = access.exchange
        self._access = access
        self._patience = patience
        self._lock = threading.Lock()
        self._ccxt: Any = None
        self._session: Any = None
        self._silent_until = 0.0

    def candles(self, symbol: str, interval: int, since: int) -> tuple[Candles, int]:
        """One page of candles that open at `since` (epoch seconds) or later, and until when they can have closed.

        The page is empty when the exchange gives none. The candle that is still forming may be among them.

        Raises:
            NotFound: the exchange has no such market, or no candles of this length.
            SourceUnavailable: it does not answer, or answers nonsense.
            BadInput: candles that `Candles.checked` refuses.
        """
        with self._lock:
            frame, limit = self._frame(symbol, interval), self._page_size(symbol)
            rows = self._ask(lambda: self._ccxt.fetch_ohlcv(symbol, frame, since * 1000, limit))
            closed_by = self._answered_at()
        return self._as_candles(rows, symbol, interval).checked(), closed_by

    def page_size(self, symbol: str) -> int:
        """How many candles one page may hold.

        Raises: as `candles`.
        """
        with self._lock:
            return self._page_size(symbol)

    def ticker(self, symbol: str) -> Ticker:
        """The best bid and ask now.

        Raises:
            NotFound: the exchange has no such market.
            SourceUnavailable: it does not answer, or not with a bid and an ask.
        """
        with self._lock:
            self._require_market(symbol)
            raw = self._ask(lambda: self._ccxt.fetch_ticker(symbol))
            answered_at = self._answered_at()
        if not isinstance(raw, dict):
            raise self._nonsense(f"the ticker of {symbol}", raw)
        bid, ask = (self._number(raw.get(side), f"the {side} of {symbol}") for side in ("bid", "ask"))
        if not 0 < bid <= ask:
            raise self._nonsense(f"the ticker of {symbol}", f"bid {bid}, ask {ask}")
        told = raw.get("timestamp")
        if told is not None and (type(told) is not int or told <= 0):
            raise self._nonsense(f"the time of the ticker of {symbol}", told)
        return Ticker(f"{self.name} {symbol}", bid, ask, told // 1000 if told is not None else answered_at)

    def order_book(self, symbol: str, levels: int) -> OrderBook:
        """The best `levels` (or fewer, or a few more) of both sides.

        Raises:
            NotFound: the exchange has no such market.
            SourceUnavailable: it does not answer, or not with an order book.
        """
        with self._lock:
            self._require_market(symbol)
            raw = self._ask(lambda: self._ccxt.fetch_order_book(symbol, levels))
            answered_at = self._answered_at()
        try:
            bids, asks = (Side.parsed(raw[side]) for side in ("bids", "asks"))
            told = raw.get("timestamp")
            at = answered_at if told is None else int(told) // 1000
            return OrderBook(f"{self.name} {symbol}", at, bids, asks).checked()
        except _NONSENSE as error:
            raise self._nonsense(f"the order book of {symbol}", error) from error

    def _frame(self, symbol: str, interval: int) -> str:
        self._require_market(symbol)
        frames = {self._ccxt.parse_timeframe(name): name for name in self._ccxt.timeframes or {}}
        if interval not in frames:
            raise NotFound(
                f"{self.name} has no candles of {duration(interval)}",
                limit=", ".join(frames[seconds] for seconds in sorted(frames)) or "none at all",
            )
        return str(frames[interval])

    def _page_size(self, symbol: str) -> int:
        self._require_market(symbol)
        limit = self._ccxt.feature_value(symbol, "fetchOHLCV", "limit")
        return limit if isinstance(limit, int) and limit > 0 else 100

    def _require_market(self, symbol: str) -> None:
        self._open()
        markets = self._ccxt.markets
        if not markets:
            self._ask(self._ccxt.load_markets)
            markets = self._ccxt.markets or {}
        if symbol not in markets:
            hint = did_you_mean(symbol, markets)
            raise NotFound(f"{self.name} has no market {symbol}", next_step=hint or None)

    def _open(self) -> None:
        if self._ccxt is not None:
            return
        import ccxt  # type: ignore[import-untyped]  # it carries no types

        from dao_bot.market.exchange_session import BoundedSession
        from dao_bot.market.strict_ccxt import strict

        self._session = BoundedSession(self._access.timeout)
        kind = strict(getattr(ccxt, self.name))
        opened = kind(
            {
                "session": self._session,
                "enableRateLimit": True,
                "timeout": self._access.timeout * 1000,
                # Decimal digits as the exchange sent them, not binary floats.
                "number": str,
                "options": {"defaultType": "spot", "fetchMarkets": {"types": ["spot"]}},
                "urls": {"api": dict(self._access.urls)},
            }
        )
        known = kind.describe(opened)["urls"]["api"]
        unknown = sorted(dict(self._access.urls).keys() - set(known))
        if unknown:
            raise BadInput(
                f"ccxt has no URL of {self.name} with this name", value=", ".join(unknown), limit=", ".join(known)
            )
        self._ccxt = opened

    def _ask(self, question: Callable[[], Answer]) -> Answer:
        """The answer, asked for again while the exchange is busy or out of reach, within the patience."""
        import ccxt

        self._open()
        give_up = time.monotonic() + self._patience
        for attempt in range(1, _ATTEMPTS + 1):
            if time.monotonic() < self._silent_until:
                raise self._unavailable("it asked to be left alone", self._silent_until - time.monotonic())
            try:
                return question()
            except ccxt.NetworkError as error:
                wait = self._wanted_wait(attempt)
                if wait is None or attempt == _ATTEMPTS or time.monotonic() + wait > give_up:
                    raise self._failed(error, attempt) from error
            except ccxt.BadResponse as error:
                raise self._nonsense("a question", error) from error
            except ccxt.BaseError as error:
                if self._session.problem:
                    raise self._nonsense("a question", f"{self._session.problem}: {error}") from error
                raise self._failed(error, attempt) from error
            except _NONSENSE as error:
                raise self._nonsense("a question", f"{type(error).__name__}: {error}") from error
            time.sleep(wait)
        raise AssertionError("unreachable")

    def _wanted_wait(self, attempt: int) -> float | None:
        """Seconds until it may be asked again; None when that is of no use."""
        status = self._session.status
        if status is not None and 400 <= status < 500 and status not in _WORTH_ASKING_AGAIN:
            return None
        asked = asked_wait(429, self._session.headers_seen, time.time()) or 0.0
        if asked:
            self._silent_until = time.monotonic() + asked
        return max(asked, backoff(attempt - 1)) * random.uniform(1.0, 1.25)

    def _answered_at(self) -> int:
        """When the exchange made its last answer, by its own clock (the header `Date`)."""
        at = sent_at(self._session.headers_seen)
        if at is None:
            raise self._nonsense("the time of its answer", self._session.headers_seen.get("date"))
        return at

    def _as_candles(self, rows: Any, symbol: str, interval: int) -> Candles:
        try:
            if not isinstance(rows, list) or any(len(row) != 6 or type(row[0]) is not int for row in rows):
                raise ValueError("not rows of a time and five numbers")
            if any(row[0] % 1000 for row in rows):
                raise ValueError("times that are no whole seconds")
            opened = np.array([row[0] // 1000 for row in rows], np.int64)
            columns = [_floats(row[place] for row in rows) for place in range(1, 5)]
            volume = _floats("nan" if row[5] is None else row[5] for row in rows)
        except (TypeError, ValueError, OverflowError) as error:
            raise self._nonsense(f"candles of {symbol}", error) from error
        first, high, low, close = columns
        return Candles(f"{self.name} {symbol}", interval, opened + interval, close, high, low, volume)

    def _number(self, value: object, what: str) -> Decimal:
        try:
            number = Decimal(value) if isinstance(value, str) else None
        except InvalidOperation:
            number = None
        if number is None or not number.is_finite():
            raise self._nonsense(what, value)
        return number

    def _failed(self, error: Exception, attempts: int) -> SourceUnavailable:
        status = self._session.status
        times = f", asked {attempts} times" if attempts > 1 else ""
        said = clean(error, _SHOWN).removeprefix(f"{self.name} ")
        return SourceUnavailable(
            f"{self.name} does not answer ({type(error).__name__}{f', status {status}' if status else ''}{times})",
            value=said or None,
            next_step="Run again later; if it stays, use another exchange",
        )

    def _unavailable(self, why: str, seconds: float) -> SourceUnavailable:
        return SourceUnavailable(
            f"{self.name} limits how often it may be asked: {why}",
            value=f"{seconds:.0f} s more",
            next_step="Run less often, or ask for fewer markets",
        )

    def _nonsense(self, what: str, value: object) -> SourceUnavailable:
        return SourceUnavailable(
            f"{self.name} answered nonsense for {what}",
            value=clean(value, _SHOWN),
            next_step="Use another exchange; this one has changed, or something stands in between",
        )


@cache
def _exchange(access: Access) -> Exchange:
    return Exchange(access)


def exchange_of(settings: ExchangeSettings) -> Exchange:
    """The exchange that settings name: one for the whole process, so that its rate limit is kept by all who ask it."""
    return _exchange(settings.access)


def _floats(values: Iterable[Any]) -> Any:
    return np.array([float(value) for value in values], np.float64)
