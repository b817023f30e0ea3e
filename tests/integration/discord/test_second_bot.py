"""`dao-bot discord` started twice."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dao_bot.app.chatting import make_house, make_turn
from tests.integration.discord.kit import play, until
from tests.integration.discord.parlour import open_parlour
from tests.integration.governance.town import MEMBERS

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

pytestmark = pytest.mark.usefixtures("keys")


def test_a_second_bot_says_that_it_waits_and_serves_when_the_first_has_ended(
    tmp_path: Path, world: World, anvil: Anvil
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS, started=False) as parlour:
            desk = parlour.town.office.desk
            with make_turn(desk, make_house(desk)).taken(print):
                second = await asyncio.create_subprocess_exec(
                    Path(sys.executable).with_name("dao-bot"),
                    "discord",
                    "--json",
                    "-c",
                    tmp_path / "strategies.yaml",
                    stdout=asyncio.subprocess.PIPE,
                )
                assert second.stdout is not None
                line = json.loads(await second.stdout.readline())
                assert f"Another bot serves guild {parlour.local.guild.id}: process " in line["words"]
                assert (line["subject"], line["level"], line["proposal"]) == ("discord", "info", None)
                assert not parlour.local.gateway.connected
            assert "dao-bot serves guild" in (await second.stdout.readline()).decode()
            await until(lambda: parlour.local.gateway.connected)
            second.send_signal(signal.SIGTERM)
            assert await second.wait() == 0
            assert "Stopped" in [json.loads(line)["words"] for line in (await second.stdout.read()).splitlines()][-1]

    play(scene, 120)
