"""A treasury with four tokens, and plans answered by a function instead of a chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pytest

from dao_bot.chain.plan import Answer, Plan, Read
from dao_bot.chain.provider import ReadContext, Treasury
from dao_bot.domain.addresses import ZERO_ADDRESS, checksum
from dao_bot.domain.prices import TokenPrice
from dao_bot.domain.runs import Block, RunId
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD
from dao_bot.protocols.port import EncodeContext
from dao_bot.protocols.uniswap_v3.protocol import UniswapV3
from dao_bot.protocols.uniswap_v3.settings import UniswapV3Settings

CHAIN = 31337
NOW = 1_700_000_000
FACTORY = checksum(b"\x0f" * 20)
ROUTER = checksum(b"\x0e" * 20)
QUOTER = checksum(b"\x0d" * 20)


def token(symbol: str, number: int, decimals: int) -> Token:
    return Token(CHAIN, checksum(bytes([number]) * 20), symbol, decimals)


@pytest.fixture
def treasury() -> Treasury:
    tokens = [token("USDC", 1, 6), token("USDT", 2, 6), token("DAI", 3, 18), token("WETH", 4, 18)]
    native = Token(CHAIN, ZERO_ADDRESS, "ETH", 18)
    by_symbol = {each.symbol: each for each in tokens}
    return Treasury(CHAIN, checksum(b"\x5a" * 20), by_symbol, native, checksum(b"\xca" * 20))


@pytest.fixture
def context(treasury: Treasury) -> ReadContext:
    return ReadContext(treasury, RunId("test", 0), Block(CHAIN, 1, "0x" + "00" * 32, NOW), {})


@pytest.fixture
def encode_context(treasury: Treasury) -> EncodeContext:
    """Every stablecoin at one dollar, WETH at 3200, a slippage limit of 0.5 %."""
    usd = {"WETH": 3200 * WAD}
    prices = {each: TokenPrice(each, usd.get(symbol, WAD)) for symbol, each in treasury.tokens.items()}
    block = Block(CHAIN, 1, "0x" + "00" * 32, NOW)
    return EncodeContext(treasury, block, prices, WAD // 200, NOW + 3600)


@pytest.fixture
def uniswap(treasury: Treasury) -> UniswapV3:
    pools = [("USDC", "USDT", 100), ("USDC", "DAI", 100), ("WETH", "USDC", 500)]
    settings = {
        "factory": FACTORY,
        "router": ROUTER,
        "quoter": QUOTER,
        "pools": [{"tokens": [one, other], "fee": fee} for one, other, fee in pools],
    }
    return UniswapV3(UniswapV3Settings.model_validate(settings), treasury)


@pytest.fixture
def answered() -> Callable[[Plan[Any], Callable[[Read], Answer]], Any]:
    """Runs a plan to its end; every read is answered by the function."""

    def run(plan: Plan[Any], answer: Callable[[Read], Answer]) -> Any:
        answers: Sequence[Answer] | None = None
        try:
            while True:
                reads = plan.send(answers) if answers is not None else next(plan)
                answers = [answer(read) for read in reads]
        except StopIteration as end:
            return end.value

    return run
