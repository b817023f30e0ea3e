"""A real discord.py client on the local Discord."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import discord
import yarl
from discord import app_commands

from dao_bot.devnet.discord import GOVERNANCE_BOT, LocalDiscord

T = TypeVar("T")


def play(scene: Callable[[], Coroutine[Any, Any, T]], within: float = 60.0) -> T:
    """Run `scene` to its end in a loop of its own."""

    async def limited() -> T:
        try:
            async with asyncio.timeout(within):
                return await scene()
        finally:
            await until(_heartbeats_stopped)
            await _end_what_is_left()

    return asyncio.run(limited())


async def _end_what_is_left() -> None:
    """discord.py tells of a lost connection in tasks begun while others are cancelled; `asyncio.run` cancels once."""
    while left := asyncio.all_tasks() - {asyncio.current_task()}:
        for task in left:
            task.cancel()
        await asyncio.wait(left)


def _heartbeats_stopped() -> bool:
    """Whether no thread of a client beats any more; discord.py leaves the ones of dropped connections running."""
    beating = [thread for thread in threading.enumerate() if isinstance(thread, discord.gateway.KeepAliveHandler)]
    for thread in beating:
        thread.stop()
    return not beating


@asynccontextmanager
async def local_discord() -> AsyncIterator[LocalDiscord]:
    """One that lets its bot do what a governance bot does, and clients identify as often as tests restart them."""
    async with LocalDiscord() as local:
        local.allow_bot(GOVERNANCE_BOT)
        local.gateway.identify_interval = 0.0
        yield local


def point_at(local: LocalDiscord) -> None:
    """discord.py talks to `local` from now on."""
    discord.http.Route.BASE = f"{local.url}/api/v10"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(local.url.replace("http", "ws", 1) + "/gateway")


class Client(discord.Client):
    """A client with a command tree for the guild of `local`."""

    def __init__(self, local: LocalDiscord, intents: discord.Intents | None = None) -> None:
        super().__init__(intents=intents or wanted_intents(), guild_ready_timeout=0.1)
        self.guild_id = discord.Object(int(local.guild.id))
        self.tree = app_commands.CommandTree(self)
        self.seen: list[str] = []

    async def setup_hook(self) -> None:
        await self.tree.sync(guild=self.guild_id)

    async def on_socket_event_type(self, name: str) -> None:
        self.seen.append(name)


def wanted_intents() -> discord.Intents:
    intents = discord.Intents.none()
    intents.guilds = intents.members = intents.moderation = intents.webhooks = intents.guild_messages = True
    return intents


@asynccontextmanager
async def connected(local: LocalDiscord, client: discord.Client) -> AsyncIterator[discord.Guild]:
    """`client`, logged in and ready; closed afterwards."""
    point_at(local)
    running = asyncio.create_task(client.start(local.token))
    try:
        ready = asyncio.create_task(until(client.is_ready))
        await asyncio.wait({running, ready}, return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            ready.cancel()
            running.result()
        yield client.guilds[0]
    finally:
        await client.close()
        await asyncio.gather(running, return_exceptions=True)


async def until(holds: Callable[[], object], within: float = 30.0) -> None:
    """Wait until `holds`."""
    ends = time.monotonic() + within
    while not holds():  # noqa: ASYNC110  # a library's state has no event to wait for
        assert time.monotonic() < ends, f"not within {within} s"
        await asyncio.sleep(0.01)


async def error_code(doing: Awaitable[object]) -> int:
    """The code with which Discord refused it."""
    try:
        await doing
    except discord.HTTPException as error:
        return error.code
    raise AssertionError("it was not refused")
