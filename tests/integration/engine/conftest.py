"""A treasury at work on the demo world."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dao_bot.app.wiring import open_desk
from tests.integration.engine.kit import KEEPER_VARIABLE, Office, write_config
from tests.integration.engine.queue_kit import ServedOffice, served_office

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
    with served_office(tmp_path, world, anvil, monkeypatch) as opened:
        yield opened
