"""One guild: who is in it, with which roles, in which channels. Every change is told to the gateway."""

from __future__ import annotations

from collections.abc import Callable

from dao_bot.devnet.discord.errors import ApiError, missing_access, missing_permissions, unknown
from dao_bot.devnet.discord.identity import Clock, Snowflakes, iso
from dao_bot.devnet.discord.model import Channel, ChannelType, Json, Member, Overwrite, Role, User
from dao_bot.devnet.discord.permissions import MEMBER, NOTHING, Permission, permissions_of

Emit = Callable[[str, Json], None]

_ROLE_CREATED, _ROLE_UPDATED, _ROLE_DELETED = 30, 31, 32
_MEMBER_ROLES_CHANGED = 25
_OVERWRITE_CHANGED = 14
_WEBHOOK_CREATED, _WEBHOOK_DELETED = 50, 52


class Guild:
    """State and the changes that people make to it."""

    def __init__(self, clock: Clock, ids: Snowflakes, emit: Emit) -> None:
        self._clock, self._ids, self._emit = clock, ids, emit
        self.id = ids.next()
        self.everyone = Role(self.id, "@everyone", MEMBER, 0)
        self.roles: dict[str, Role] = {self.id: self.everyone}
        self.members: dict[str, Member] = {}
        self.users: dict[str, User] = {}
        self.channels: dict[str, Channel] = {}
        self.webhooks: dict[str, list[Json]] = {}
        self.audit_log: list[Json] = []
        self.owner = self.join("owner").user
        self.bot = self.join("dao-bot", bot=True).user
        self.bot_role = self.add_role("dao-bot", managed=True)
        self.members[self.bot.id].roles.append(self.bot_role.id)

    def join(self, name: str, *, bot: bool = False) -> Member:
        """A new user who becomes a member."""
        member = Member(User(self._ids.next(), name, bot))
        self.users[member.user.id] = member.user
        self.members[member.user.id] = member
        self._emit("GUILD_MEMBER_ADD", {**member.payload(), "guild_id": self.id})
        return member

    def leave(self, user_id: str) -> None:
        member = self.members.pop(user_id)
        self._emit("GUILD_MEMBER_REMOVE", {"guild_id": self.id, "user": member.user.payload()})

    def rename(self, user_id: str, nick: str) -> None:
        member = self.member(user_id)
        member.nick = nick
        self._emit("GUILD_MEMBER_UPDATE", {**member.payload(), "guild_id": self.id})

    def member(self, user_id: str) -> Member:
        if user_id not in self.members:
            raise unknown("Member")
        return self.members[user_id]

    def add_role(self, name: str, permissions: Permission = NOTHING, *, managed: bool = False) -> Role:
        role = Role(self._ids.next(), name, permissions, len(self.roles), managed)
        self.roles[role.id] = role
        self._emit("GUILD_ROLE_CREATE", {"guild_id": self.id, "role": role.payload()})
        self._log(_ROLE_CREATED, role.id)
        return role

    def change_role(self, role_id: str, permissions: Permission) -> None:
        self.role(role_id).permissions = permissions
        self._emit("GUILD_ROLE_UPDATE", {"guild_id": self.id, "role": self.roles[role_id].payload()})
        self._log(_ROLE_UPDATED, role_id)

    def delete_role(self, role_id: str) -> None:
        """Nobody has it any more: Discord tells each holder's change only as the role's end."""
        del self.roles[self.role(role_id).id]
        for member in self.members.values():
            if role_id in member.roles:
                member.roles.remove(role_id)
        self._emit("GUILD_ROLE_DELETE", {"guild_id": self.id, "role_id": role_id})
        self._log(_ROLE_DELETED, role_id)

    def role(self, role_id: str) -> Role:
        if role_id not in self.roles:
            raise unknown("Role")
        return self.roles[role_id]

    def give(self, user_id: str, role_id: str) -> None:
        member = self.member(user_id)
        if self.role(role_id).id not in member.roles:
            member.roles.append(role_id)
            self._member_roles_changed(member)

    def take(self, user_id: str, role_id: str) -> None:
        member = self.member(user_id)
        if role_id in member.roles:
            member.roles.remove(role_id)
            self._member_roles_changed(member)

    def _member_roles_changed(self, member: Member) -> None:
        self._emit("GUILD_MEMBER_UPDATE", {**member.payload(), "guild_id": self.id})
        self._log(_MEMBER_ROLES_CHANGED, member.user.id)

    def add_channel(self, name: str, kind: ChannelType = ChannelType.TEXT) -> Channel:
        channel = Channel(self._ids.next(), kind, name, self.id)
        self.channels[channel.id] = channel
        self._emit("CHANNEL_CREATE", channel.payload())
        return channel

    def delete_channel(self, channel_id: str) -> None:
        channel = self.channels.pop(channel_id)
        self._emit("THREAD_DELETE" if channel.is_thread else "CHANNEL_DELETE", channel.payload())

    def overwrite(self, channel_id: str, overwrite: Overwrite) -> None:
        channel = self.channels[channel_id]
        channel.overwrites = [one for one in channel.overwrites if one.id != overwrite.id] + [overwrite]
        self._emit("CHANNEL_UPDATE", channel.payload())
        self._log(_OVERWRITE_CHANGED, channel_id)

    def add_webhook(self, channel_id: str, name: str) -> None:
        """Somebody can write in the channel under any name from now on."""
        hook = {"id": self._ids.next(), "type": 1, "guild_id": self.id, "channel_id": channel_id, "name": name}
        hook |= {"avatar": None, "application_id": None, "user": self.owner.payload()}
        self.webhooks.setdefault(channel_id, []).append(hook)
        self._emit("WEBHOOKS_UPDATE", {"guild_id": self.id, "channel_id": channel_id})
        self._log(_WEBHOOK_CREATED, str(hook["id"]))

    def remove_webhook(self, channel_id: str) -> None:
        """The one that was made last is gone."""
        hook = self.webhooks[channel_id].pop()
        self._emit("WEBHOOKS_UPDATE", {"guild_id": self.id, "channel_id": channel_id})
        self._log(_WEBHOOK_DELETED, str(hook["id"]))

    def open_thread(self, parent_id: str, name: str, owner_id: str, minutes: int, thread_id: str) -> Channel:
        thread = Channel(
            thread_id,
            ChannelType.PUBLIC_THREAD,
            name,
            self.id,
            parent_id,
            owner_id,
            auto_archive_minutes=minutes,
            created=iso(self._clock.wall()),
        )
        self.channels[thread.id] = thread
        self._emit("THREAD_CREATE", {**thread.payload(), "newly_created": True})
        return thread

    def change_thread(self, thread: Channel) -> None:
        self._emit("THREAD_UPDATE", thread.payload())

    def channel(self, channel_id: str) -> Channel:
        """As the bot sees it; what it may not view, it has no access to."""
        if channel_id not in self.channels:
            raise unknown("Channel")
        channel = self.channels[channel_id]
        if channel.kind is not ChannelType.DM and not self.may(self.bot.id, channel) & Permission.VIEW_CHANNEL:
            raise missing_access()
        return channel

    def may(self, user_id: str, channel: Channel | None = None) -> Permission:
        """The permissions of a member; none for somebody who left."""
        if user_id not in self.members:
            return NOTHING
        if channel is not None and channel.parent_id is not None:
            channel = self.channels[channel.parent_id]
        overwrites = channel.overwrites if channel is not None else ()
        return permissions_of(self.members[user_id], self.owner.id, self.everyone, self.roles.values(), overwrites)

    def require(self, needed: Permission, channel: Channel | None = None) -> None:
        """Refuse what the bot may not do."""
        if channel is not None and channel.kind is ChannelType.DM:
            return
        if needed & ~self.may(self.bot.id, channel):
            raise missing_permissions()

    def payload(self, *, with_members: bool) -> Json:
        """`events/gateway-events#guild-create`: without the presence intent the bot alone stands among the members."""
        shown = list(self.members.values()) if with_members else [self.members[self.bot.id]]
        visible = [one for one in self.channels.values() if self.may(self.bot.id, one) & Permission.VIEW_CHANNEL]
        return {
            "id": self.id,
            "name": "Demo DAO",
            "owner_id": self.owner.id,
            "roles": [role.payload() for role in self.roles.values()],
            "channels": [one.payload() for one in visible if not one.is_thread and one.kind is not ChannelType.DM],
            "threads": [one.payload() for one in visible if one.is_thread and not one.archived],
            "members": [member.payload() for member in shown],
            "member_count": len(self.members),
            "large": len(self.members) > 250,
            "unavailable": False,
            "joined_at": "2024-01-01T00:00:00.000000+00:00",
            "preferred_locale": "en-US",
            "afk_timeout": 300,
            **dict.fromkeys(_EMPTY_LISTS, ()),
            **dict.fromkeys(_ZEROS, 0),
            **dict.fromkeys(_NULLS),
        }

    def _log(self, action: int, target: str) -> None:
        """`resources/audit-log`: told only to a bot that may read it."""
        entry = {"id": self._ids.next(), "action_type": action, "target_id": target, "user_id": self.owner.id}
        entry |= {"guild_id": self.id, "changes": []}
        self.audit_log.append(entry)
        self._emit("GUILD_AUDIT_LOG_ENTRY_CREATE", entry)


def not_text() -> ApiError:
    """A forum takes posts, not messages."""
    return ApiError(400, 50008, "Cannot send messages in a non-text channel")


_EMPTY_LISTS = (
    *("voice_states", "presences", "stage_instances", "guild_scheduled_events", "soundboard_sounds"),
    *("emojis", "stickers", "features"),
)
_ZEROS = (
    *("verification_level", "default_message_notifications", "explicit_content_filter", "mfa_level"),
    *("system_channel_flags", "premium_tier", "premium_subscription_count", "nsfw_level"),
)
_NULLS = (
    *("icon", "splash", "discovery_splash", "afk_channel_id", "application_id", "system_channel_id"),
    *("rules_channel_id", "vanity_url_code", "description", "banner", "public_updates_channel_id"),
    *("safety_alerts_channel_id",),
)
