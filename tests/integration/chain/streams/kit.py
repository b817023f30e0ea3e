"""A contract that emits events on an empty chain, and streams of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dao_bot.chain.hexes import to_quantity
from dao_bot.chain.pinned import parse_block
from dao_bot.chain.rpc import Endpoint
from dao_bot.chain.streams.canonical import CanonicalChain
from dao_bot.chain.streams.event import parse_event
from dao_bot.chain.streams.stream import EventStream, StreamSource
from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.accounts import STRANGER
from dao_bot.devnet.anvil import CHAIN_ID, Anvil
from dao_bot.devnet.artifacts import own_artifact
from dao_bot.devnet.transactions import deploy, send
from dao_bot.domain.addresses import Address
from dao_bot.domain.columns import FixedBytes, Integers
from dao_bot.domain.needs import EventColumns
from dao_bot.domain.runs import Block

EMITTER = own_artifact("Emitter")
TRANSFER = "Transfer(address indexed sender, address indexed receiver, uint256 value)"
Row = tuple[int, int, int, str, str, int]
"""Block, log index, time, transaction, sender, value."""


@dataclass
class Emitter:
    """An `Emitter` on `anvil`. `starts` grows, so that every event has a value of its own."""

    anvil: Anvil
    address: Address
    starts: int = field(default=1)

    def emit(self, count: int) -> None:
        """A block with as many transfers."""
        send(self.anvil, STRANGER.address, self.address, EMITTER, "transfer_many", count, self.starts, 1)
        self.starts += count

    def transaction(self, count: int) -> dict[str, Any]:
        """The same as something that `anvil_reorg` puts into a block."""
        data = encode_call(EMITTER, "transfer_many", count, self.starts, 1)
        self.starts += count
        return {"from": STRANGER.address, "to": self.address, "data": data, "gas": hex(5_000_000)}

    def replace(self, depth: int, counts: list[int]) -> None:
        """Put other blocks into the place of the last `depth`: block i with transfers where `counts` has some."""
        transactions = [[self.transaction(count), number] for number, count in enumerate(counts[:depth]) if count]
        self.anvil.rpc("anvil_reorg", depth, transactions)

    def truth(self) -> list[Row]:
        """All transfers as the node tells them now, read one by one."""
        wanted = {"address": self.address, "fromBlock": "0x0", "toBlock": "latest"}
        transfer = "0x" + parse_event(TRANSFER).topic.hex()
        return [
            (
                int(log["blockNumber"], 16),
                int(log["logIndex"], 16),
                int(log["blockTimestamp"], 16),
                log["transactionHash"],
                "0x" + log["topics"][1][26:],
                int(log["data"], 16),
            )
            for log in self.anvil.rpc("eth_getLogs", wanted)
            if log["topics"][0] == transfer
        ]


def new_emitter(anvil: Anvil) -> Emitter:
    return Emitter(anvil, deploy(anvil, EMITTER))


def stream_of(emitter: Emitter, directory: Path, event: str = TRANSFER, first: int = 0) -> EventStream:
    return EventStream("transfers", StreamSource(CHAIN_ID, emitter.address, parse_event(event), first), directory)


def block_of(endpoint: Endpoint, number: int | None = None) -> Block:
    asked = "latest" if number is None else to_quantity(number)
    return parse_block(endpoint.request("eth_getBlockByNumber", asked, False), CHAIN_ID, endpoint.name)


def chain_of(endpoint: Endpoint, number: int | None = None) -> CanonicalChain:
    return CanonicalChain(endpoint, block_of(endpoint, number))


def rows(columns: EventColumns) -> list[Row]:
    sender, value = columns.fields["sender"], columns.fields["value"]
    assert isinstance(sender, FixedBytes)
    assert isinstance(value, Integers)
    where = (columns.block.tolist(), columns.log_index.tolist(), columns.time.tolist())
    return list(zip(*where, columns.transaction.hex(), sender.hex(), value.exact(), strict=True))
