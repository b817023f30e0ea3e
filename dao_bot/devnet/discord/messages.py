"""Messages: who may write, edit and read them, and what they ping: `resources/message`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dao_bot.devnet.discord.errors import ApiError, invalid_form, missing_permissions, unknown
from dao_bot.devnet.discord.guild import Emit, Guild, not_text
from dao_bot.devnet.discord.identity import Clock, Snowflakes, iso
from dao_bot.devnet.discord.mentions import pings
from dao_bot.devnet.discord.message_limits import check_message
from dao_bot.devnet.discord.model import EPHEMERAL, LOADING, Attachment, Channel, ChannelType, Json, Message, User
from dao_bot.devnet.discord.permissions import Permission

NONCE_LIVES = 120.0
"""Seconds; the documentation says "the past few minutes"."""
MOST_FILES = 10
MOST_FILE_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Upload:
    """One file of a multipart body, under `files[key]`."""

    key: str
    filename: str
    content_type: str
    data: bytes


class Messages:
    """All messages of the guild and of direct channels, by id; `pinged` is everybody whom the bot ever notified."""

    def __init__(self, clock: Clock, ids: Snowflakes, guild: Guild, emit: Emit) -> None:
        self._clock, self._ids, self._guild, self._emit = clock, ids, guild, emit
        self.by_id: dict[str, Message] = {}
        self.pinged: list[str] = []
        self.direct: list[Message] = []
        self.base_url = ""
        self._nonces: dict[tuple[str, str], tuple[Message, float]] = {}

    def post_once(self, channel_id: str, body: Json, uploads: Sequence[Upload] = ()) -> Message:
        """A message with an enforced nonce that was posted a moment ago is not posted again."""
        nonce = str(body.get("nonce") or "")
        if not nonce:
            return self.post(channel_id, body, uploads)
        if len(nonce) > 25:
            raise invalid_form({"nonce": "Must be 25 or fewer in length."})
        key, now = (channel_id, nonce), self._clock.now()
        before = self._nonces.get(key)
        if body.get("enforce_nonce") and before and now - before[1] < NONCE_LIVES:
            return before[0]
        message = self.post(channel_id, body, uploads)
        self._nonces[key] = message, now
        return message

    def post(self, channel_id: str, body: Json, uploads: Sequence[Upload] = ()) -> Message:
        """The bot's own message, as `POST /channels/{id}/messages` makes it."""
        channel = self._guild.channel(channel_id)
        if channel.kind is ChannelType.FORUM:
            raise not_text()
        sending = Permission.SEND_MESSAGES_IN_THREADS if channel.is_thread else Permission.SEND_MESSAGES
        self._require(sending, channel, body, uploads)
        if channel.archived:
            if channel.locked:
                raise ApiError(400, 50083, "Thread is archived")
            channel.archived = False
            self._guild.change_thread(channel)
        return self.make(channel, body, uploads)

    def make(
        self,
        channel: Channel,
        body: Json,
        uploads: Sequence[Upload] = (),
        *,
        author: User | None = None,
        seen_by: str | None = None,
        webhook_id: str | None = None,
        message_id: str | None = None,
        extra_flags: int = 0,
    ) -> Message:
        """A message that was allowed; ephemeral ones are told to nobody but their reader."""
        check_message(body, attached=[one.filename for one in uploads], new=not extra_flags & LOADING)
        message = Message(
            message_id or self._ids.next(),
            channel.id,
            channel.guild_id,
            author or self._guild.bot,
            iso(self._clock.wall()),
            flags=(body.get("flags") or 0) | extra_flags,
            seen_by=seen_by,
            webhook_id=webhook_id,
        )
        self._fill(message, body, uploads)
        self.by_id[message.id] = message
        if message.content and message.author is self._guild.bot:
            self._note_pings(message, body)
        if channel.kind is ChannelType.DM:
            self.direct.append(message)
        if not message.ephemeral:
            self._emit("MESSAGE_CREATE", message.payload())
        return message

    def edit(self, message: Message, body: Json, uploads: Sequence[Upload] = ()) -> Message:
        """Only the keys that are given change (`resources/message#edit-message`); an edit notifies nobody."""
        kept = [one.filename for one in message.attachments]
        check_message(body, attached=[*kept, *(one.filename for one in uploads)], new=False)
        message.flags &= ~LOADING
        self._fill(message, body, uploads)
        if not (message.content or message.embeds or message.components or message.attachments):
            raise ApiError(400, 50006, "Cannot send an empty message")
        message.edited = iso(self._clock.wall())
        message.edits += 1
        if not message.ephemeral:
            self._emit("MESSAGE_UPDATE", message.payload())
        return message

    def edit_own(self, channel_id: str, message_id: str, body: Json, uploads: Sequence[Upload] = ()) -> Message:
        """`PATCH /channels/{id}/messages/{id}`."""
        message = self.get(channel_id, message_id)
        channel = self._guild.channel(channel_id)
        if message.author is not self._guild.bot:
            raise ApiError(403, 50005, "Cannot edit a message authored by another user")
        if channel.archived:
            raise ApiError(400, 50083, "Thread is archived")
        return self.edit(message, body, uploads)

    def delete(self, channel_id: str, message_id: str) -> None:
        message = self.get(channel_id, message_id)
        if message.author is not self._guild.bot:
            self._guild.require(Permission.MANAGE_MESSAGES, self._guild.channel(channel_id))
        del self.by_id[message.id]
        gone: Json = {"id": message.id, "channel_id": channel_id}
        if message.guild_id is not None:
            gone["guild_id"] = message.guild_id
        self._emit("MESSAGE_DELETE", gone)

    def get(self, channel_id: str, message_id: str) -> Message:
        """One that everybody in the channel sees."""
        self._guild.channel(channel_id)
        message = self.by_id.get(message_id)
        if message is None or message.channel_id != channel_id or message.ephemeral:
            raise unknown("Message")
        return message

    def in_channel(self, channel_id: str) -> list[Message]:
        """What everybody sees there, the oldest first."""
        return [one for one in self.by_id.values() if one.channel_id == channel_id and not one.ephemeral]

    def _require(self, sending: Permission, channel: Channel, body: Json, uploads: Sequence[Upload]) -> None:
        needed = sending
        if body.get("embeds"):
            needed |= Permission.EMBED_LINKS
        if uploads:
            needed |= Permission.ATTACH_FILES
        if (body.get("flags") or 0) & EPHEMERAL:
            raise missing_permissions()
        self._guild.require(needed, channel)

    def _fill(self, message: Message, body: Json, uploads: Sequence[Upload]) -> None:
        if "content" in body:
            message.content = body["content"] or ""
        if "embeds" in body:
            message.embeds = list(body["embeds"] or [])
        if "components" in body:
            message.components = list(body["components"] or [])
        if "attachments" in body:
            kept = {str(one["id"]) for one in body["attachments"] or []}
            message.attachments = [one for one in message.attachments if one.id in kept]
        if len(uploads) > MOST_FILES:
            raise ApiError(400, 30015, f"Maximum number of attachments in a message reached ({MOST_FILES})")
        for upload in uploads:
            if len(upload.data) > MOST_FILE_BYTES:
                raise ApiError(413, 40005, "Request entity too large")
            made = self._ids.next()
            url = f"{self.base_url}/attachments/{message.channel_id}/{made}/{upload.filename}"
            message.attachments.append(Attachment(made, upload.filename, upload.content_type, upload.data, url))

    def _note_pings(self, message: Message, body: Json) -> None:
        found = pings(message.content, body.get("allowed_mentions"))
        if "everyone" in found and not self._guild.may(self._guild.bot.id) & Permission.MENTION_EVERYONE:
            found.remove("everyone")
        self.pinged += found
