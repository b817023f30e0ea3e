"""One event stream: read on from where it was left, rolled back where the chain was, kept in segments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from dao_bot.chain.hexes import nonsense
from dao_bot.chain.rpc import Endpoint
from dao_bot.chain.streams.canonical import DEPTH, CanonicalChain
from dao_bot.chain.streams.decode import Decoded, Int64s, decode_logs
from dao_bot.chain.streams.event import Event
from dao_bot.chain.streams.ranges import FIRST_SPAN, LogFilter, Range, RangeReader
from dao_bot.chain.streams.tables import KEY, empty_table, to_columns, to_table
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import RpcDisagreement, StoreError
from dao_bot.domain.hashing import digest
from dao_bot.domain.needs import EventColumns
from dao_bot.segments import Held, Segments

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class StreamSource:
    """What a stream is of: one event of one contract, from the block `first` on."""

    chain_id: int
    address: Address
    event: Event
    first: int

    @property
    def identity(self) -> dict[str, Any]:
        """Two streams of one identity share their files."""
        return {"chain": self.chain_id, "address": self.address, "event": str(self.event), "first": self.first}


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a stream has been read, and hashes by which to tell that the chain is still the same up to there.

    Attributes:
        block: the last block that was read; the one before the first when none was.
        hashes: of the last `DEPTH` blocks one by one, and of the last block of each segment before them.
    """

    block: int
    hashes: Mapping[int, str]

    def up_to(self, block: int) -> Cursor:
        """The cursor moved back to `block`."""
        return Cursor(block, {number: value for number, value in self.hashes.items() if number <= block})

    def as_json(self) -> dict[str, Any]:
        return {"block": self.block, "hashes": [[number, self.hashes[number]] for number in sorted(self.hashes)]}

    @classmethod
    def of_json(cls, raw: Mapping[str, Any]) -> Cursor:
        return cls(int(raw["block"]), {int(number): str(value) for number, value in raw["hashes"]})


