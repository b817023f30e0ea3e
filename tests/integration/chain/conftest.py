"""Bad RPCs, and the demo world seen through the chain's own eyes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from dao_bot.chain.endpoints import Endpoints, Freshness
from dao_bot.chain.provider import Treasury
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.addresses import ZERO_ADDRESS
from dao_bot.domain.tokens import Token
from tests.integration.chain.hostile import Behaviour, HostileServer

if TYPE_CHECKING:
    from dao_bot.devnet import World

ANY_TIME = Freshness(oldest=None, ahead=None)


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


@dataclass(frozen=True)
class Scene:
    """The demo world with one node."""

    world: World
    treasury: Treasury
    endpoint: Endpoint
    endpoints: Endpoints

    def token(self, symbol: str) -> Token:
        return self.treasury.tokens[symbol]


@pytest.fixture
def treasury(world: World) -> Treasury:
    tokens = {
        symbol: Token(world.chain_id, token.address, symbol, token.decimals) for symbol, token in world.tokens.items()
    }
    native = Token(world.chain_id, ZERO_ADDRESS, "ETH", 18)
    return Treasury(world.chain_id, world.safe, tokens, native, world.multicall3)


@pytest.fixture
def scene(world: World, treasury: Treasury, anvil: object) -> Scene:
    endpoint = Endpoint(anvil.url, "demo")  # type: ignore[attr-defined]  # devnet's Anvil
    endpoints = Endpoints([endpoint], chain_id=world.chain_id, multicall3=world.multicall3, freshness=ANY_TIME)
    return Scene(world, treasury, endpoint, endpoints)
