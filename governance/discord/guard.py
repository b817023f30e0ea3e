"""Watching for signs that somebody else speaks through Discord; then approvals through it are frozen.

What is compared with is in the record, so a change that happens while the bot is away is seen when it comes back.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import discord

from dao_bot.domain.hashing import digest
from governance.discord.clerk import Clerk
from governance.discord.house import THROUGH, House, ids

if TYPE_CHECKING:
    from governance.discord.client import FrontDoor

GUARDED, GUARD_LOOKED = "discord guard", "discord looked at"
"""Subject and kind of the acts that hold what was seen last."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a thief would change.

    Attributes:
        stewards: ids of the members who have a steward's role.
        webhooks: ids of those in the bot's channels; None where the bot may not see them.
        permissions: the bot's own, in the guild and by channel.
    """

    stewards: frozenset[str]
    webhooks: frozenset[str] | None
    permissions: Mapping[str, int]

    def record(self) -> dict[str, object]:
        """For the record."""
        return {
            "stewards": sorted(self.stewards),
            "webhooks": None if self.webhooks is None else sorted(self.webhooks),
            "permissions": dict(sorted(self.permissions.items())),
        }


def sight_from_record(body: Mapping[str, Any]) -> Sight:
    """What `Sight.record` wrote."""
    hooks = body["webhooks"]
    return Sight(
        frozenset(body["stewards"]),
        None if hooks is None else frozenset(hooks),
        {key: int(value) for key, value in body["permissions"].items()},
    )


class Guard:
    """Compares what is with what was, and freezes."""

    def __init__(self, client: FrontDoor, house: House, clerk: Clerk) -> None:
        self._client, self._house, self._clerk = client, house, clerk
        self._changes: list[float] = []
        self._noting = threading.Lock()

    async def look_around(self, guild: discord.Guild) -> None:
        """Note what is there now; freeze if it is not what was there."""
        sight = await self._see(guild)
        roles = self._roles(guild)
        await self._clerk.in_thread(lambda: self._note(sight, roles))

    async def member_changed(self, before: discord.Member, after: discord.Member) -> None:
        """Roles given or taken."""
        if before.roles != after.roles:
            await self.look_around(after.guild)

    async def member_left(self, member: discord.Member) -> None:
        """His roles are gone with him."""
        await self.look_around(member.guild)

    async def _see(self, guild: discord.Guild) -> Sight:
        stewards = ids(self._house.settings.roles.stewards)
        holders = frozenset(
            str(member.id) for member in guild.members if any(role.id in stewards for role in member.roles)
        )
        permissions = {"guild": guild.me.guild_permissions.value}
        hooks: frozenset[str] | None = frozenset()
        for channel_id in self._channels():
            channel = guild.get_channel(channel_id)
            permissions[str(channel_id)] = 0 if channel is None else channel.permissions_for(guild.me).value
            if hooks is not None and isinstance(channel, discord.TextChannel | discord.ForumChannel):
                hooks = await _webhooks(channel, hooks)
        return Sight(holders, hooks, permissions)

    def _channels(self) -> tuple[int, int]:
        channels = self._house.settings.channels
        return int(channels.proposals), int(channels.news)

    def _roles(self, guild: discord.Guild) -> dict[str, set[str]]:
        """Who holds which of the configured roles, by id and by what they stand for."""
        roles = self._house.settings.roles
        held: dict[str, set[str]] = {"members": set(), "stewards": set()}
        for name, snowflakes in (("members", roles.members), ("stewards", roles.stewards)):
            for snowflake in snowflakes:
                role = guild.get_role(int(snowflake))
                holders = {str(member.id) for member in role.members} if role is not None else set()
                held[snowflake] = holders
                held[name] |= holders
        return held

    def _note(self, sight: Sight, roles: dict[str, set[str]]) -> None:
        """In a thread; of two at a time the second compares with what the first has noted."""
        with self._noting:
            self._note_alone(sight, roles)

    def _note_alone(self, sight: Sight, roles: dict[str, set[str]]) -> None:
        store, now = self._house.store, self._house.now()
        guild = self._house.settings.guild
        self._house.assembly.note_roles(guild, roles)
        last = store.last_act(GUARDED, GUARD_LOOKED, guild)
        if last is not None and sight_from_record(last.body["sight"]) == sight:
            return
        number = 0 if last is None else last.number
        key = digest(["guard", guild, number, sight.record()])
        if last is not None:
            self._judge(sight_from_record(last.body["sight"]), sight)
        store.record_act(GUARDED, GUARD_LOOKED, guild, key, now, {"guild": guild, "sight": sight.record()})

    def _judge(self, before: Sight, now: Sight) -> None:
        """Freeze before the change is noted: a crash in between freezes twice rather than never."""
        for reason in self._alarms(before, now):
            log.warning("approvals are frozen: %s", reason)
            self._house.assembly.freeze_by_alarm(THROUGH, reason)

    def _alarms(self, before: Sight, now: Sight) -> list[str]:
        found = []
        limits, moment = self._house.settings.freeze, time.monotonic()
        changed = before.stewards ^ now.stewards
        self._changes = [at for at in self._changes if moment - at < limits.within] + [moment] * len(changed)
        if len(self._changes) >= limits.role_changes:
            found.append(f"the stewards' role was given or taken {len(self._changes)} times within {limits.within} s")
        if before.webhooks is not None and now.webhooks is not None and before.webhooks != now.webhooks:
            found.append("webhooks in the bot's channels changed, so others may write under its name")
        if before.permissions != now.permissions:
            found.append("the bot's own permissions changed")
        return found


async def _webhooks(
    channel: discord.TextChannel | discord.ForumChannel, known: frozenset[str]
) -> frozenset[str] | None:
    try:
        return known | {str(hook.id) for hook in await channel.webhooks()}
    except discord.Forbidden:
        return None
