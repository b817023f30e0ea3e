"""The need `Events`: columns of the configured streams, up to the pinned block."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from dao_bot.chain.endpoints import Endpoints
from dao_bot.chain.plan import Plan
from dao_bot.chain.provider import ReadContext
from dao_bot.chain.rpc import Endpoint
from dao_bot.chain.streams.canonical import CanonicalChain
from dao_bot.domain.errors import BadInput, NotFound
from dao_bot.domain.needs import EventColumns, Events, Need
from dao_bot.domain.runs import Block
from dao_bot.suggest import did_you_mean

if TYPE_CHECKING:
    from dao_bot.chain.streams.stream import EventStream


class EventsProvider:
    """Reads `Events`. Logs are many, so they do not share the round trips of plans; headers are shared by streams."""

    need: ClassVar[type[Need[Any]]] = Events

    def __init__(self, streams: Mapping[str, EventStream], endpoints: Endpoints) -> None:
        self._streams = streams
        self._endpoints = endpoints
        self._chains: dict[Endpoint, CanonicalChain] = {}

    def requires(self, need: Events) -> tuple[Need[Any], ...]:
        return ()

    def read(self, need: Events, context: ReadContext) -> Plan[EventColumns]:
        """Reads on the stream and answers from its files.

        Raises:
            NotFound: no stream of that name is configured.
            ChainError, StoreError: as `EventStream.columns`.
        """
        yield from ()
        stream = self._streams.get(need.stream)
        if stream is None:
            raise NotFound(
                f"there is no stream {need.stream!r} under `streams` in strategies.yaml",
                limit=", ".join(sorted(self._streams)) or "none is configured",
                next_step=did_you_mean(need.stream, self._streams) or None,
            )
        if need.window is not None and need.window <= 0:
            raise BadInput("a stream needs a positive window, or none", value=need.window)
        chain, *others = [self._chain_at(endpoint, context.block) for endpoint in self._endpoints.witnesses()]
        return stream.columns(chain, others, need.window)

    def _chain_at(self, endpoint: Endpoint, block: Block) -> CanonicalChain:
        """Kept while the pinned block is the same, so that headers are asked for once for all streams."""
        chain = self._chains.get(endpoint)
        if chain is None or chain.pinned != block:
            chain = self._chains[endpoint] = CanonicalChain(endpoint, block)
        return chain
