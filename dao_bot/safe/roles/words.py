"""A role in words: what people read before they give it to a module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from dao_bot.domain.addresses import Address, checksum
from dao_bot.safe.roles.changes import Name
from dao_bot.safe.roles.conditions import Flat, Kind, Operator
from dao_bot.safe.roles.role import Role

_ZEROS = 12
"""Before an address in its word."""

_ADDRESS, _HOP = 20, 23
"""Bytes of an address; and of one with the fee (uint24) behind it, as Uniswap v3 packs a path."""

_LARGEST_NUMBER = 2**64
"""Fees, ids and limits of prices stay below."""


@dataclass(frozen=True, slots=True)
class Way:
    """One way in which a function may be called.

    Attributes:
        arguments: what each of them may be, in words.
        tokens: those of whose allowances it takes.
    """

    target: Address
    function: str
    arguments: tuple[str, ...]
    tokens: tuple[Address, ...]


def ways(role: Role, names: Mapping[bytes, str], name: Name) -> Iterator[Way]:
    """Every function, and each way in which it may be called.

    Args:
        names: signatures by selector, where they are known.
    """
    for (_, target, selector), scope in sorted(role.functions.items(), key=repr):
        function = names.get(selector, f"0x{selector.hex()}").partition("(")[0]
        flat = scope.conditions
        if flat is None:
            yield Way(target, function, ("anything",), ())
            continue
        for root in _children(flat, 0) if flat[0][2] == Operator.OR else [0]:
            arguments = tuple(_text(flat, child, name) for child in _children(flat, root))
            yield Way(target, function, arguments, tuple(dict.fromkeys(_tokens(flat, root))))


def _tokens(flat: tuple[Flat, ...], index: int) -> Iterator[Address]:
    _, _, operator, value = flat[index]
    if operator == Operator.WITHIN_ALLOWANCE:
        yield checksum(value[:20])
    for child in _children(flat, index):
        yield from _tokens(flat, child)


def _children(flat: tuple[Flat, ...], parent: int) -> list[int]:
    return [index for index, each in enumerate(flat) if index and each[0] == parent]


def _text(flat: tuple[Flat, ...], index: int, name: Name) -> str:
    _, kind, operator, value = flat[index]
    below = [_text(flat, child, name) for child in _children(flat, index)]
    if operator == Operator.OR:
        return f"one of [{' | '.join(below)}]"
    if kind == Kind.TUPLE:
        return f"({', '.join(below)})"
    match operator:
        case Operator.EQUAL_TO:
            return _value(kind, value, name)
        case Operator.WITHIN_ALLOWANCE:
            return f"within the allowance of {name(checksum(value[:20]))}"
        case Operator.CUSTOM:
            return f"as {name(checksum(value[:20]))} says"
        case Operator.PASS:
            return "any"
        case Operator.EQUAL_TO_AVATAR:
            return "the Safe"
    return f"condition {operator}"


def _path(content: bytes, name: Name) -> str | None:
    """A path through pools (token, fee, token, …), if it can be one and every token has a name."""
    if len(content) < _ADDRESS + _HOP or len(content) % _HOP != _ADDRESS:
        return None
    tokens = [checksum(content[start : start + _ADDRESS]) for start in range(0, len(content), _HOP)]
    fees = [int.from_bytes(content[start - 3 : start], "big") for start in range(_HOP, len(content), _HOP)]
    if any(name(token) == token for token in tokens):
        return None
    return name(tokens[0]) + "".join(f" ▸ {fee} ▸ {name(token)}" for fee, token in zip(fees, tokens[1:], strict=True))


def _value(kind: int, value: bytes, name: Name) -> str:
    """An address where it has a name or can be nothing else, or a number; what has a length as bytes."""
    if kind == Kind.ARRAY:
        return "nothing" if not any(value[32:]) else "0x" + value.hex()
    if kind == Kind.DYNAMIC:
        length = int.from_bytes(value[32:64], "big")
        content = value[64 : 64 + length]
        return _path(content, name) or "0x" + content.hex()
    number, address = int.from_bytes(value, "big"), checksum(value[_ZEROS:])
    return name(address) if number >= _LARGEST_NUMBER or name(address) != address else str(number)