class EventStream:
    """The events of `source`, kept below `directory`. Several processes may read one stream at a time.

    Args:
        span: blocks of the first range that is asked for; the nodes' answers make it larger or smaller.
    """

    def __init__(self, name: str, source: StreamSource, directory: Path, span: int = FIRST_SPAN) -> None:
        self.name = name
        self.source = source
        identity = source.identity
        folder = f"{source.event.name}-{source.address[:10]}-{digest(identity)[2:14]}"
        self._segments = Segments(directory / folder, identity, KEY)
        self._span = span
        self._readers: dict[Endpoint, RangeReader] = {}

    def columns(
        self, chain: CanonicalChain, others: Sequence[CanonicalChain] = (), window: int | None = None
    ) -> EventColumns:
        """All events up to the pinned block of `chain`, those of the last `window` seconds if it is given.

        What is not there yet is read and kept first, range by range, so that nothing is read again after a crash.

        Args:
            others: the same chain on other nodes, which must give the same logs.

        Raises:
            ChainError: the node does not answer, or not as it must; two nodes differ; the logs are of another event.
            StoreError: the files cannot be read or written, or somebody else holds them too long.
        """
        while True:
            with self._segments.held() as held:
                cursor = self._settled(held, chain)
                if cursor.block >= chain.pinned.number:
                    return self._read(held, chain, window)
                self._advance(held, cursor, chain, others)

    def _settled(self, held: Held, chain: CanonicalChain) -> Cursor:
        """The cursor, after what is no longer part of the chain has been forgotten."""
        if held.state is None or chain.pinned.number < self.source.first:
            return Cursor(self.source.first - 1, {})
        try:
            cursor = Cursor.of_json(held.state)
        except (KeyError, TypeError, ValueError) as error:
            raise StoreError(f"the cursor of the stream {self.name} is malformed", value=str(error)) from error
        known = sorted((number for number in cursor.hashes if number <= chain.pinned.number), reverse=True)
        common = next((number for number in known if chain.hash_at(number) == cursor.hashes[number]), None)
        if common == min(cursor.block, chain.pinned.number):
            return cursor
        if common is None:
            common = self.source.first - 1
        cursor = cursor.up_to(common)
        held.cut(cursor.block, cursor.as_json())
        return cursor

    def _advance(self, held: Held, cursor: Cursor, chain: CanonicalChain, others: Sequence[CanonicalChain]) -> None:
        read = self._reader(chain).read(cursor.block + 1, chain.pinned.number)
        table = self._table(read, chain)
        for other in others:
            again = self._table(self._reader(other).read_exactly(read.first, read.last.number), other)
            if not table.equals(again):
                raise RpcDisagreement(
                    f"two nodes give different logs of the stream {self.name}",
                    value=f"{other.endpoint.name}: {again.num_rows} logs",
                    limit=f"the same {table.num_rows} logs",
                    next_step="Nothing was kept. Find out which node is wrong before running again",
                )
        moved = Cursor(read.last.number, self._hashes(held, cursor, read, chain))
        held.append(table, moved.block, moved.as_json())

    def _hashes(self, held: Held, cursor: Cursor, read: Range, chain: CanonicalChain) -> dict[int, str]:
        recent = range(max(read.first, chain.pinned.number - DEPTH + 1), read.last.number + 1)
        found = {**cursor.hashes, read.last.number: read.last.hash}
        found.update({number: chain.hash_at(number) for number in recent})
        ends = {segment.last for segment in held.segments}
        return {at: value for at, value in found.items() if at > read.last.number - DEPTH or at in ends}

    def _reader(self, chain: CanonicalChain) -> RangeReader:
        if chain.endpoint not in self._readers:
            wanted = LogFilter(self.source.address, self.source.event.topic)
            self._readers[chain.endpoint] = RangeReader(chain.endpoint, wanted, chain.pinned.chain_id, self._span)
        return self._readers[chain.endpoint]

    def _table(self, read: Range, chain: CanonicalChain) -> pa.Table:
        decoded = decode_logs(self.source.event, read.logs, chain.endpoint.name)
        self._require_asked_for(read, decoded, chain)
        self._require_canonical(read, decoded, chain)
        return to_table(decoded, _times(decoded, chain))

    def _require_asked_for(self, read: Range, decoded: Decoded, chain: CanonicalChain) -> None:
        what, address = f"logs of {chain.endpoint.name}", self.source.address
        if not decoded.address.equals(address).all():
            raise nonsense(what, "logs of other contracts", f"logs of {address}")
        if ((decoded.block < read.first) | (decoded.block > read.last.number)).any():
            raise nonsense(what, "logs of other blocks", f"blocks {read.first} to {read.last.number}")

    def _require_canonical(self, read: Range, decoded: Decoded, chain: CanonicalChain) -> None:
        """Logs are asked for by number; here it shows whether they are of the chain that ends in the pinned block."""
        told = {**decoded.hashes, read.last.number: read.last.hash}
        if decoded.hashes.get(read.last.number, read.last.hash) != read.last.hash:
            raise self._reorganised(read.last.number, chain)
        for number, value in told.items():
            if chain.is_recent(number) and chain.hash_at(number) != value:
                raise self._reorganised(number, chain)

    def _reorganised(self, number: int, chain: CanonicalChain) -> RpcDisagreement:
        return RpcDisagreement(
            f"the chain was reorganised while the stream {self.name} was read from {chain.endpoint.name}",
            value=f"block {number}",
            limit=f"the chain that ends in {chain.pinned.hash}",
            next_step="Run again",
        )

    def _read(self, held: Held, chain: CanonicalChain, window: int | None) -> EventColumns:
        import pyarrow.compute as pc

        table = held.table(self.source.first, chain.pinned.number)
        if table is None:
            table = empty_table(self.source.event)
        if window is not None:
            table = table.filter(pc.greater(table.column("time"), chain.pinned.timestamp - window))
        source = f"{self.name}: {self.source.event.name} of {self.source.address}"
        return to_columns(self.source.event, table, source)


def _times(decoded: Decoded, chain: CanonicalChain) -> Int64s:
    """Times of the blocks, from their headers where the node does not send them with the logs."""
    numbers = sorted(decoded.hashes)
    if decoded.time is not None:
        numbers = [number for number in numbers if chain.is_recent(number)]
    chain.load(numbers)
    headers = {number: chain.block(number) for number in numbers}
    for number, header in headers.items():
        if header.hash != decoded.hashes[number]:
            raise RpcDisagreement(
                f"{chain.endpoint.name} gives logs of another block at height {number} than it has there",
                value=decoded.hashes[number],
                limit=header.hash,
                next_step="Run again: the chain was reorganised meanwhile",
            )
    if decoded.time is None:
        return np.array([headers[number].timestamp for number in decoded.block.tolist()], np.int64)
    for number, time in dict(zip(decoded.block.tolist(), decoded.time.tolist(), strict=True)).items():
        if number in headers and headers[number].timestamp != time:
            raise RpcDisagreement(
                f"{chain.endpoint.name} gives block {number} two different times",
                value=time,
                limit=headers[number].timestamp,
                next_step="Use another node",
            )
    return decoded.time
