"""Who is acting, as the front door that let him in says."""

from __future__ import annotations

from dataclasses import dataclass, field

from governance.wallets.person import Person

STEWARD = "steward"
"""The role that a front door gives to those whom its own settings name as stewards; unset means nobody."""


@dataclass(frozen=True, slots=True)
class Identity:
    """A person whom a front door has authenticated, with the roles that he has there now.

    A chat account can be stolen. So a steward who acts through one needs the role there and a linked steward's wallet;
    and what a wallet signs is never believed because of an identity, only because of the signature.

    Attributes:
        through: name of the front door, for people to read: `discord`, `web`.
    """

    person: Person
    roles: frozenset[str] = field(default_factory=frozenset)
    through: str = "chat"
