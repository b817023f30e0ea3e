"""The packed format in which MultiSendCallOnly takes a batch of calls, encoded exactly and decoded strictly."""

from __future__ import annotations

from collections.abc import Iterable

from dao_bot.domain.addresses import address_bytes, checksum
from dao_bot.domain.calls import Call
from dao_bot.domain.errors import BadInput

MULTI_SEND_SELECTOR = bytes.fromhex("8d80ff0a")
"""`multiSend(bytes)`."""

_HEADER = 1 + 20 + 32 + 32
_WORD = 32


def encode_multi_send(calls: Iterable[Call]) -> bytes:
    """Calldata of `multiSend(bytes transactions)` for plain calls in order (Safe contracts, MultiSendCallOnly.sol).

    Each call is packed as operation (1 byte, 0), to (20), value (32), data length (32), data.
    """
    packed = b"".join(
        b"\0" + address_bytes(call.to) + call.value.to_bytes(32, "big") + len(call.data).to_bytes(32, "big") + call.data
        for call in calls
    )
    padding = b"\0" * (-len(packed) % _WORD)
    return MULTI_SEND_SELECTOR + _WORD.to_bytes(32, "big") + len(packed).to_bytes(32, "big") + packed + padding


def decode_multi_send(calldata: bytes) -> tuple[Call, ...]:
    """The calls of a batch, from its bytes.

    Strict: what this accepts is what `encode_multi_send` would have written, byte for byte. So nothing can hide in an
    unusual offset, in padding or behind the last call, and no inner call is a delegatecall.

    Raises:
        BadInput: for any other bytes.
    """
    if calldata[:4] != MULTI_SEND_SELECTOR:
        raise BadInput("not a MultiSend batch", value=f"selector 0x{calldata[:4].hex()}", limit="multiSend(bytes)")
    head = 4 + 2 * _WORD
    if len(calldata) < head:
        raise BadInput("the batch is cut off", value=f"{len(calldata)} bytes", limit=f"at least {head}")
    offset = int.from_bytes(calldata[4 : 4 + _WORD], "big")
    length = int.from_bytes(calldata[4 + _WORD : head], "big")
    if offset != _WORD:
        raise BadInput("the batch has an unusual offset", value=offset, limit=_WORD)
    if len(calldata) != head + length + (-length % _WORD):
        raise BadInput(
            "the batch does not end where it says it does",
            value=f"{len(calldata) - head} bytes",
            limit=f"{length} bytes, padded with zeros to a multiple of {_WORD}",
        )
    packed, padding = calldata[head : head + length], calldata[head + length :]
    if any(padding):
        raise BadInput("the batch has bytes in its padding", value="0x" + padding.hex(), limit="zeros")
    return _unpack(packed)


def _unpack(packed: bytes) -> tuple[Call, ...]:
    calls: list[Call] = []
    position = 0
    while position < len(packed):
        if len(packed) - position < _HEADER:
            raise BadInput(f"call {len(calls) + 1} of the batch is cut off", value=f"{len(packed) - position} bytes")
        operation = packed[position]
        if operation != 0:
            raise BadInput(
                f"call {len(calls) + 1} of the batch is not a plain call",
                value=f"operation {operation}",
                limit="0 (a call; a delegatecall would give the treasury away)",
            )
        target = checksum(packed[position + 1 : position + 21])
        value = int.from_bytes(packed[position + 21 : position + 53], "big")
        size = int.from_bytes(packed[position + 53 : position + _HEADER], "big")
        position += _HEADER
        if size > len(packed) - position:
            raise BadInput(
                f"call {len(calls) + 1} of the batch is cut off",
                value=f"{len(packed) - position} bytes of calldata",
                limit=f"{size}",
            )
        calls.append(Call(target, packed[position : position + size], value))
        position += size
    return tuple(calls)
