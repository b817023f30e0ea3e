"""Strict reading of the two hex forms of JSON-RPC: quantities and data (Ethereum execution-apis, "hex encoding")."""

from __future__ import annotations

import re

from dao_bot.domain.addresses import Address, checksum
from dao_bot.domain.errors import RpcUnavailable

_QUANTITY = re.compile(r"0x(?:0|[1-9a-fA-F][0-9a-fA-F]{0,63})\Z")
_SHOWN = 80


def nonsense(what: str, value: object, limit: str) -> RpcUnavailable:
    """The error for an answer that is not what the method returns. `what` names the field and the node."""
    shown = repr(value)
    return RpcUnavailable(
        f"a node answered nonsense for {what}",
        value=shown if len(shown) <= _SHOWN else shown[:_SHOWN] + "…",
        limit=limit,
        next_step="Use another node; this one is broken, or something stands in between",
    )


def quantity(value: object, what: str) -> int:
    """A non-negative integer below 2**256: `0x`, no leading zeros, `0x0` for zero.

    Raises:
        RpcUnavailable: for anything else.
    """
    if not isinstance(value, str) or not _QUANTITY.match(value):
        raise nonsense(what, value, "a 0x quantity without leading zeros, below 2**256")
    return int(value, 16)


def data(value: object, what: str, length: int | None = None) -> bytes:
    """Bytes: `0x` and two digits for each; exactly `length` of them where it is given.

    Raises:
        RpcUnavailable: for anything else.
    """
    if isinstance(value, str) and value[:2] == "0x":
        try:
            decoded = bytes.fromhex(value[2:])
        except ValueError:
            decoded = None
        # bytes.fromhex skips white space; then the lengths do not agree.
        if decoded is not None and 2 * len(decoded) + 2 == len(value) and length in (None, len(decoded)):
            return decoded
    raise nonsense(what, value, "0x data" if length is None else f"0x data of {length} bytes")


def hash32(value: object, what: str) -> str:
    """A 32-byte hash in lowercase 0x-hex."""
    return "0x" + data(value, what, 32).hex()


def address(value: object, what: str) -> Address:
    """A 20-byte address, checksummed here because nodes answer in lowercase."""
    return checksum(data(value, what, 20))


def to_quantity(number: int) -> str:
    """`number` as a quantity."""
    return hex(number)


def to_data(raw: bytes) -> str:
    """`raw` as data."""
    return "0x" + raw.hex()
