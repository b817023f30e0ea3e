"""The keeper's key for the demo world, and a bot that looks at the record more often than it has to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from governance.discord import board, client, supervise
from tests.integration.discord.parlour import TOKEN_VARIABLE
from tests.integration.engine.kit import KEEPER_VARIABLE

if TYPE_CHECKING:
    from dao_bot.devnet import World


@pytest.fixture
def keys(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the configuration refers to."""
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    monkeypatch.setenv(TOKEN_VARIABLE, "local-discord-token")


@pytest.fixture(autouse=True)
def _often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "SHORTEST_PAUSE", 0.2)
    monkeypatch.setattr(board, "LONGEST_PAUSE", 0.5)
    monkeypatch.setattr(client, "GUILDS_WITHIN", 0.1)
    monkeypatch.setattr(supervise, "FIRST_WAIT", 0.1)
