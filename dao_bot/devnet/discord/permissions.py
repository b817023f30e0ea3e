"""Permission bits and how they are computed: `topics/permissions`."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dao_bot.devnet.discord.model import Member, Overwrite, Role


class Permission(enum.IntFlag):
    """`topics/permissions#permissions-bitwise-permission-flags`."""

    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    VIEW_AUDIT_LOG = 1 << 7
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    MANAGE_ROLES = 1 << 28
    MANAGE_WEBHOOKS = 1 << 29
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    SEND_MESSAGES_IN_THREADS = 1 << 38


NOTHING = Permission(0)
ALL = Permission(sum(Permission))

MEMBER = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.READ_MESSAGE_HISTORY
    | Permission.USE_APPLICATION_COMMANDS
)
"""What @everyone may do here."""

GOVERNANCE_BOT = (
    Permission.VIEW_CHANNEL
    | Permission.SEND_MESSAGES
    | Permission.EMBED_LINKS
    | Permission.ATTACH_FILES
    | Permission.READ_MESSAGE_HISTORY
    | Permission.CREATE_PUBLIC_THREADS
    | Permission.SEND_MESSAGES_IN_THREADS
    | Permission.MANAGE_WEBHOOKS
)
"""What docs/governance/discord.md asks for."""


def permissions_of(
    member: Member, owner_id: str, everyone: Role, roles: Iterable[Role], overwrites: Sequence[Overwrite] = ()
) -> Permission:
    """What `member` may do; in a channel, with its overwrites (a thread has its parent's)."""
    held = [role for role in roles if role.id in member.roles]
    granted = everyone.permissions.value
    for role in held:
        granted |= role.permissions.value
    if member.user.id == owner_id or granted & Permission.ADMINISTRATOR.value:
        return ALL
    if overwrites:
        by_id = {overwrite.id: overwrite for overwrite in overwrites}
        granted = _apply(granted, [by_id.get(everyone.id)])
        granted = _apply(granted, [by_id.get(role.id) for role in held])
        granted = _apply(granted, [by_id.get(member.user.id)])
    return Permission(granted)


def _apply(granted: int, overwrites: Iterable[Overwrite | None]) -> int:
    """All denials of one level, then all allowances of it. Of numbers: arithmetic with flags is slow."""
    present = [overwrite for overwrite in overwrites if overwrite is not None]
    for overwrite in present:
        granted &= ~overwrite.deny.value
    for overwrite in present:
        granted |= overwrite.allow.value
    return granted
