"""Logs of one event of one contract from one node, in ranges of blocks as large as the node allows.

Nodes limit the blocks of a range, the logs of an answer, its size or its time, each in words of its own. So whatever
a node says against a range of several blocks is answered with a smaller one; against a single block it is an error.
"""

from __future__ import annotations

import contextlib
import gc
import re
from collections.abc import Iterator
from dataclasses import dataclass

from dao_bot.chain.answers import RpcFault, TooMuchAsked
from dao_bot.chain.hexes import nonsense, to_data, to_quantity
from dao_bot.chain.pinned import parse_block
from dao_bot.chain.rpc import Endpoint
from dao_bot.chain.streams.decode import RawLog
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import RpcUnavailable
from dao_bot.domain.runs import Block

FIRST_SPAN = 10_000
_LARGEST_SPAN = 1_000_000
_MANY_LOGS = 5_000
"""A range whose answer holds more is not made larger."""
_PATIENCE = 4
"""After so many ranges without complaint a larger one is tried again, for the logs may lie less densely there; after
twice as many when the node refuses that too."""

_SUGGESTED = re.compile(r"\[\s*(0x[0-9a-fA-F]+)\s*,\s*(0x[0-9a-fA-F]+)\s*\]|range (\d+)\s*-\s*(\d+)")
_NO_MATTER_OF_SIZE = ("pruned", "missing trie node", "unknown block", "header not found")


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Whose logs, and the first topic that they have."""

    address: Address
    topic: bytes


@dataclass(frozen=True, slots=True)
class Range:
    """All logs of the blocks from `first` to `last.number`, in the order in which the node gave them."""

    first: int
    last: Block
    logs: tuple[RawLog, ...]


class RangeReader:
    """Reads from one node and learns its limits.

    Attributes:
        span: blocks that the next range may have.
    """

    def __init__(self, endpoint: Endpoint, wanted: LogFilter, chain_id: int, span: int = FIRST_SPAN) -> None:
        self.endpoint = endpoint
        self.span = span
        self._wanted = wanted
        self._chain_id = chain_id
        self._refused: int | None = None
        self._content = 0
        self._patience = _PATIENCE

    def read(self, first: int, last: int) -> Range:
        """Logs from `first` on, up to `last` or to where the node's limits end.

        Raises:
            RpcFault, RpcUnavailable: the node refuses even a single block, or has nothing of the range.
        """
        while True:
            end = min(last, first + self.span - 1)
            try:
                logs, header = self._ask(first, end)
            except (RpcFault, TooMuchAsked) as error:
                if end == first or not _may_be_too_much(error):
                    raise
                self._shrink(first, end, error)
                continue
            self._grow(end - first + 1, len(logs))
            return Range(first, header, logs)

    def read_exactly(self, first: int, last: int) -> Range:
        """All logs from `first` to `last`, in as many ranges as it takes. Raises as `read`."""
        part = self.read(first, last)
        logs = part.logs
        while part.last.number < last:
            part = self.read(part.last.number + 1, last)
            logs += part.logs
        return Range(first, part.last, logs)

    def _ask(self, first: int, last: int) -> tuple[tuple[RawLog, ...], Block]:
        """The header is asked for with the logs: a node that lags behind would say that there are none."""
        wanted = {
            "address": self._wanted.address,
            "topics": [to_data(self._wanted.topic)],
            "fromBlock": to_quantity(first),
            "toBlock": to_quantity(last),
        }
        name = self.endpoint.name
        calls: list[tuple[str, list[object]]] = [
            ("eth_getLogs", [wanted]),
            ("eth_getBlockByNumber", [to_quantity(last), False]),
        ]
        with _no_collection():
            logs, header = self.endpoint.batch(calls)
        if not isinstance(logs, list):
            raise nonsense(f"the logs of {name}", logs, "a list of logs")
        if header is None:
            raise RpcUnavailable(
                f"{name} does not have block {last}", next_step="Run again; if it stays, use another node"
            )
        block = parse_block(header, self._chain_id, name)
        if block.number != last:
            raise nonsense(f"block {last} of {name}", block.number, "the block that was asked for")
        return tuple(logs), block

    def _shrink(self, first: int, end: int, error: RpcFault | TooMuchAsked) -> None:
        asked = end - first + 1
        self._refused, self._content = asked, 0
        self._patience *= 2
        # A node that does not answer in time costs that time again with each attempt.
        smaller = asked // 2 if isinstance(error, RpcFault) else asked // 8
        if isinstance(error, RpcFault):
            suggested = _suggested(error.message, first)
            smaller = suggested if 0 < suggested < asked else smaller
        self.span = max(smaller, 1)

    def _grow(self, read: int, logs: int) -> None:
        if read < self.span or logs > _MANY_LOGS:
            return
        self._content += 1
        if self._refused is None or self._content > self._patience:
            self._refused, self._content = None, 0
            self.span = min(2 * self.span, _LARGEST_SPAN)
        elif self._refused - self.span > max(self.span // 8, 1):
            self.span = (self.span + self._refused) // 2


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Without the search for cycles, which walks again and again over the many objects of a large answer."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _may_be_too_much(error: RpcFault | TooMuchAsked) -> bool:
    if isinstance(error, TooMuchAsked):
        return True
    message = error.message.lower()
    return not error.is_unknown_method and not any(words in message for words in _NO_MATTER_OF_SIZE)


def _suggested(message: str, first: int) -> int:
    """The blocks of the range that a node proposes instead, 0 when it proposes none that begins at `first`."""
    match = _SUGGESTED.search(message)
    if match is None:
        return 0
    begin, end = (int(match[1], 16), int(match[2], 16)) if match[1] else (int(match[3]), int(match[4]))
    return end - begin + 1 if begin == first else 0
