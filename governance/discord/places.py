"""Where things stand in Discord: posts of a forum, or messages with threads; made, found again, changed."""

from __future__ import annotations

import datetime
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import discord

from dao_bot.domain.errors import BadInput
from dao_bot.domain.hashing import digest
from dao_bot.store.values import StoredPost
from governance.discord.reply import Item, picture_file, view_of

THREAD_ARCHIVED = 50083
_THREAD_EXISTS = 160004
_BEFORE = datetime.timedelta(minutes=2)
_MOST_SEARCHED = 200


@dataclass(frozen=True, slots=True)
class Message:
    """What a message says. The embed's footer tells it from others, by which it is found again.

    Attributes:
        drawn: which picture it is, so that it is sent again only when it is another one.
        mention: the only ones whom it notifies.
    """

    embed: discord.Embed
    buttons: tuple[Item, ...] = ()
    picture: bytes | None = None
    drawn: str = ""
    content: str = ""
    mention: tuple[int, ...] = ()

    @property
    def shows(self) -> str:
        """Identity of what people see."""
        buttons = [(one.press.custom_id, one.label) for one in self.buttons]
        made = digest({"embed": dict(self.embed.to_dict()), "buttons": buttons, "content": self.content})
        return f"{made}/{self.drawn}"

    @property
    def allowed(self) -> discord.AllowedMentions:
        """Nobody but who is named."""
        users = [discord.Object(one) for one in self.mention]
        return discord.AllowedMentions(everyone=False, roles=False, replied_user=False, users=users or False)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message stands. Of a proposal's card, the message's id is its thread's id too."""

    channel: int
    message: int


def place_of(post: StoredPost | None) -> Place | None:
    """Where it stands, if it does."""
    if post is None or post.channel is None or post.message is None:
        return None
    return Place(int(post.channel), int(post.message))


class Places:
    """The channels of one guild."""

    def __init__(self, client: discord.Client, guild_id: int, proposals: int, news: int) -> None:
        self._client, self._guild_id = client, guild_id
        self._proposals, self._news = proposals, news

    @property
    def guild(self) -> discord.Guild:
        """Raises: BadInput."""
        guild = self._client.get_guild(self._guild_id)
        if guild is None:
            raise BadInput("the bot is not a member of the configured guild", value=self._guild_id)
        return guild

    def proposals(self) -> discord.ForumChannel | discord.TextChannel:
        """Raises: BadInput."""
        channel = self.guild.get_channel(self._proposals)
        if not isinstance(channel, discord.ForumChannel | discord.TextChannel):
            raise BadInput(
                "discord.channels.proposals is no forum or text channel that the bot sees", value=self._proposals
            )
        return channel

    def news(self) -> discord.TextChannel:
        """Raises: BadInput."""
        channel = self.guild.get_channel(self._news)
        if not isinstance(channel, discord.TextChannel):
            raise BadInput("discord.channels.news is no text channel that the bot sees", value=self._news)
        return channel

    def seen_by(self, roles: tuple[str, ...]) -> bool:
        """Whether members with each of these roles see the proposals; nobody does where there are none."""
        channel, found = self.proposals(), [self.guild.get_role(int(role)) for role in roles]
        return bool(found) and all(role is not None and channel.permissions_for(role).view_channel for role in found)

    def thread_of(self, place: Place) -> int:
        """Where more is said about a card: in its own thread, or in the one that it was posted in."""
        return place.message if place.channel == self._proposals else place.channel

    async def open(self, name: str, message: Message, nonce: str) -> Place:
        """A card with a thread of its own."""
        channel = self.proposals()
        if isinstance(channel, discord.ForumChannel):
            made = await channel.create_thread(name=name, auto_archive_duration=10080, **_arguments(message))
            return Place(made.thread.id, made.message.id)
        sent = await channel.send(nonce=nonce, **_arguments(message))
        return Place(channel.id, sent.id)

    async def open_thread(self, place: Place, name: str) -> None:
        """The thread below a card that stands in a text channel; nothing where it is there."""
        if place.channel != self._proposals:
            return
        channel = self._client.get_partial_messageable(place.channel, guild_id=self._guild_id)
        try:
            await channel.get_partial_message(place.message).create_thread(name=name, auto_archive_duration=10080)
        except discord.HTTPException as error:
            if error.code != _THREAD_EXISTS:
                raise

    async def say(self, channel_id: int, message: Message, nonce: str) -> Place:
        """A message in a thread or channel."""
        channel = self._client.get_partial_messageable(channel_id, guild_id=self._guild_id)
        sent = await channel.send(nonce=nonce, **_arguments(message))
        return Place(channel_id, sent.id)

    async def change(self, place: Place, message: Message, shown: str | None) -> None:
        """Edit what showed `shown` (None where that is not known); a thread that fell asleep is woken for it."""
        channel = self._client.get_partial_messageable(place.channel, guild_id=self._guild_id)
        there = channel.get_partial_message(place.message)
        arguments = _arguments(message)
        arguments.pop("file", None)
        arguments.setdefault("view", None)
        if shown is None or shown.rpartition("/")[2] != message.drawn:
            arguments["attachments"] = [] if message.picture is None else [picture_file(message.picture, "card.png")]
        try:
            await there.edit(**arguments)
        except discord.HTTPException as error:
            if error.code != THREAD_ARCHIVED:
                raise
            await self._client.http.edit_channel(place.channel, archived=False)
            await there.edit(**arguments)

    async def stands(self, place: Place) -> bool:
        """Whether the message is there."""
        channel = self._client.get_partial_messageable(place.channel, guild_id=self._guild_id)
        try:
            await channel.fetch_message(place.message)
        except discord.NotFound:
            return False
        return True

    async def find_card(self, name_begins: str, footer: str, since: int) -> Place | None:
        """A card whose posting was begun and not noted."""
        channel = self.proposals()
        if isinstance(channel, discord.TextChannel):
            return await self._find(channel, footer, since)
        async for thread in self._threads(channel):
            if thread.name.startswith(name_begins) and thread.owner_id == self._me:
                return Place(thread.id, thread.id)
        return None

    async def find(self, channel_id: int, footer: str, since: int) -> Place | None:
        """The same of a message in a thread or channel."""
        return await self._find(
            self._client.get_partial_messageable(channel_id, guild_id=self._guild_id), footer, since
        )

    async def _find(
        self, channel: discord.TextChannel | discord.PartialMessageable, footer: str, since: int
    ) -> Place | None:
        after = datetime.datetime.fromtimestamp(since, datetime.UTC) - _BEFORE
        async for message in channel.history(limit=_MOST_SEARCHED, after=after):
            mine = message.author.id == self._me
            if mine and any(embed.footer.text == footer for embed in message.embeds):
                return Place(message.channel.id, message.id)
        return None

    async def _threads(self, forum: discord.ForumChannel) -> AsyncIterator[discord.Thread]:
        for thread in await self.guild.active_threads():
            if thread.parent_id == forum.id:
                yield thread
        async for thread in forum.archived_threads(limit=_MOST_SEARCHED):
            yield thread

    @property
    def _me(self) -> int:
        return self._client.user.id if self._client.user else 0


def _arguments(message: Message) -> dict[str, Any]:
    made: dict[str, Any] = {
        "content": message.content or None,
        "embed": message.embed,
        "allowed_mentions": message.allowed,
    }
    if message.buttons:
        made["view"] = view_of(message.buttons)
    if message.picture is not None:
        made["file"] = picture_file(message.picture, "card.png")
    return made
