"""What callers hand in, checked before it becomes a row: both databases then accept or refuse the same."""

from __future__ import annotations

import re

from dao_bot.domain.errors import BadInput

LARGEST = 2**63 - 1
LONGEST_NAME = 200
_HASH = re.compile(r"^0x[0-9a-f]{64}$")


def whole(name: str, value: int) -> int:
    """A count, nonce or epoch second that a signed 64-bit column holds."""
    if type(value) is not int or not 0 <= value <= LARGEST:
        raise BadInput(f"{name} is not a whole number that can be stored", value=repr(value), limit=f"0 to {LARGEST}")
    return value


def name_of(what: str, value: str) -> str:
    """A name of a strategy, a keeper, a lease or an event's kind: short and printable, so also free of NUL."""
    if not isinstance(value, str) or not 0 < len(value) <= LONGEST_NAME or not value.isprintable():
        raise BadInput(
            f"not a name of a {what}", value=repr(value)[:80], limit=f"1 to {LONGEST_NAME} printable characters"
        )
    return value


def hash_of(what: str, value: str) -> str:
    """A 32-byte hash as 0x and 64 lower-case hex digits."""
    lowered = value.lower() if isinstance(value, str) else ""
    if not _HASH.match(lowered):
        raise BadInput(f"not a hash of a {what}", value=repr(value)[:80], limit="0x and 64 hex digits")
    return lowered
