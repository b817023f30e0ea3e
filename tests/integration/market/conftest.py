"""An exchange on this machine, and settings that lead to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dao_bot.market.exchange_settings import ExchangeCandles, ExchangeSettings
from tests.integration.market.exchange_server import ExchangeServer

NOW = 1_700_000_000
Settings = Callable[..., ExchangeSettings]
Market = Callable[..., ExchangeCandles]


@pytest.fixture
def server() -> Iterator[ExchangeServer]:
    with ExchangeServer(NOW) as server:
        yield server


@pytest.fixture
def settings(server: ExchangeServer) -> Settings:
    def make(exchange: str = "binance", **changes: Any) -> ExchangeSettings:
        return ExchangeSettings.model_validate({"exchange": exchange, "urls": {"public": server.url}, **changes})

    return make


@pytest.fixture
def market(server: ExchangeServer) -> Market:
    def make(exchange: str = "binance", **changes: Any) -> ExchangeCandles:
        pair = "USDC/USDT" if exchange == "binance" else "USDC/USD"
        plain = {"exchange": exchange, "urls": {"public": server.url}, "pair": pair, "interval": "1m", **changes}
        return ExchangeCandles.model_validate(plain)

    return make
