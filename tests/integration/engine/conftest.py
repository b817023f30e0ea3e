"""A treasury at work on the demo world."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.wiring import open_desk
from tests.contract.owners_queue.standin import StandIn
from tests.integration.engine.kit import KEEPER_VARIABLE, Office, write_config
from tests.integration.engine.queue_kit import PROPOSER_KEY, PROPOSER_VARIABLE, Clock, ServedOffice, register

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World


@pytest.fixture
def office(tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """The demo's treasury, open."""
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    with open_desk(write_config(tmp_path, anvil.url)) as desk:
        yield Office(desk, world, anvil)


@pytest.fixture
def served(tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> Iterator[ServedOffice]:
    """The demo's treasury with a service that knows its delegate."""
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    monkeypatch.setenv(PROPOSER_VARIABLE, PROPOSER_KEY.hex())
    with StandIn(anvil.url) as service:

        def change(data: dict[str, Any]) -> None:
            data["treasury"]["service"] = {
                "url": service.url,
                "proposer": f"env:{PROPOSER_VARIABLE}",
                "requests_per_second": "1000",
            }

        register(service, world.safe)
        with open_desk(write_config(tmp_path, anvil.url, change)) as desk:
            yield ServedOffice(Office(desk, world, anvil), service, Clock())
