"""Which nodes `dao-bot doctor` can ask: each is asked for itself, all at once, and none is waited for long."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from dao_bot.chain.endpoints import Endpoints
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.errors import DaoBotError
from dao_bot.domain.runs import Block

NODE_SECONDS = 10.0
"""For one request of any other check."""

_SILENCE = 5.0
"""Seconds in which a node must say which block it has."""


def ask_each(endpoints: Endpoints) -> list[tuple[Endpoint, Block | DaoBotError]]:
    """The latest block of each node, or what is wrong with it."""

    def ask(node: Endpoint) -> Block | DaoBotError:
        try:
            return endpoints.head_of(Endpoint(node.url, node.operator, _SILENCE, patience=0.0))
        except DaoBotError as error:
            return error

    nodes = endpoints.all
    with ThreadPoolExecutor(len(nodes)) as threads:
        return list(zip(nodes, threads.map(ask, nodes), strict=True))
