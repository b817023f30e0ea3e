"""Threads and forum posts: `topics/threads`, `resources/channel#start-thread-in-forum-or-media-channel`."""

from __future__ import annotations

from collections.abc import Sequence

from dao_bot.devnet.discord.errors import ApiError, invalid_form
from dao_bot.devnet.discord.guild import Guild
from dao_bot.devnet.discord.identity import Snowflakes
from dao_bot.devnet.discord.messages import Messages, Upload
from dao_bot.devnet.discord.model import Channel, ChannelType, Json, Message
from dao_bot.devnet.discord.permissions import Permission

_ARCHIVE_MINUTES = (60, 1440, 4320, 10080)
MOST_ACTIVE = 1000


class Threads:
    """How threads come to be, and how they sleep."""

    def __init__(self, ids: Snowflakes, guild: Guild, messages: Messages) -> None:
        self._ids, self._guild, self._messages = ids, guild, messages

    def post_in_forum(self, forum_id: str, body: Json, uploads: Sequence[Upload]) -> tuple[Channel, Message]:
        """A post and its first message, which share their id."""
        forum = self._guild.channel(forum_id)
        if forum.kind is not ChannelType.FORUM:
            raise ApiError(400, 50024, "Cannot execute action on this channel type")
        self._guild.require(Permission.SEND_MESSAGES, forum)
        self._check(body)
        thread = self._open(forum_id, body, self._ids.next())
        message = self._messages.make(thread, body.get("message") or {}, uploads, message_id=thread.id)
        return thread, message

    def from_message(self, channel_id: str, message_id: str, body: Json) -> Channel:
        """A thread below a message; one message can have one."""
        self._messages.get(channel_id, message_id)
        if message_id in self._guild.channels:
            raise ApiError(400, 160004, "A thread has already been created for this message")
        self._guild.require(Permission.CREATE_PUBLIC_THREADS, self._guild.channel(channel_id))
        self._check(body)
        return self._open(channel_id, body, message_id)

    def alone(self, channel_id: str, body: Json) -> Channel:
        """A public thread without a first message."""
        channel = self._guild.channel(channel_id)
        if channel.kind is not ChannelType.TEXT or body.get("type") != ChannelType.PUBLIC_THREAD:
            raise ApiError(400, 50024, "Cannot execute action on this channel type")
        self._guild.require(Permission.CREATE_PUBLIC_THREADS, channel)
        self._check(body)
        return self._open(channel_id, body, self._ids.next())

    def change(self, channel_id: str, body: Json) -> Channel:
        """Archive, lock or rename; a bot changes its own threads freely, others with MANAGE_THREADS."""
        thread = self._guild.channel(channel_id)
        if not thread.is_thread:
            raise ApiError(400, 50024, "Cannot execute action on this channel type")
        if thread.owner_id != self._guild.bot.id or "locked" in body:
            self._guild.require(Permission.MANAGE_THREADS, thread)
        if "name" in body:
            self._check(body)
            thread.name = body["name"]
        thread.archived = bool(body.get("archived", thread.archived))
        thread.locked = bool(body.get("locked", thread.locked))
        self._guild.change_thread(thread)
        return thread

    def listed(self, parent_id: str | None = None, *, archived: bool) -> list[Channel]:
        """Those that the bot may see, the newest first."""
        guild = self._guild
        found = [
            one
            for one in guild.channels.values()
            if one.is_thread
            and one.archived is archived
            and parent_id in (None, one.parent_id)
            and guild.may(guild.bot.id, one) & Permission.VIEW_CHANNEL
        ]
        return found[::-1]

    def archive(self, thread_id: str) -> None:
        """As Discord does by itself after days of silence."""
        self._guild.channels[thread_id].archived = True
        self._guild.change_thread(self._guild.channels[thread_id])

    def _open(self, parent_id: str, body: Json, thread_id: str) -> Channel:
        active = sum(one.is_thread and not one.archived for one in self._guild.channels.values())
        if active >= MOST_ACTIVE:
            raise ApiError(400, 160006, "Maximum number of active threads reached")
        minutes = body.get("auto_archive_duration") or 1440
        return self._guild.open_thread(parent_id, body["name"], self._guild.bot.id, minutes, thread_id)

    def _check(self, body: Json) -> None:
        if not 1 <= len(body.get("name") or "") <= 100:
            raise invalid_form({"name": "Must be between 1 and 100 in length."})
        if (body.get("auto_archive_duration") or 1440) not in _ARCHIVE_MINUTES:
            raise invalid_form({"auto_archive_duration": f"Must be one of {_ARCHIVE_MINUTES}."})
