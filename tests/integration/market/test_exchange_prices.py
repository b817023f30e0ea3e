"""Tickers of an exchange as prices in USD, judged beside the other sources."""

from __future__ import annotations

from typing import Any

import pytest

from dao_bot.chain.provider import ReadContext, Treasury
from dao_bot.domain.addresses import ZERO_ADDRESS, checksum
from dao_bot.domain.errors import BadInput
from dao_bot.domain.needs import Prices
from dao_bot.domain.prices import TokenPrice
from dao_bot.domain.runs import Block, RunId
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD
from dao_bot.market.exchange_prices import ExchangePrice, ExchangePriceSettings
from dao_bot.market.prices import PricesProvider
from tests.integration.market.conftest import NOW
from tests.integration.market.exchange_server import ExchangeServer, Request

TOKENS = {symbol: Token(1, checksum(bytes([at]) * 20), symbol, 6) for at, symbol in ((1, "USDC"), (2, "USDT"))}
TREASURY = Treasury(1, checksum(b"\x5a" * 20), TOKENS, Token(1, ZERO_ADDRESS, "ETH", 18), checksum(b"\xca" * 20))
USDC = TOKENS["USDC"]


def source(server: ExchangeServer, exchange: str = "binance", **changes: Any) -> ExchangePrice:
    plain = {"exchange": exchange, "urls": {"public": server.url}, "market": "USDC/USD", "max_age": "5m", **changes}
    return ExchangePrice(ExchangePriceSettings.model_validate(plain), USDC, TREASURY)


def price(*sources: ExchangePrice, now: int = NOW) -> TokenPrice:
    context = ReadContext(TREASURY, RunId("test", 0), Block(1, 1, "0x" + "00" * 32, now), {})
    with pytest.raises(StopIteration) as end:
        next(PricesProvider({USDC: sources}, TREASURY).read(Prices(("USDC",)), context))
    found: TokenPrice = end.value.value[USDC]
    return found


def test_the_price_is_between_bid_and_ask_whatever_the_last_trade_was(server: ExchangeServer) -> None:
    found = price(source(server))
    assert found.usd == 9991 * WAD // 10_000
    (quote,) = found.quotes
    assert (quote.source, quote.at, quote.max_age) == ("binance USDC/USD", NOW, 300)


def test_an_answer_just_after_the_pinned_block_counts_and_a_late_one_does_not(server: ExchangeServer) -> None:
    assert price(source(server), now=NOW - 12).usd is not None
    late = price(source(server), now=NOW + 301)
    assert late.usd is None
    assert "old, more than" in late.problems[0]
    ahead = price(source(server), now=NOW - 301)
    assert ahead.usd is None
    assert "after the pinned block" in ahead.problems[0]


def test_two_sources_that_differ_too_much_stop_the_price(server: ExchangeServer) -> None:
    with ExchangeServer(NOW) as other:
        other.bid, other.ask = "0.9500", "0.9501"
        found = price(source(server), source(other))
        assert found.usd is None
        assert "apart, more than 1.00 %" in found.problems[-1]
        other.bid, other.ask = "0.9950", "0.9951"
        assert price(source(server), source(other)).usd is not None


@pytest.mark.parametrize(
    ("bid", "ask", "words"),
    [
        ("0.5", "0.9992", "apart, more than 1.00 %"),
        ("1.01", "0.99", "nonsense"),
        ("0", "0.99", "nonsense"),
        ("-1", "0.99", "nonsense"),
        ("NaN", "0.99", "nonsense"),
        ("", "", "nonsense"),
    ],
)
def test_a_market_that_cannot_be_believed_has_no_price(server: ExchangeServer, bid: str, ask: str, words: str) -> None:
    server.bid, server.ask = bid, ask
    found = price(source(server))
    assert found.usd is None
    assert words in found.problems[0]


def test_an_exchange_that_does_not_answer_is_a_problem_in_words_not_a_failed_run(server: ExchangeServer) -> None:
    def refuse(_: ExchangeServer, request: Request) -> bool:
        request.answer({}, 403)
        return True

    server.behaviours.append(refuse)
    found = price(source(server))
    assert found.usd is None
    assert "binance does not answer" in found.problems[0]


def test_a_market_in_another_token_needs_that_token(server: ExchangeServer) -> None:
    with pytest.raises(BadInput, match="not quoted in USD"):
        source(server, market="USDC/USDT")
    with pytest.raises(BadInput, match="against this token"):
        source(server, market="USDC/USDT", against="USDC")
    against = source(server, market="USDC/USDT", against="USDT")
    assert against.against == TOKENS["USDT"]
    context = ReadContext(TREASURY, RunId("test", 0), Block(1, 1, "0x" + "00" * 32, NOW), {})
    reading = against.interpret((), context)
    assert (reading.price, reading.against) == (9991 * WAD // 10_000, TOKENS["USDT"])
