"""The things of a guild, each with its JSON as the API and the gateway show it: `resources/*`."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any

from dao_bot.devnet.discord.permissions import Permission

Json = dict[str, Any]


class ChannelType(enum.IntEnum):
    """`resources/channel#channel-object-channel-types`."""

    TEXT = 0
    DM = 1
    PUBLIC_THREAD = 11
    FORUM = 15


@dataclass(slots=True)
class User:
    """`resources/user#user-object`."""

    id: str
    name: str
    bot: bool = False

    def payload(self) -> Json:
        return {
            "id": self.id,
            "username": self.name,
            "global_name": None,
            "discriminator": "0",
            "avatar": None,
            "bot": self.bot,
        }


@dataclass(slots=True)
class Member:
    """`resources/guild#guild-member-object`."""

    user: User
    roles: list[str] = field(default_factory=list)
    nick: str | None = None

    def payload(self) -> Json:
        return {
            "user": self.user.payload(),
            "roles": list(self.roles),
            "nick": self.nick,
            "joined_at": "2024-01-01T00:00:00.000000+00:00",
            "avatar": None,
            "deaf": False,
            "mute": False,
            "flags": 0,
        }


@dataclass(slots=True)
class Role:
    """`topics/permissions#role-object`."""

    id: str
    name: str
    permissions: Permission
    position: int
    managed: bool = False

    def payload(self) -> Json:
        return {
            "id": self.id,
            "name": self.name,
            "permissions": str(int(self.permissions)),
            "position": self.position,
            "color": 0,
            "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
            "hoist": False,
            "managed": self.managed,
            "mentionable": False,
            "flags": 0,
        }


@dataclass(slots=True)
class Overwrite:
    """`resources/channel#overwrite-object`; `member` tells whether `id` is a member's or a role's."""

    id: str
    member: bool
    allow: Permission
    deny: Permission

    def payload(self) -> Json:
        return {
            "id": self.id,
            "type": int(self.member),
            "allow": str(int(self.allow)),
            "deny": str(int(self.deny)),
        }


@dataclass(slots=True)
class Channel:
    """`resources/channel#channel-object`; threads are channels with a parent."""

    id: str
    kind: ChannelType
    name: str
    guild_id: str | None
    parent_id: str | None = None
    owner_id: str | None = None
    overwrites: list[Overwrite] = field(default_factory=list)
    archived: bool = False
    locked: bool = False
    auto_archive_minutes: int = 10080
    created: str = ""
    recipient: User | None = None

    @property
    def is_thread(self) -> bool:
        return self.kind is ChannelType.PUBLIC_THREAD

    def payload(self) -> Json:
        made: Json = {"id": self.id, "type": int(self.kind), "name": self.name, "flags": 0}
        if self.kind is ChannelType.DM:
            assert self.recipient is not None
            return {**made, "recipients": [self.recipient.payload()], "last_message_id": None}
        made |= {"guild_id": self.guild_id, "parent_id": self.parent_id, "rate_limit_per_user": 0, "nsfw": False}
        if self.is_thread:
            return made | {
                "owner_id": self.owner_id,
                "message_count": 0,
                "member_count": 1,
                "total_message_sent": 0,
                "thread_metadata": {
                    "archived": self.archived,
                    "locked": self.locked,
                    "auto_archive_duration": self.auto_archive_minutes,
                    "archive_timestamp": self.created,
                    "create_timestamp": self.created,
                },
            }
        made |= {"position": 0, "topic": None, "permission_overwrites": [one.payload() for one in self.overwrites]}
        if self.kind is ChannelType.FORUM:
            made |= {"available_tags": [], "default_sort_order": None, "default_forum_layout": 0}
            made |= {"default_reaction_emoji": None}
        return made


@dataclass(slots=True)
class Attachment:
    """`resources/message#attachment-object`, with the bytes."""

    id: str
    filename: str
    content_type: str
    data: bytes
    url: str

    def payload(self) -> Json:
        return {
            "id": self.id,
            "filename": self.filename,
            "content_type": self.content_type,
            "size": len(self.data),
            "url": self.url,
            "proxy_url": self.url,
        }


EPHEMERAL, LOADING = 1 << 6, 1 << 7
"""`resources/message#message-object-message-flags`."""


@dataclass(slots=True)
class Message:
    """`resources/message#message-object`.

    Attributes:
        seen_by: the only user who sees it, when it is ephemeral.
        edits: how often it was edited.
    """

    id: str
    channel_id: str
    guild_id: str | None
    author: User
    created: str
    content: str = ""
    embeds: list[Json] = field(default_factory=list)
    components: list[Json] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flags: int = 0
    edited: str | None = None
    seen_by: str | None = None
    webhook_id: str | None = None
    edits: int = 0

    @property
    def ephemeral(self) -> bool:
        return bool(self.flags & EPHEMERAL)

    @property
    def loading(self) -> bool:
        return bool(self.flags & LOADING)

    def custom_ids(self) -> list[str]:
        """Of everything on it that can be clicked or chosen now."""
        return [
            str(item["custom_id"])
            for row in self.components
            for item in row.get("components", [])
            if "custom_id" in item and not item.get("disabled")
        ]

    def text(self) -> str:
        """Everything that people read on it, in order."""
        parts = [self.content]
        for embed in self.embeds:
            parts += [str(embed[key]) for key in ("title", "description") if embed.get(key)]
            parts += [f"{one['name']}\n{one['value']}" for one in embed.get("fields", [])]
            if embed.get("footer"):
                parts.append(str(embed["footer"]["text"]))
        return "\n".join(part for part in parts if part)

    def payload(self) -> Json:
        made: Json = {
            "id": self.id,
            "channel_id": self.channel_id,
            "author": self.author.payload(),
            "content": self.content,
            "timestamp": self.created,
            "edited_timestamp": self.edited,
            "tts": False,
            "mention_everyone": False,
            "mentions": [],
            "mention_roles": [],
            "attachments": [one.payload() for one in self.attachments],
            "embeds": self.embeds,
            "components": self.components,
            "pinned": False,
            "type": 0,
            "flags": self.flags,
        }
        if self.guild_id is not None:
            made["guild_id"] = self.guild_id
        if self.webhook_id is not None:
            made |= {"webhook_id": self.webhook_id, "application_id": self.webhook_id}
        return made
