"""Addresses: checksummed once at the edge (EIP-55), then compared as plain strings."""

from __future__ import annotations

import re
from typing import NewType

from dao_bot.domain.errors import BadInput
from dao_bot.domain.hashing import keccak

Address = NewType("Address", str)
"""A checksummed 20-byte address, `0x` and 40 hex digits."""

ZERO_ADDRESS = Address("0x" + "0" * 40)
_HEX40 = re.compile(r"^0x[0-9a-fA-F]{40}$")


def checksum(raw: str | bytes) -> Address:
    """EIP-55 form of an address whose spelling carries no information (an RPC answer, 20 raw bytes)."""
    digits = raw.hex() if isinstance(raw, bytes) else raw[2:].lower()
    if len(digits) != 40:
        raise BadInput("not an address", value=repr(raw), limit="20 bytes")
    digest = keccak(digits.encode()).hex()
    return Address("0x" + "".join(c.upper() if int(digest[i], 16) >= 8 else c for i, c in enumerate(digits)))


def parse_address(text: str) -> Address:
    """An address that a person wrote: mixed case must be its EIP-55 checksum; one case is accepted."""
    if not isinstance(text, str) or not _HEX40.match(text):
        raise BadInput("not an address", value=repr(text), limit="0x and 40 hex digits", next_step="Quote it in YAML")
    correct = checksum(text)
    digits = text[2:]
    if digits not in (digits.lower(), digits.upper()) and text != correct:
        raise BadInput(
            "the address has a wrong checksum, so at least one character is wrong",
            value=text,
            next_step="Copy it again from its source; do not just correct the case",
        )
    return correct


def address_bytes(address: str) -> bytes:
    """The 20 bytes."""
    return bytes.fromhex(address[2:])
