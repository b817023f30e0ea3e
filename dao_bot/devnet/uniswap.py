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
from dao_bot.devnet.transactions import Read, Transaction, read_all, transact_all
from dao_bot.domain.addresses import Address, checksum

TICK_SPACING = {100: 1, 500: 10, 3000: 60}
_MAX_TICK = 887272
_FOREVER = 2**40
_MORE_THAN_ANY_POOL = 2**100


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


@dataclass(frozen=True, slots=True)
class PoolSpec:
    """A pool to create, at the price that its sides imply. It will remember `observations` prices."""

    sides: tuple[Side, Side]
    fee: int
    depths: Sequence[Depth]
    observations: int

    def ordered(self) -> tuple[Side, Side]:
        """The sides as token0 and token1."""
        low, high = sorted(self.sides, key=lambda side: int(side.token, 16))
        return low, high


def create_pools(
    anvil: Anvil, packages: Path, uniswap: UniswapContracts, provider: str, specs: Sequence[PoolSpec]
) -> list[Address]:
    """Pools with liquidity of `provider`, who has approved the position manager for all tokens."""
    manager = npm_artifact(packages, "NonfungiblePositionManager")
    pool_artifact = npm_artifact(packages, "UniswapV3Pool")

    def to_manager(function: str, *arguments: Any) -> Transaction:
        return Transaction(provider, uniswap.position_manager, encode_call(manager, function, *arguments))

    creations = []
    for spec in specs:
        low, high = spec.ordered()
        price = sqrt_price_x96(low.per_million, high.per_million)
        creations.append(to_manager("createAndInitializePoolIfNecessary", low.token, high.token, spec.fee, price))
    transact_all(anvil, creations)
    pools = _addresses(anvil, packages, uniswap, specs)
    filling: list[Transaction] = []
    for spec, pool, slot0 in zip(
        specs, pools, read_all(anvil, [Read(pool, pool_artifact, "slot0") for pool in pools]), strict=True
    ):
        filling.extend(to_manager("mint", _position(spec, depth, slot0[1], provider)) for depth in spec.depths)
        remember = encode_call(pool_artifact, "increaseObservationCardinalityNext", spec.observations)
        filling.append(Transaction(provider, pool, remember))
    transact_all(anvil, filling)
    return pools


def _addresses(anvil: Anvil, packages: Path, uniswap: UniswapContracts, specs: Sequence[PoolSpec]) -> list[Address]:
    factory = npm_artifact(packages, "UniswapV3Factory")
    reads = [
        Read(uniswap.factory, factory, "getPool", (*(side.token for side in spec.ordered()), spec.fee))
        for spec in specs
    ]
    return [checksum(address) for address in read_all(anvil, reads)]


def _position(spec: PoolSpec, depth: Depth, tick: int, provider: str) -> tuple[Any, ...]:
    low, high = spec.ordered()
    lower, upper = _range(tick, depth.ticks, TICK_SPACING[spec.fee])
    amounts = [int(side.per_million * depth.millions) for side in (low, high)]
    return (low.token, high.token, spec.fee, lower, upper, *amounts, 0, 0, provider, _FOREVER)


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


def swap_to_price(packages: Path, router: str, sender: str, sell: Side, buy: Side, fee: int) -> Transaction:
    """A swap by `sender` that ends at the price which the sides imply; they must be above what the pool says now."""
    low, high = sorted((sell, buy), key=lambda side: int(side.token, 16))
    limit = sqrt_price_x96(low.per_million, high.per_million)
    parameters = (sell.token, buy.token, fee, sender, _MORE_THAN_ANY_POOL, 0, limit)
    return Transaction(
        sender, router, encode_call(npm_artifact(packages, "SwapRouter02"), "exactInputSingle", parameters)
    )
