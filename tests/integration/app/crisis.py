"""A stablecoin that falls on the local chain: its feed, and every pool that it is traded in."""

from __future__ import annotations

from fractions import Fraction
from math import isqrt
from typing import TYPE_CHECKING

from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.accounts import STRANGER
from dao_bot.devnet.artifacts import npm_artifact
from dao_bot.devnet.scenarios import give, set_feed_price, token_artifact
from dao_bot.devnet.transactions import Transaction, transact_all

if TYPE_CHECKING:
    from dao_bot.devnet import RunningWorld

_PLENTY = 10**9
_TWAP_WINDOW = 1800
_QUOTED = ("USDC", "USDT", "DAI", "LUSD")


def let_fall(running: RunningWorld, symbol: str, dollars: float) -> None:
    """`symbol` is worth `dollars` from now on, everywhere; returns when time-weighted prices know it too."""
    worth = Fraction(dollars).limit_denominator(10**6)
    for one, other, fee in running.world.pools:
        if symbol in (one, other) and {one, other} <= set(_QUOTED):
            trade_to(running, symbol, other if symbol == one else one, fee, dollars)
    running.anvil.advance(2 * _TWAP_WINDOW)
    for each in _QUOTED:
        price = {"USDT": 99980000, "DAI": 99990000, "LUSD": 1_00100000}.get(each, 1_00000000)
        set_feed_price(running.anvil, running.world, each, int(worth * 10**8) if each == symbol else price)


def trade_to(running: RunningWorld, fallen: str, against: str, fee: int, rate: float) -> None:
    """Somebody sells the fallen token until one is worth `rate` of the other."""
    worth = Fraction(rate).limit_denominator(10**6)
    world, packages = running.world, running.toolchain.packages
    sold, bought = world.tokens[fallen], world.tokens[against]
    units = Fraction(10**bought.decimals, 10**sold.decimals) * worth
    price = units if int(sold.address, 16) < int(bought.address, 16) else 1 / units
    limit = isqrt((price.numerator << 192) // price.denominator)
    amount = _PLENTY * 10**sold.decimals
    give(running, sold, STRANGER.address, amount)
    order = (sold.address, bought.address, fee, STRANGER.address, amount, 0, limit)
    approve = encode_call(token_artifact(running, sold), "approve", world.router, amount)
    swap = encode_call(npm_artifact(packages, "SwapRouter02"), "exactInputSingle", order)
    take_back = encode_call(token_artifact(running, sold), "approve", world.router, 0)
    transact_all(
        running.anvil,
        [
            Transaction(STRANGER.address, sold.address, approve),
            Transaction(STRANGER.address, world.router, swap),
            Transaction(STRANGER.address, sold.address, take_back),
        ],
    )
