"""What a module may do, as one value: derived from the configuration, or rebuilt from the module's events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from dao_bot.chain.abi import Function
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput
from dao_bot.safe.roles.conditions import Flat, Node, Operator, allowance_key, calldata, flatten, one_of

NO_OPTIONS = 0
"""`ExecutionOptions.None`: no coins, no delegatecall."""


@dataclass(frozen=True, slots=True)
class Permission:
    """One function of one contract, with a condition for each argument."""

    target: Address
    function: Function
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Allowance:
    """`refill` base units come back at the end of each `period` (seconds), up to `most`."""

    most: int
    refill: int
    period: int


@dataclass(frozen=True, slots=True)
class Scope:
    """How far a function may be called: under conditions, or without any (None). `options`: coins, delegatecall."""

    conditions: tuple[Flat, ...] | None
    options: int = NO_OPTIONS


RoleKey = bytes
"""32 bytes."""


@dataclass(frozen=True, slots=True)
class Role:
    """A whole module.

    Attributes:
        owner: who may change it; `avatar` and `target`: for whom it acts.
        callers: who may call it at all.
        members: (caller, role).
        open_targets: contracts of which a role may call everything, with options.
        scoped_targets: contracts of which a role may call the `functions` that are named.
        functions: by role, contract and selector; those of contracts that are not scoped do nothing.
        allowances: by key.
        unwrappers: contracts that take batches apart, by the batch's target and selector.
        default_roles: by caller, for calls that name no role.
    """

    owner: Address
    avatar: Address
    target: Address
    callers: frozenset[Address] = frozenset()
    members: frozenset[tuple[Address, RoleKey]] = frozenset()
    open_targets: Mapping[tuple[RoleKey, Address], int] = field(default_factory=dict)
    scoped_targets: frozenset[tuple[RoleKey, Address]] = frozenset()
    functions: Mapping[tuple[RoleKey, Address, bytes], Scope] = field(default_factory=dict)
    allowances: Mapping[bytes, Allowance] = field(default_factory=dict)
    unwrappers: Mapping[tuple[Address, bytes], Address] = field(default_factory=dict)
    default_roles: Mapping[Address, RoleKey] = field(default_factory=dict)


def role_key(name: str) -> RoleKey:
    """The name in 32 bytes.

    Raises:
        BadInput: it does not fit.
    """
    raw = name.encode()
    if not 0 < len(raw) <= 32:
        raise BadInput("not a name of a role", value=name, limit="1 to 32 bytes")
    return raw.ljust(32, b"\0")


def derive(
    safe: Address,
    member: Address,
    key: RoleKey,
    permissions: Iterable[Permission],
    limits: Mapping[Address, Allowance],
    unwrapper: tuple[Address, bytes, Address],
) -> Role:
    """The smallest module with these permissions: one member, one role, nothing else.

    Args:
        limits: by token; a permission that spends a token without one cannot be granted.
        unwrapper: batch target, its selector, and what takes it apart.

    Raises:
        BadInput: a permission spends a token that has no limit, or a limit is on a token that nothing spends.
    """
    by_function: dict[tuple[Address, bytes], list[Node]] = {}
    for permission in permissions:
        found = by_function.setdefault((permission.target, permission.function.selector), [])
        found.append(calldata(permission.arguments))
    functions = {
        (key, target, selector): Scope(flatten(one_of(variants)))
        for (target, selector), variants in by_function.items()
    }
    allowances = {allowance_key(token): allowance for token, allowance in limits.items()}
    used = {
        flat[3]
        for scope in functions.values()
        for flat in scope.conditions or ()
        if flat[2] == Operator.WITHIN_ALLOWANCE
    }
    _require_limits(used, allowances)
    to, selector, adapter = unwrapper
    return Role(
        owner=safe,
        avatar=safe,
        target=safe,
        callers=frozenset({member}),
        members=frozenset({(member, key)}),
        scoped_targets=frozenset((key, target) for target, _ in by_function),
        functions=functions,
        allowances=allowances,
        unwrappers={(to, selector): adapter},
    )


def _require_limits(used: set[bytes], allowances: Mapping[bytes, Allowance]) -> None:
    for key in sorted(used - allowances.keys()):
        raise BadInput(
            "a token may be spent through the module, but nothing limits how much",
            value="0x" + key[:20].hex(),
            next_step="Give it `most` and `every` under routes.module.limits",
        )
    for key in sorted(allowances.keys() - used):
        raise BadInput(
            "a limit of the module is on a token that no strategy may spend through it",
            value="0x" + key[:20].hex(),
            next_step="Take it out of routes.module.limits, or say under `may` what a strategy does with it",
        )
