"""Keeping the bot connected. discord.py reconnects by itself, but dies where the first handshake or the login fails."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Callable
from functools import partial

import discord
import yarl

from dao_bot.domain.errors import BadInput
from governance.discord.acts import vote_all
from governance.discord.clerk import Clerk
from governance.discord.client import FrontDoor
from governance.discord.express import Express
from governance.discord.house import House

FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
"""Seconds between two attempts to connect."""

log = logging.getLogger(__name__)


def use_local_server(server: str) -> None:
    """Make discord.py talk to a Discord on this machine."""
    discord.http.Route.BASE = f"{server}/api/v10"
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(f"{server.replace('http', 'ws', 1)}/gateway")


class Supervisor:
    """Runs one client after another until it is told to stop."""

    def __init__(self, house: House, token: str, tell: Callable[[str], None] = log.info) -> None:
        self._house, self._token, self._tell = house, token, tell
        self._stopping = asyncio.Event()
        self.clerk = Clerk(partial(vote_all, house), Express(house.settings.guild))
        self.client: FrontDoor | None = None
        self.attempts = 0

    async def run(self) -> None:
        """Until `stop`.

        Raises:
            BadInput: Discord refuses the token or the intents; waiting would not help.
        """
        if self._house.settings.server is not None:
            use_local_server(self._house.settings.server)
        wait = FIRST_WAIT
        try:
            while not self._stopping.is_set():
                began = asyncio.get_running_loop().time()
                await self._run_one()
                if asyncio.get_running_loop().time() - began > _LONGEST_WAIT:
                    wait = FIRST_WAIT
                if not self._stopping.is_set():
                    gc.collect()  # clients refer to themselves, and the collector comes by rarely
                    self._tell(f"Discord: not connected; the next attempt is in {wait:.0f} s")
                    await self._pause(wait)
                    wait = min(wait * 2, _LONGEST_WAIT)
        finally:
            await self.clerk.close()

    async def stop(self) -> None:
        """Finish what was acknowledged, then leave."""
        self._stopping.set()
        await self.clerk.finish()
        if self.client is not None:
            await self.client.close()

    async def _run_one(self) -> None:
        self.attempts += 1
        self.client = FrontDoor(self._house, self.clerk)
        try:
            async with self.client:
                await self.client.start(self._token)
        except discord.LoginFailure:
            raise BadInput(
                "Discord refuses the bot's token",
                next_step="Make a new one on the Bot page of the application and put it where discord.token points",
            ) from None
        except discord.PrivilegedIntentsRequired:
            raise BadInput(
                "Discord refuses an intent that the bot asks for",
                limit="Server Members Intent",
                next_step="Switch it on, on the Bot page of the application",
            ) from None
        except Exception as error:  # noqa: BLE001 - of a library that dies in many ways; none may stop the bot
            self._tell(f"Discord: the connection failed: {type(error).__name__}: {error}")

    async def _pause(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return
