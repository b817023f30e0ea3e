"""Conditions on the arguments of a call, as a tree, and flat as Roles v2 takes them (zodiac-roles, `Types.sol`)."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from dataclasses import dataclass

from dao_bot.chain.abi import encode
from dao_bot.domain.addresses import Address, address_bytes

Flat = tuple[int, int, int, bytes]
"""`ConditionFlat`: index of the parent, type, operator, comparison value."""


class Kind(enum.IntEnum):
    """`AbiType`: of what a condition speaks. NONE is for operators that only join others."""

    NONE = 0
    STATIC = 1
    DYNAMIC = 2
    TUPLE = 3
    ARRAY = 4
    CALLDATA = 5


class Operator(enum.IntEnum):
    """Those that this program writes; what others wrote is compared by number."""

    PASS = 0
    OR = 2
    MATCHES = 5
    EQUAL_TO_AVATAR = 15
    EQUAL_TO = 16
    CUSTOM = 22
    WITHIN_ALLOWANCE = 28


@dataclass(frozen=True, slots=True)
class Node:
    """One condition with those below it."""

    kind: Kind
    operator: Operator
    value: bytes = b""
    children: tuple[Node, ...] = ()


ANYTHING = Node(Kind.STATIC, Operator.PASS)
"""Any word: what cannot hurt, or what no condition can hold (a minimum output)."""

THE_SAFE = Node(Kind.STATIC, Operator.EQUAL_TO_AVATAR)
"""The address of the Safe itself."""

EMPTY_LIST = Node(Kind.ARRAY, Operator.EQUAL_TO, encode(("bytes[]",), ([],)), (Node(Kind.DYNAMIC, Operator.PASS),))
"""No element of a `bytes[]`."""


def equal(kind: str, value: object) -> Node:
    """Exactly this value of a Solidity type."""
    return Node(
        Kind.DYNAMIC if kind in ("bytes", "string") else Kind.STATIC, Operator.EQUAL_TO, encode((kind,), (value,))
    )


def within(token: Address) -> Node:
    """At most what is left of the token's allowance, which it uses up."""
    return Node(Kind.STATIC, Operator.WITHIN_ALLOWANCE, allowance_key(token))


def custom(adapter: Address) -> Node:
    """Whatever a contract (`ICustomCondition`) says of the value."""
    return Node(Kind.STATIC, Operator.CUSTOM, address_bytes(adapter).ljust(32, b"\0"))


def structure(*fields: Node) -> Node:
    """A tuple, field by field."""
    return Node(Kind.TUPLE, Operator.MATCHES, b"", fields)


def one_of(nodes: Sequence[Node]) -> Node:
    """Any of them; one alone is itself. They are put in order, so that the same ones are the same condition."""
    distinct = sorted(set(nodes), key=flatten)
    return distinct[0] if len(distinct) == 1 else Node(Kind.NONE, Operator.OR, b"", tuple(distinct))


def calldata(arguments: Sequence[Node]) -> Node:
    """The arguments of a function."""
    return Node(Kind.CALLDATA, Operator.MATCHES, b"", tuple(arguments))


def flatten(root: Node) -> tuple[Flat, ...]:
    """Breadth first, as `Integrity.enforce` demands; the root is its own parent."""
    flat: list[Flat] = []
    waiting = [(0, root)]
    while waiting:
        following: list[tuple[int, Node]] = []
        for parent, node in waiting:
            index = len(flat)
            flat.append((parent, int(node.kind), int(node.operator), node.value))
            following += [(index, child) for child in node.children]
        waiting = following
    return tuple(flat)


def allowance_key(token: Address) -> bytes:
    """One for a token, whatever functions move it: its address, then zeros."""
    return address_bytes(token).ljust(32, b"\0")
