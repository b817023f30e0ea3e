"""The command line on the demo world."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.app.kit import KEEPER_VARIABLE, Office, open_office
from tests.integration.chain.hostile import Behaviour, HostileServer

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World


@pytest.fixture
def office(tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> Office:
    """A configuration for the demo world in a directory of its own."""
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    return open_office(tmp_path, world, [anvil.url])


@pytest.fixture
def untouched(world: World, anvil: Anvil) -> Iterator[None]:
    """Nothing is sent while the test runs: no nonce moves, the keeper's, the owners' or the Safe's own."""

    def nonces() -> list[str]:
        accounts = (world.keeper, *world.owners)
        counts = [str(anvil.rpc("eth_getTransactionCount", account, "pending")) for account in accounts]
        return [*counts, str(anvil.rpc("eth_getStorageAt", world.safe, "0x5", "latest"))]

    before = nonces()
    yield
    assert nonces() == before, "something was sent"


@pytest.fixture
def serve() -> Iterator[Callable[[Behaviour], HostileServer]]:
    """Starts servers that behave as told; they are stopped after the test."""
    started: list[HostileServer] = []

    def start(behaviour: Behaviour) -> HostileServer:
        started.append(HostileServer(behaviour))
        return started[-1]

    yield start
    for server in started:
        server.stop()
