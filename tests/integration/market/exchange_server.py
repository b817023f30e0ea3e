"""An exchange on this machine: answers over real HTTP as Binance and Kraken do, well or badly, as a test tells it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

INTERVALS = {"1m": 60, "5m": 300, "1h": 3600}


class Request:
    """One request, and the means to answer it."""

    def __init__(self, handler: BaseHTTPRequestHandler, path: str, query: dict[str, str]) -> None:
        self._handler = handler
        self.path = path
        self.query = query

    def answer(self, content: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        self._handler.send_response_only(status)
        told = {"Content-Type": "application/json", "Content-Length": str(len(raw)), **(headers or {})}
        for name, value in told.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()
        try:
            self._handler.wfile.write(raw)
        except OSError:
            self._handler.close_connection = True

    def hang_up(self) -> None:
        self._handler.close_connection = True


Behaviour = Callable[["ExchangeServer", Request], bool]
"""Answers a request itself, or returns False to leave it to the honest exchange."""


class ExchangeServer(ThreadingHTTPServer):
    """Candles, tickers and order books of USDC/USDT (Binance) and USDC/USD (Kraken).

    Attributes:
        now: the clock of the exchange, epoch seconds.
        trades_from: when the market opened; there are no candles before.
        missing: opening times for which there is no candle.
        behaviours: asked one after another before the honest answer.
        seen: paths and queries of all requests in order.
    """

    daemon_threads = True

    def __init__(self, now: int) -> None:
        self.now = now
        self.trades_from = 0
        self.missing: set[int] = set()
        self.behaviours: list[Behaviour] = []
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.bid, self.ask = "0.9990", "0.9992"
        super().__init__(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self.server_address[1]}"
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def date(self) -> dict[str, str]:
        return {"Date": formatdate(self.now, usegmt=True)}

    @property
    def candle_requests(self) -> list[dict[str, str]]:
        return [query for path, query in self.seen if path in ("/klines", "/0/public/OHLC")]

    def candles(self, interval: int, since: int, most: int) -> list[tuple[int, str, str, str, str, str]]:
        """Those that open at `since` or later, the forming one included: time, open, high, low, close, volume."""
        first = -(-max(since, self.trades_from) // interval) * interval
        opened = [at for at in range(first, self.now + 1, interval) if at not in self.missing]
        return [(at, *candle_at(at)) for at in opened[:most]]

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is what is tested."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()
        self._thread.join()


def candle_at(opened: int) -> tuple[str, str, str, str, str]:
    """Open, high, low, close, volume: a different one for each time."""
    step = opened // 60 % 1000
    return ("1.0000", f"1.{step + 1:05d}", "0.9000", f"1.{step:05d}", f"{step}.5")


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 5
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        server: Any = self.server
        parts = urlsplit(self.path)
        request = Request(self, parts.path, dict(parse_qsl(parts.query)))
        server.seen.append((request.path, request.query))
        if any(behaviour(server, request) for behaviour in list(server.behaviours)):
            return
        answer = _HONEST.get(request.path)
        if answer is None:
            request.answer({"code": -1, "msg": "no such endpoint"}, 404, server.date)
        else:
            request.answer(answer(server, request.query), 200, server.date)

    def log_message(self, *_: object) -> None:
        pass


def _binance_markets(_server: ExchangeServer, _query: dict[str, str]) -> Any:
    filters = [
        {"filterType": "PRICE_FILTER", "minPrice": "0.00010000", "maxPrice": "1000", "tickSize": "0.00010000"},
        {"filterType": "LOT_SIZE", "minQty": "1.00000000", "maxQty": "900000", "stepSize": "1.00000000"},
    ]
    symbol = {
        "symbol": "USDCUSDT",
        "status": "TRADING",
        "baseAsset": "USDC",
        "quoteAsset": "USDT",
        "isSpotTradingAllowed": True,
        "permissions": ["SPOT"],
        "permissionSets": [["SPOT"]],
        "filters": filters,
    }
    return {"timezone": "UTC", "symbols": [symbol, {**symbol, "symbol": "USDCUSD", "quoteAsset": "USD"}]}


def _klines(server: ExchangeServer, query: dict[str, str]) -> Any:
    interval = INTERVALS[query["interval"]]
    since, most = int(query["startTime"]) // 1000, int(query["limit"])
    return [
        [at * 1000, *prices, (at + interval) * 1000 - 1, "1.0", 5, "1.0", "1.0", "0"]
        for at, *prices in server.candles(interval, since, most)
    ]


def _binance_ticker(server: ExchangeServer, query: dict[str, str]) -> Any:
    return {
        "symbol": query["symbol"],
        "bidPrice": server.bid,
        "askPrice": server.ask,
        "lastPrice": "7.7700",
        "closeTime": server.now * 1000,
        "openTime": (server.now - 86_400) * 1000,
    }


def _binance_book(_server: ExchangeServer, _query: dict[str, str]) -> Any:
    return {
        "lastUpdateId": 1,
        "bids": [["0.9990", "1000.5"], ["0.9989", "2000"]],
        "asks": [["0.9992", "10"], ["0.9995", "500"]],
    }


def _kraken_assets(_server: ExchangeServer, _query: dict[str, str]) -> Any:
    asset = {"aclass": "currency", "decimals": 8, "display_decimals": 4, "status": "enabled"}
    return {"error": [], "result": {"USDC": {**asset, "altname": "USDC"}, "ZUSD": {**asset, "altname": "USD"}}}


def _kraken_markets(_server: ExchangeServer, _query: dict[str, str]) -> Any:
    pair = {
        "altname": "USDCUSD",
        "wsname": "USDC/USD",
        "base": "USDC",
        "quote": "ZUSD",
        "pair_decimals": 4,
        "lot_decimals": 8,
        "cost_decimals": 8,
        "fees": [[0, 0.2]],
        "fees_maker": [[0, 0.2]],
        "leverage_buy": [],
        "leverage_sell": [],
        "ordermin": "5",
        "costmin": "0.5",
        "tick_size": "0.0001",
        "status": "online",
    }
    return {"error": [], "result": {"USDCUSD": pair}}


def _ohlc(server: ExchangeServer, query: dict[str, str]) -> Any:
    """Never more than the newest 720, however far back one asks."""
    interval = int(query["interval"]) * 60
    since = max(int(query.get("since", 0)) + 1, server.now - 720 * interval)
    rows = server.candles(interval, since, 720)
    told = [[at, first, high, low, close, close, volume, 3] for at, first, high, low, close, volume in rows]
    return {"error": [], "result": {"USDCUSD": told, "last": rows[-1][0] if rows else 0}}


def _kraken_ticker(server: ExchangeServer, _query: dict[str, str]) -> Any:
    day = ["1.0", "1.0"]
    ticker = {"a": [server.ask, "1", "1"], "b": [server.bid, "1", "1"], "c": ["7.77", "1"], "o": "1.0"}
    return {"error": [], "result": {"USDCUSD": {**ticker, **dict.fromkeys(("v", "p", "t", "l", "h"), day)}}}


_HONEST: dict[str, Callable[[ExchangeServer, dict[str, str]], Any]] = {
    "/exchangeInfo": _binance_markets,
    "/klines": _klines,
    "/ticker/24hr": _binance_ticker,
    "/depth": _binance_book,
    "/0/public/Assets": _kraken_assets,
    "/0/public/AssetPairs": _kraken_markets,
    "/0/public/OHLC": _ohlc,
    "/0/public/Ticker": _kraken_ticker,
}
