"""The bot: one guild, one treasury. What arrives goes to the clerk; what is posted, the board keeps."""

from __future__ import annotations

import logging
from functools import partial
from typing import Any

import aiohttp
import discord
from discord import app_commands

from governance.discord.board import Board
from governance.discord.clerk import Clerk
from governance.discord.clicks import clicked, submitted
from governance.discord.commands import add_commands
from governance.discord.guard import Guard
from governance.discord.house import House
from governance.discord.reply import NOBODY
from governance.discord.watch import Watch

_MOST_CONNECTIONS = 64
"""A burst of acknowledgements shares these; each of its own connections would cost more than waiting for one."""

GUILDS_WITHIN = 1.0
"""Seconds after which no further guild is waited for."""

log = logging.getLogger(__name__)


def intents() -> discord.Intents:
    """What the bot hears of: roles and members, webhooks, deleted messages. Not what people write."""
    wanted = discord.Intents.none()
    wanted.guilds = wanted.members = wanted.webhooks = wanted.guild_messages = True
    return wanted


class FrontDoor(discord.Client):
    """Made anew for each attempt to connect; whatever must outlive it is in the record."""

    def __init__(self, house: House, clerk: Clerk) -> None:
        super().__init__(
            intents=intents(),
            allowed_mentions=NOBODY,
            max_messages=None,
            connector=aiohttp.TCPConnector(limit=_MOST_CONNECTIONS),
            guild_ready_timeout=GUILDS_WITHIN,
        )
        self.house = house
        self.clerk = clerk
        self.place = discord.Object(int(house.settings.guild))
        self.tree = app_commands.CommandTree(self)
        self.board = Board(self, house, clerk)
        self.watch = Watch(self, house, clerk, self.board.places)
        self.guard = Guard(self, house, clerk)
        add_commands(self.tree, self.place, house, clerk)

    async def setup_hook(self) -> None:
        self._hear_clicks_first()
        await self.tree.sync(guild=self.place)

    async def on_ready(self) -> None:
        guild = self.get_guild(self.place.id)
        if guild is None:
            log.error("the bot is not a member of guild %s, which the configuration names", self.place.id)
            return
        await self.guard.look_around(guild)
        self.board.start()
        self.watch.start()

    async def on_resumed(self) -> None:
        guild = self.get_guild(self.place.id)
        if guild is not None:
            await self.guard.look_around(guild)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        """Buttons and dialogs, also of messages that an earlier process sent; commands go through the tree."""
        if interaction.guild_id != self.place.id:
            return
        if interaction.type is discord.InteractionType.component:
            await clicked(self.house, self.clerk, interaction)
        elif interaction.type is discord.InteractionType.modal_submit:
            await submitted(self.house, self.clerk, interaction)
        else:
            return
        self.board.wake()

    async def on_member_update(self, before: discord.Member, after: discord.Member) -> None:
        await self.guard.member_changed(before, after)

    async def on_member_remove(self, member: discord.Member) -> None:
        await self.guard.member_left(member)

    async def on_guild_role_update(self, before: discord.Role, after: discord.Role) -> None:
        if before.permissions != after.permissions:
            await self.guard.look_around(after.guild)

    async def on_guild_role_delete(self, role: discord.Role) -> None:
        await self.guard.look_around(role.guild)

    async def on_guild_channel_update(self, before: discord.abc.GuildChannel, after: discord.abc.GuildChannel) -> None:
        if before.overwrites != after.overwrites:
            await self.guard.look_around(after.guild)

    async def on_webhooks_update(self, channel: discord.abc.GuildChannel) -> None:
        await self.guard.look_around(channel.guild)

    async def on_raw_message_delete(self, gone: discord.RawMessageDeleteEvent) -> None:
        self.board.deleted(str(gone.message_id))

    def _hear_clicks_first(self) -> None:
        """discord.py has no event before it makes objects of an interaction, so its table of parsers is changed.

        Of what may wait there by the thousand, the message that was clicked is most, and nothing is asked of it.
        """
        parsers, express = self._connection.parsers, self.clerk.express
        parse = parsers["INTERACTION_CREATE"]

        def hear(event: dict[str, Any]) -> None:
            if express.take(event, partial(parse, event)):
                event.pop("message", None)
            else:
                parse(event)

        parsers["INTERACTION_CREATE"] = hear

    async def close(self) -> None:
        await self.watch.stop()
        await self.board.stop()
        await super().close()
