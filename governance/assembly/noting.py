"""What front doors tell of their own world: who has which role."""

from __future__ import annotations

from collections.abc import Mapping, Set

from dao_bot.domain.errors import BadInput
from governance.acts.kinds import ROLES, ROLES_NOTED
from governance.assembly.hall import Part, key_of
from governance.wallets.person import Person

LONGEST_ROLE = 100
MOST_HOLDERS = 100_000


class Noting(Part):
    """Votes by role count those who had it when the vote began, as the guild's front door noted it last before."""

    def note_roles(self, guild: str, roles: Mapping[str, Set[str]]) -> bool:
        """All roles of a guild that count, with the ids of their holders; whether something changed since the last.

        A role that is left out, or was deleted, has nobody.

        Raises:
            BadInput: a name or an id that cannot be one; nothing was recorded.
        """
        held = {role: sorted(Person(guild, user).user for user in users) for role, users in sorted(roles.items())}
        for role, users in held.items():
            if not 0 < len(role) <= LONGEST_ROLE or not role.isprintable() or len(users) > MOST_HOLDERS:
                raise BadInput(
                    "not a role to be noted",
                    value=f"{ascii(role)[:80]} with {len(users)} holders",
                    limit=f"a name of up to {LONGEST_ROLE} characters, up to {MOST_HOLDERS} holders",
                )
        store, now = self._hall.store, self._hall.clock.now()
        with store.transaction("note_roles"):
            last = store.last_act(ROLES, ROLES_NOTED, guild)
            if last is not None and last.body["roles"] == held:
                return False
            key = key_of("roles", guild, 0 if last is None else last.number)
            store.record_act(ROLES, ROLES_NOTED, guild, key, now, {"guild": guild, "roles": held})
        return True
