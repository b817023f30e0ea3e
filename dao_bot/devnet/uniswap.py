"""Uniswap v3 on the local chain: the contracts, pools with liquidity, and swaps by strangers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt
from pathlib import Path
from typing import Any

from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.anvil import Anvil
from dao_bot.devnet.artifacts import npm_artifact
from dao_bot.devnet.transactions import Transaction, read, transact_all
from dao_bot.domain.addresses import Address, checksum

TICK_SPACING = {100: 1, 500: 10, 3000: 60}
_MAX_TICK = 887272
_FOREVER = 2**40
_MAX_UINT256 = 2**256 - 1


@dataclass(frozen=True, slots=True)
class UniswapContracts:
    """Where the parts of Uniswap v3 are."""

    factory: Address
    position_manager: Address
    router: Address
    quoter: Address
    weth: Address


@dataclass(frozen=True, slots=True)
class Side:
    """A token of a pool: its address, and the base units that are worth one million dollars."""

    token: Address
    per_million: int


@dataclass(frozen=True, slots=True)
class Depth:
    """Liquidity within `ticks` of the price (None: at every price), `millions` of dollars on each side."""

    ticks: int | None
    millions: float


def sqrt_price_x96(amount0: int, amount1: int) -> int:
    """Uniswap's form of the price at which `amount0` of token0 is worth `amount1` of token1."""
    return isqrt((amount1 << 192) // amount0)


def create_pool(
    anvil: Anvil,
    packages: Path,
    uniswap: UniswapContracts,
    provider: str,
    sides: tuple[Side, Side],
    fee: int,
    depths: Sequence[Depth],
    observations: int,
) -> Address:
    """A pool at the price that `sides` imply, with liquidity of `provider`, remembering `observations` prices.

    `provider` has approved the position manager for both tokens.
    """
    low, high = sorted(sides, key=lambda side: int(side.token, 16))
    factory = npm_artifact(packages, "UniswapV3Factory")
    manager = npm_artifact(packages, "NonfungiblePositionManager")
    pool_artifact = npm_artifact(packages, "UniswapV3Pool")

    def to_manager(function: str, *arguments: Any) -> Transaction:
        return Transaction(provider, uniswap.position_manager, encode_call(manager, function, *arguments))

    price = sqrt_price_x96(low.per_million, high.per_million)
    transact_all(anvil, [to_manager("createAndInitializePoolIfNecessary", low.token, high.token, fee, price)])
    pool = checksum(read(anvil, uniswap.factory, factory, "getPool", low.token, high.token, fee))
    tick = read(anvil, pool, pool_artifact, "slot0")[1]
    mints = []
    for depth in depths:
        lower, upper = _range(tick, depth.ticks, TICK_SPACING[fee])
        amounts = [int(side.per_million * depth.millions) for side in (low, high)]
        position = (low.token, high.token, fee, lower, upper, *amounts, 0, 0, provider, _FOREVER)
        mints.append(to_manager("mint", position))
    remember = encode_call(pool_artifact, "increaseObservationCardinalityNext", observations)
    transact_all(anvil, [*mints, Transaction(provider, pool, remember)])
    return pool


def _range(tick: int, width: int | None, spacing: int) -> tuple[int, int]:
    if width is None:
        edge = _MAX_TICK // spacing * spacing
        return -edge, edge
    return (tick - width) // spacing * spacing, -(-(tick + width) // spacing) * spacing


def swap_exact_input(
    packages: Path, uniswap: UniswapContracts, sender: str, sell: Address, buy: Address, fee: int, amount: int
) -> Transaction:
    """A swap by `sender` at any price. The router must be approved."""
    parameters = (sell, buy, fee, sender, amount, 0, 0)
    router = npm_artifact(packages, "SwapRouter02")
    return Transaction(sender, uniswap.router, encode_call(router, "exactInputSingle", parameters))
