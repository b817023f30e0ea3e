"""The chain that ends in the pinned block: its last headers proven by parent hashes, older ones as the node says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dao_bot.chain.hexes import hash32, nonsense, to_quantity
from dao_bot.chain.pinned import parse_block
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.errors import RpcDisagreement, RpcUnavailable
from dao_bot.domain.runs import Block

DEPTH = 64
"""Blocks whose hashes are kept and checked one by one: two epochs, after which Ethereum's proof of stake is final."""


@dataclass(frozen=True, slots=True)
class Header:
    """A block and the hash of the one before it."""

    block: Block
    parent: str


class CanonicalChain:
    """Headers of the chain that ends in `pinned`, each asked for once."""

    def __init__(self, endpoint: Endpoint, pinned: Block) -> None:
        self.endpoint = endpoint
        self.pinned = pinned
        self._headers: dict[int, Header] = {}

    def is_recent(self, number: int) -> bool:
        """Whether a block is among the last, whose hashes are proven."""
        return self.pinned.number - DEPTH < number <= self.pinned.number

    def hash_at(self, number: int) -> str:
        """The hash of the block at `number`, which is not after the pinned one.

        Raises:
            RpcUnavailable: the node does not have it.
            RpcDisagreement: the node's blocks do not lead to the pinned one.
        """
        return self.block(number).hash

    def block(self, number: int) -> Block:
        """The block at `number`, as `hash_at`."""
        self.load([number])
        return self._headers[number].block

    def load(self, numbers: Iterable[int]) -> None:
        """Ask for the blocks at `numbers` in one round trip; where one of them is recent, for all up to the pinned."""
        wanted = set(numbers)
        if recent := [number for number in wanted if self.is_recent(number)]:
            wanted |= set(range(min(recent), self.pinned.number + 1))
        missing = sorted(wanted - self._headers.keys())
        if not missing:
            return
        asked = [("eth_getBlockByNumber", (to_quantity(number), False)) for number in missing]
        for number, raw in zip(missing, self.endpoint.batch(asked), strict=True):
            self._headers[number] = _header(raw, number, self.pinned.chain_id, self.endpoint)
        self._prove()

    def _prove(self) -> None:
        """Every recent header must be the parent of the next, and the last one the pinned block."""
        wanted, number = self.pinned.hash, self.pinned.number
        while self.is_recent(number) and number in self._headers:
            header = self._headers[number]
            if header.block.hash != wanted:
                self._headers.clear()
                raise RpcDisagreement(
                    f"{self.endpoint.name} has another block at number {number} than the chain of the pinned one",
                    value=header.block.hash,
                    limit=wanted,
                    next_step="Run again: the chain was reorganised, or this node follows another fork",
                )
            wanted, number = header.parent, number - 1


def _header(raw: Any, number: int, chain_id: int, endpoint: Endpoint) -> Header:
    if raw is None:
        raise RpcUnavailable(
            f"{endpoint.name} does not have block {number}", next_step="Run again; if it stays, use another node"
        )
    block = parse_block(raw, chain_id, endpoint.name)
    if block.number != number:
        raise nonsense(f"block {number} of {endpoint.name}", block.number, "the block that was asked for")
    return Header(block, hash32(raw.get("parentHash"), f"the parent of a block of {endpoint.name}"))
