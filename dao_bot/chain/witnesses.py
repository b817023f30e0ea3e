"""Where the second witness of a simulation stands: another operator's node, or a local fork of the only one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from dao_bot.chain.anvil import AnvilProcess
from dao_bot.chain.endpoints import Endpoints
from dao_bot.chain.hexes import to_quantity
from dao_bot.chain.pinned import parse_block
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.errors import RpcDisagreement, RpcUnavailable
from dao_bot.domain.runs import Block


class SecondWitness(Protocol):
    """A second place to simulate at."""

    @property
    def description(self) -> str:
        """What it is, for people."""
        ...

    def at(self, block: Block) -> Endpoint:
        """A node that has exactly this block.

        Raises:
            RpcUnavailable, RpcDisagreement: there is none now.
        """
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...


class OtherOperator:
    """The node of another operator that agreed on the pinned block."""

    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints

    @property
    def description(self) -> str:
        return "a node of another operator"

    def at(self, block: Block) -> Endpoint:
        if self._endpoints.second is None:
            raise RpcUnavailable(
                f"no second operator has agreed on block {block.number} yet", next_step="Pin a block first"
            )
        return self._endpoints.second

    def close(self) -> None:
        """Nothing is held."""


class LocalFork:
    """anvil on this machine, with the state of `upstream` at the block that is asked for.

    The process is started on first use, when `anvil` is asked for its executable, and kept; it is told of the upstream
    over its socket, because arguments of a process are visible to everybody on the machine and the URL may hold a key.
    The state is fetched through the same upstream, so this is another implementation of the EVM, not another source of
    truth.
    """

    def __init__(self, anvil: Callable[[], Path], upstream: Callable[[], Endpoint]) -> None:
        self._anvil = anvil
        self._upstream = upstream
        self._lock = threading.Lock()
        self._process: AnvilProcess | None = None
        self._endpoint: Endpoint | None = None
        self._block: Block | None = None

    @property
    def description(self) -> str:
        return f"a local fork of {self._upstream().name}"

    def at(self, block: Block) -> Endpoint:
        with self._lock:
            endpoint = self._running(block.chain_id)
            if self._block != block:
                self._block = None
                self._reset(endpoint, block)
                self._block = block
            return endpoint

    def close(self) -> None:
        with self._lock:
            if self._endpoint is not None:
                self._endpoint.close()
            if self._process is not None:
                self._process.stop()
            self._process = self._endpoint = self._block = None

    def _running(self, chain_id: int) -> Endpoint:
        if self._endpoint is None or self._process is None or not self._process.is_running():
            self._block = None
            self._process = AnvilProcess(self._anvil(), [f"--chain-id={chain_id}"])
            timeout = self._upstream().timeout
            self._endpoint = Endpoint(str(self._process.ipc), "local fork", timeout, name=self.description)
        return self._endpoint

    def _reset(self, endpoint: Endpoint, block: Block) -> None:
        forking = {"jsonRpcUrl": self._upstream().url, "blockNumber": block.number}
        endpoint.request("anvil_reset", {"forking": forking})
        number = to_quantity(block.number)
        header = parse_block(endpoint.request("eth_getBlockByNumber", number, False), block.chain_id, endpoint.name)
        if header.hash != block.hash:
            raise RpcDisagreement(
                f"the local fork has another block at number {block.number} than the one this run is pinned to",
                value=header.hash,
                limit=block.hash,
                next_step="Run again: the chain was reorganised in between",
            )
