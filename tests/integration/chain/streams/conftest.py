"""A chain with a contract that emits events."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from dao_bot.chain.rpc import Endpoint
from dao_bot.devnet.anvil import Anvil
from tests.integration.chain.streams.kit import Emitter, new_emitter


@pytest.fixture
def emitter(fresh_anvil: Callable[..., Anvil]) -> Emitter:
    return new_emitter(fresh_anvil())


@pytest.fixture
def endpoint(emitter: Emitter) -> Iterator[Endpoint]:
    endpoint = Endpoint(str(emitter.anvil.ipc), "local")
    yield endpoint
    endpoint.close()
