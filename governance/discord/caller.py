"""Who pressed or typed something, as Discord says at that moment."""

from __future__ import annotations

from dataclasses import dataclass

import discord

from dao_bot.domain.errors import Refused
from governance.assembly import Identity
from governance.discord.house import House, ids


@dataclass(frozen=True, slots=True)
class Caller:
    """A member of the guild.

    Attributes:
        roles: ids.
        key: identity of what was done, the same when Discord tells of it again.
    """

    user: int
    name: str
    roles: frozenset[int]
    key: str

    def identity(self, house: House) -> Identity:
        """For acts that the assembly itself holds to a steward's wallet."""
        return house.identity(self.user, self.roles)

    def member(self, house: House) -> Identity:
        """For acts of members.

        Raises:
            Refused: he has none of the roles that the config names; where it names none, nobody has.
        """
        self.require_any(house, house.settings.roles.members, "members")
        return self.identity(house)

    def reader(self, house: House) -> Identity:
        """For whoever may look: members and stewards.

        Raises:
            Refused: he is neither.
        """
        roles = house.settings.roles
        self.require_any(house, (*roles.members, *roles.stewards), "members or stewards")
        return self.identity(house)

    def may_read(self, house: House) -> bool:
        """Whether he may look."""
        roles = house.settings.roles
        return bool(self.roles & ids((*roles.members, *roles.stewards)))

    def require_any(self, house: House, allowed: tuple[str, ...], who: str) -> None:
        """Refuse who has none of these roles."""
        if not self.roles & ids(allowed):
            raise Refused(
                f"this is for {who}",
                limit=f"the roles that the treasury's configuration names ({len(allowed)} of them)",
                next_step="Ask whoever runs this server for the role" if allowed else "None is configured: nobody may",
            )


def caller_of(interaction: discord.Interaction) -> Caller:
    """From the interaction itself, so without a question to Discord or a cache."""
    user = interaction.user
    roles = frozenset(role.id for role in user.roles) if isinstance(user, discord.Member) else frozenset()
    return Caller(user.id, user.name, roles, str(interaction.id))
