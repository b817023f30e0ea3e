"""Ladders of executable quotes: what a venue would pay now for growing sizes of one swap."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.domain.tokens import Token


@dataclass(frozen=True, slots=True)
class Rung:
    """Selling `sell` base units would return `buy` base units."""

    sell: int
    buy: int


@dataclass(frozen=True, slots=True)
class Ladder:
    """Quotes for one route, in growing size, all at the pinned block.

    Attributes:
        venue: name of the protocol that quotes and encodes it, such as `uniswap_v3`.
        path: that protocol's own encoding of the route, 0x-hex.
        pools: the pools on the way, for price guards and exposure.
        gas: estimate of the gas that the swap takes.
    """

    sell: Token
    buy: Token
    venue: str
    path: str
    pools: tuple[str, ...]
    rungs: tuple[Rung, ...]
    gas: int
