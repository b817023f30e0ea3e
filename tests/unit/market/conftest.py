"""A treasury with two stablecoins, and a reading context at a fixed time."""

from __future__ import annotations

import pytest

from dao_bot.chain.provider import ReadContext, Treasury
from dao_bot.domain.addresses import ZERO_ADDRESS, checksum
from dao_bot.domain.runs import Block, RunId
from dao_bot.domain.tokens import Token

NOW = 1_700_000_000


@pytest.fixture
def treasury() -> Treasury:
    tokens = {
        symbol: Token(1, checksum(bytes([number]) * 20), symbol, 6) for number, symbol in ((1, "USDC"), (2, "USDT"))
    }
    return Treasury(1, checksum(b"\x5a" * 20), tokens, Token(1, ZERO_ADDRESS, "ETH", 18), checksum(b"\xca" * 20))


@pytest.fixture
def context(treasury: Treasury) -> ReadContext:
    return ReadContext(treasury, RunId("test", 0), Block(1, 1, "0x" + "00" * 32, NOW), {})
