"""The keeper's key for the demo world."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.discord.parlour import TOKEN_VARIABLE
from tests.integration.engine.kit import KEEPER_VARIABLE

if TYPE_CHECKING:
    from dao_bot.devnet import World


@pytest.fixture
def keys(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the configuration refers to."""
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    monkeypatch.setenv(TOKEN_VARIABLE, "local-discord-token")
