"""A role in words: what people read before they give it to a module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from dao_bot.domain.addresses import checksum
from dao_bot.safe.roles.changes import Name
from dao_bot.safe.roles.conditions import Flat, Kind, Operator
from dao_bot.safe.roles.role import Role, Scope

_ZEROS = 12
"""Before an address in its word."""

_LARGEST_NUMBER = 2**64
"""Fees, ids and limits of prices stay below."""


def function_lines(role: Role, names: Mapping[bytes, str], name: Name) -> Iterator[str]:
    """One line for each function and each way in which it may be called.

    Args:
        names: signatures by selector, where they are known.
    """
    for (_, target, selector), scope in sorted(role.functions.items(), key=repr):
        function = names.get(selector, f"0x{selector.hex()}").partition("(")[0]
        for arguments in _variants(scope, name):
            yield f"{name(target)}: {function}({arguments})"


def _variants(scope: Scope, name: Name) -> Iterator[str]:
    if scope.conditions is None:
        yield "anything"
        return
    flat = scope.conditions
    roots = _children(flat, 0) if flat[0][2] == Operator.OR else [0]
    for root in roots:
        yield ", ".join(_text(flat, child, name) for child in _children(flat, root))


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


def _value(kind: int, value: bytes, name: Name) -> str:
    """An address where it has a name or can be nothing else, or a number; what has a length as bytes."""
    if kind == Kind.ARRAY:
        return "nothing" if not any(value[32:]) else "0x" + value.hex()
    if kind == Kind.DYNAMIC:
        length = int.from_bytes(value[32:64], "big")
        return "0x" + value[64 : 64 + length].hex()
    number, address = int.from_bytes(value, "big"), checksum(value[_ZEROS:])
    return name(address) if number >= _LARGEST_NUMBER or name(address) != address else str(number)
