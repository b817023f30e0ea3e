"""A person as the place where people meet knows them: a user of a guild."""

from __future__ import annotations

import re
from dataclasses import dataclass

from dao_bot.domain.errors import BadInput

_ID = re.compile(r"[A-Za-z0-9_.\-]{1,64}")


@dataclass(frozen=True, slots=True, order=True)
class Person:
    """Stable ids, never names: a name can be changed, and can hold markup.

    Raises:
        BadInput: an id is empty, too long, or has characters that do not belong into a signed statement.
    """

    guild: str
    user: str

    def __post_init__(self) -> None:
        for what, value in (("guild", self.guild), ("user", self.user)):
            if not _ID.fullmatch(value):
                raise BadInput(f"not the id of a {what}", value=repr(value)[:80], limit="1 to 64 of A-Z a-z 0-9 _ . -")

    def __str__(self) -> str:
        return f"user {self.user} of guild {self.guild}"
