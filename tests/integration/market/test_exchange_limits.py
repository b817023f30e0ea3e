"""Exchanges that are busy, slow, away or bad: asked again within bounds, and then a clear error."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable

import pytest

from dao_bot.domain.errors import BadInput, SourceUnavailable
from dao_bot.market.exchange import Exchange
from dao_bot.market.order_book import fetch_order_book
from tests.integration.market.conftest import Settings
from tests.integration.market.exchange_server import ExchangeServer, Request

SYMBOL = "USDC/USDT"


def first(times: int, act: Callable[[ExchangeServer, Request], None], path: str = "/ticker/24hr") -> object:
    """Acts on the first requests of a path, and then lets the honest exchange answer."""
    left = [times]

    def behave(exchange: ExchangeServer, request: Request) -> bool:
        if request.path != path or not left[0]:
            return False
        left[0] -= 1
        act(exchange, request)
        return True

    return behave


def asked(server: ExchangeServer, path: str = "/ticker/24hr") -> int:
    return sum(seen == path for seen, _ in server.seen)


def test_who_says_too_many_is_left_alone_as_long_as_it_asks(server: ExchangeServer, settings: Settings) -> None:
    exchange = Exchange(settings().access)
    exchange.ticker(SYMBOL)
    server.seen.clear()
    limit = first(1, lambda exchange, request: request.answer({"code": -1003}, 429, {"Retry-After": "1"}))
    server.behaviours.append(limit)  # type: ignore[arg-type]
    began = time.monotonic()
    assert exchange.ticker(SYMBOL).bid
    assert time.monotonic() - began >= 1.0
    assert asked(server) == 2


def test_who_asks_for_more_than_the_patience_is_not_asked_again_before(
    server: ExchangeServer, settings: Settings
) -> None:
    banned = first(9, lambda exchange, request: request.answer({"code": -1003}, 418, {"Retry-After": "120"}))
    server.behaviours.append(banned)  # type: ignore[arg-type]
    exchange = Exchange(settings().access)
    with pytest.raises(SourceUnavailable, match="status 418"):
        exchange.ticker(SYMBOL)
    with pytest.raises(SourceUnavailable, match="left alone; got 1[12]\\d s more"):
        exchange.ticker(SYMBOL)
    assert asked(server) == 1


def test_a_busy_gateway_is_asked_again_a_bounded_number_of_times(server: ExchangeServer, settings: Settings) -> None:
    exchange = Exchange(settings().access)
    server.behaviours.append(first(2, lambda _, request: request.answer(b"busy", 503)))  # type: ignore[arg-type]
    assert exchange.ticker(SYMBOL).bid
    assert asked(server) == 3
    server.seen.clear()
    server.behaviours.append(first(99, lambda _, request: request.answer(b"busy", 503)))  # type: ignore[arg-type]
    with pytest.raises(SourceUnavailable, match="status 503, asked 5 times"):
        exchange.ticker(SYMBOL)
    assert asked(server) == 5


@pytest.mark.parametrize("status", [400, 403, 404, 451])
def test_a_refusal_is_not_asked_again(server: ExchangeServer, settings: Settings, status: int) -> None:
    server.behaviours.append(first(9, lambda _, request: request.answer({}, status)))  # type: ignore[arg-type]
    with pytest.raises(SourceUnavailable, match=f"status {status}"):
        Exchange(settings().access).ticker(SYMBOL)
    assert asked(server) == 1


def test_a_limit_in_an_answer_of_success_is_a_limit(server: ExchangeServer, settings: Settings) -> None:
    limited = first(
        1,
        lambda exchange, request: request.answer({"error": ["EAPI:Rate limit exceeded"]}, 200, exchange.date),
        "/0/public/Ticker",
    )
    server.behaviours.append(limited)  # type: ignore[arg-type]
    assert Exchange(settings("kraken").access).ticker("USDC/USD").bid
    assert asked(server, "/0/public/Ticker") == 2


def test_an_answer_that_drips_is_cut_off(server: ExchangeServer, settings: Settings) -> None:
    def drip(_: ExchangeServer, request: Request) -> None:
        handler = request._handler
        handler.send_response_only(200)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        for _second in range(20):
            try:
                handler.wfile.write(b" ")
            except OSError:
                return
            time.sleep(0.2)

    server.behaviours.append(first(9, drip))  # type: ignore[arg-type]
    exchange = Exchange(settings(timeout="1s").access, patience=1)
    began = time.monotonic()
    with pytest.raises(SourceUnavailable, match="RequestTimeout"):
        exchange.ticker(SYMBOL)
    assert time.monotonic() - began < 5


def test_a_redirect_is_not_followed(server: ExchangeServer, settings: Settings) -> None:
    moved = first(9, lambda _, request: request.answer({}, 302, {"Location": f"{server.url}/exchangeInfo"}))
    server.behaviours.append(moved)  # type: ignore[arg-type]
    with pytest.raises(SourceUnavailable):
        Exchange(settings().access).ticker(SYMBOL)
    assert asked(server, "/exchangeInfo") == 1


def test_an_exchange_that_is_away_is_given_up(settings: Settings) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(SourceUnavailable, match="NetworkError"):
        Exchange(settings(urls={"public": url}).access, patience=1).ticker(SYMBOL)


def test_a_url_that_ccxt_does_not_know_is_refused(server: ExchangeServer, settings: Settings) -> None:
    with pytest.raises(BadInput, match="no URL of binance"):
        Exchange(settings(urls={"publik": server.url}).access).ticker(SYMBOL)


@pytest.mark.parametrize(
    "book",
    [
        {"bids": [], "asks": [["1", "1"]]},
        {"bids": [["1", "1"]], "asks": []},
        {"bids": [["1.1", "1"]], "asks": [["1.0", "1"]]},
        {"bids": [["1", "0"]], "asks": [["2", "1"]]},
        {"bids": [["0", "1"]], "asks": [["2", "1"]]},
        {"bids": [["1", "1"], ["1", "2"]], "asks": [["2", "1"]]},
        {"bids": [["1", "x"]], "asks": [["2", "1"]]},
        {"bids": [["1"]], "asks": [["2", "1"]]},
        {"bids": "many", "asks": "none"},
        [],
    ],
)
def test_an_order_book_that_cannot_be_is_refused(server: ExchangeServer, settings: Settings, book: object) -> None:
    server.behaviours.append(first(9, lambda exchange, request: request.answer(book, 200, exchange.date), "/depth"))  # type: ignore[arg-type]
    with pytest.raises(SourceUnavailable, match="nonsense"):
        fetch_order_book(settings(), SYMBOL, 5)


def test_an_order_book_is_read_best_first(settings: Settings) -> None:
    book = fetch_order_book(settings(), SYMBOL, 5)
    assert book.bids.price.tolist() == [0.9990, 0.9989]
    assert book.bids.size.tolist() == [1000.5, 2000]
    assert book.asks.price.tolist() == [0.9992, 0.9995]
