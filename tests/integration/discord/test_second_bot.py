"""`dao-bot discord` started twice, with the record in a file and on a server."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.chatting import make_house, make_turn
from dao_bot.domain.errors import Conflict
from dao_bot.engine.seat import Seat
from governance.discord import turn
from governance.discord.turn import LEASE_SECONDS, Turn
from tests.contract.store.conftest import empty_postgresql_url, postgresql  # noqa: F401 - fixtures
from tests.integration.discord.kit import play, until
from tests.integration.discord.parlour import Parlour, open_parlour
from tests.integration.engine.fleet import on_server
from tests.integration.governance.town import MEMBERS

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

pytestmark = pytest.mark.usefixtures("keys")
Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def server(empty_postgresql_url: str) -> Change:  # noqa: F811 - the fixture
    """Puts the record on PostgreSQL."""
    change: Change = on_server(empty_postgresql_url)
    return change


@pytest.fixture(params=["file", "server"])
def record(request: pytest.FixtureRequest) -> Change | None:
    """Puts the record where it belongs."""
    return request.getfixturevalue("server") if request.param == "server" else None


async def start_second(parlour: Parlour, directory: Path) -> Process:
    """It has said that it waits."""
    second = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("dao-bot"),
        "discord",
        "--json",
        "-c",
        directory / "strategies.yaml",
        stdout=asyncio.subprocess.PIPE,
    )
    line = await said(second)
    assert f"Another bot serves guild {parlour.local.guild.id}: " in line["words"]
    assert (line["subject"], line["level"], line["proposal"]) == ("discord", "info", None)
    assert not parlour.local.gateway.connected
    return second


async def said(bot: Process) -> dict[str, Any]:
    assert bot.stdout is not None
    line: dict[str, Any] = json.loads(await bot.stdout.readline())
    return line


async def serves_until_it_is_stopped(bot: Process, parlour: Parlour) -> None:
    assert "dao-bot serves guild" in (await said(bot))["words"]
    await until(lambda: parlour.local.gateway.connected)
    bot.send_signal(signal.SIGTERM)
    assert await bot.wait() == 0
    assert bot.stdout is not None
    assert "Stopped" in [json.loads(line)["words"] for line in (await bot.stdout.read()).splitlines()][-1]


def test_a_second_bot_says_that_it_waits_and_serves_when_the_first_has_ended(
    tmp_path: Path, world: World, anvil: Anvil, record: Change | None
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS, started=False, change=record) as parlour:
            desk = parlour.town.office.desk
            with make_turn(desk, make_house(desk)).taken(print):
                second = await start_second(parlour, tmp_path)
            await serves_until_it_is_stopped(second, parlour)

    play(scene, 120)


def test_on_a_server_a_second_bot_serves_once_the_lease_of_one_that_died_has_ended(
    tmp_path: Path, world: World, anvil: Anvil, server: Change
) -> None:
    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS, started=False, change=server) as parlour:
            store, lease = parlour.town.office.desk.store, f"discord:{parlour.local.guild.id}"
            assert store.lease(lease, "dead", anvil.timestamp(), LEASE_SECONDS)
            second = await start_second(parlour, tmp_path)
            await parlour.later(LEASE_SECONDS)
            await serves_until_it_is_stopped(second, parlour)

    play(scene, 120)


def test_on_a_server_a_bot_that_has_lost_its_turn_is_told_who_has_it(
    tmp_path: Path, world: World, anvil: Anvil, server: Change, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turn, "_RENEW_EVERY", 0.05)

    async def scene() -> None:
        async with open_parlour(tmp_path, world, anvil, MEMBERS, started=False, change=server) as parlour:
            store, guild = parlour.town.office.desk.store, parlour.local.guild.id
            slow = Turn(store, guild, Seat("slow"), anvil.timestamp)
            with slow.taken(print):
                keeping = asyncio.create_task(slow.kept())
                await asyncio.sleep(0.2)
                assert not keeping.done()
                assert store.lease(f"discord:{guild}", "quick", anvil.timestamp() + LEASE_SECONDS, LEASE_SECONDS)
                with pytest.raises(Conflict, match="has lost its turn.*quick"):
                    await keeping

    play(scene)
