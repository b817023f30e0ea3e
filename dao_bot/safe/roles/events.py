"""A module rebuilt from its events: Roles v2 does not tell its roles otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from dao_bot.chain.abi import decode
from dao_bot.chain.logs import Log
from dao_bot.domain.addresses import Address, checksum
from dao_bot.domain.errors import ChainError
from dao_bot.domain.hashing import keccak
from dao_bot.safe.roles.role import Allowance, Role, Scope

_Reader = Callable[["_Builder", tuple[Any, ...]], None]


class _Builder:
    """The module as it is so far."""

    def __init__(self) -> None:
        self.owner = self.avatar = self.target = Address("0x0000000000000000000000000000000000000000")
        self.set_up = 0
        self.callers: set[Address] = set()
        self.members: set[tuple[Address, bytes]] = set()
        self.open_targets: dict[tuple[bytes, Address], int] = {}
        self.scoped_targets: set[tuple[bytes, Address]] = set()
        self.functions: dict[tuple[bytes, Address, bytes], Scope] = {}
        self.allowances: dict[bytes, Allowance] = {}
        self.unwrappers: dict[tuple[Address, bytes], Address] = {}
        self.default_roles: dict[Address, bytes] = {}

    def started(self, values: tuple[Any, ...]) -> None:
        _, self.owner, self.avatar, self.target = values
        self.set_up += 1

    def owned(self, values: tuple[Any, ...]) -> None:
        self.owner = values[1]

    def acts_for(self, values: tuple[Any, ...]) -> None:
        self.avatar = values[1]

    def aims_at(self, values: tuple[Any, ...]) -> None:
        self.target = values[1]

    def enabled(self, values: tuple[Any, ...]) -> None:
        self.callers.add(values[0])

    def disabled(self, values: tuple[Any, ...]) -> None:
        self.callers.discard(values[0])

    def assigned(self, values: tuple[Any, ...]) -> None:
        caller, keys, belongs = values
        for key, member in zip(keys, belongs, strict=True):
            (self.members.add if member else self.members.discard)((caller, key))

    def allowed_target(self, values: tuple[Any, ...]) -> None:
        key, target, options = values
        self.open_targets[key, target] = options
        self.scoped_targets.discard((key, target))

    def scoped_target(self, values: tuple[Any, ...]) -> None:
        self.open_targets.pop(values, None)
        self.scoped_targets.add(values)

    def revoked_target(self, values: tuple[Any, ...]) -> None:
        self.open_targets.pop(values, None)
        self.scoped_targets.discard(values)

    def allowed_function(self, values: tuple[Any, ...]) -> None:
        key, target, selector, options = values
        self.functions[key, target, selector] = Scope(None, options)

    def scoped_function(self, values: tuple[Any, ...]) -> None:
        key, target, selector, conditions, options = values
        self.functions[key, target, selector] = Scope(tuple(conditions), options)

    def revoked_function(self, values: tuple[Any, ...]) -> None:
        self.functions.pop(values, None)

    def allowance(self, values: tuple[Any, ...]) -> None:
        key, _, most, refill, period, _ = values
        self.allowances[key] = Allowance(most, refill, period)

    def unwrapper(self, values: tuple[Any, ...]) -> None:
        to, selector, adapter = values
        self.unwrappers[to, selector] = adapter

    def default_role(self, values: tuple[Any, ...]) -> None:
        self.default_roles[values[0]] = values[1]

    def nothing(self, values: tuple[Any, ...]) -> None:
        """It changes nothing about what the module may do."""

    def built(self) -> Role:
        return Role(
            owner=self.owner,
            avatar=self.avatar,
            target=self.target,
            callers=frozenset(self.callers),
            members=frozenset(self.members),
            open_targets=self.open_targets,
            scoped_targets=frozenset(self.scoped_targets),
            functions={key: scope for key, scope in self.functions.items() if (key[0], key[1]) in self.scoped_targets},
            allowances={key: each for key, each in self.allowances.items() if each != Allowance(0, 0, 0)},
            unwrappers={key: each for key, each in self.unwrappers.items() if int(each, 16)},
            default_roles={key: each for key, each in self.default_roles.items() if any(each)},
        )


_CONDITIONS = "(uint8,uint8,uint8,bytes)[]"
_EVENTS: tuple[tuple[str, tuple[str, ...], int, _Reader], ...] = (
    # name, types, how many of them are topics
    ("RolesModSetup", ("address", "address", "address", "address"), 3, _Builder.started),
    ("OwnershipTransferred", ("address", "address"), 2, _Builder.owned),
    ("AvatarSet", ("address", "address"), 2, _Builder.acts_for),
    ("TargetSet", ("address", "address"), 2, _Builder.aims_at),
    ("EnabledModule", ("address",), 0, _Builder.enabled),
    ("DisabledModule", ("address",), 0, _Builder.disabled),
    ("AssignRoles", ("address", "bytes32[]", "bool[]"), 0, _Builder.assigned),
    ("AllowTarget", ("bytes32", "address", "uint8"), 0, _Builder.allowed_target),
    ("ScopeTarget", ("bytes32", "address"), 0, _Builder.scoped_target),
    ("RevokeTarget", ("bytes32", "address"), 0, _Builder.revoked_target),
    ("AllowFunction", ("bytes32", "address", "bytes4", "uint8"), 0, _Builder.allowed_function),
    ("ScopeFunction", ("bytes32", "address", "bytes4", _CONDITIONS, "uint8"), 0, _Builder.scoped_function),
    ("RevokeFunction", ("bytes32", "address", "bytes4"), 0, _Builder.revoked_function),
    ("SetAllowance", ("bytes32", "uint128", "uint128", "uint128", "uint64", "uint64"), 0, _Builder.allowance),
    ("SetUnwrapAdapter", ("address", "bytes4", "address"), 0, _Builder.unwrapper),
    ("SetDefaultRole", ("address", "bytes32"), 0, _Builder.default_role),
    ("Initialized", ("uint8",), 0, _Builder.nothing),
    ("ConsumeAllowance", ("bytes32", "uint128", "uint128"), 0, _Builder.nothing),
    ("HashExecuted", ("bytes32",), 0, _Builder.nothing),
    ("HashInvalidated", ("bytes32",), 0, _Builder.nothing),
    ("ExecutionFromModuleSuccess", ("address",), 1, _Builder.nothing),
    ("ExecutionFromModuleFailure", ("address",), 1, _Builder.nothing),
)
_BY_TOPIC = {
    keccak(f"{name}({','.join(types)})".encode()): (types, count, read) for name, types, count, read in _EVENTS
}


def replay(logs: Iterable[Log]) -> Role:
    """The module after all of its events, oldest first.

    Raises:
        ChainError: the events do not begin with its set-up, or one is not known: then it may be able to do anything.
    """
    builder = _Builder()
    for log in logs:
        known = _BY_TOPIC.get(log.topics[0]) if log.topics else None
        if known is None or len(log.topics) != known[1] + 1:
            raise ChainError(
                "the Roles module has an event that is not known here, so what it may do cannot be told",
                value="0x" + (log.topics[0].hex() if log.topics else ""),
                next_step="Check that routes.module.roles is a Zodiac Roles v2 module",
            )
        types, count, read = known
        try:
            values = tuple(checksum(topic[12:]) for topic in log.topics[1:]) + decode(types[count:], log.data)
        except ValueError as error:
            raise ChainError(
                "an event of the Roles module does not decode", value="0x" + log.data[:68].hex()
            ) from error
        read(builder, values)
    if builder.set_up != 1:
        raise ChainError(
            "the events of the Roles module do not hold its set-up, so older ones may be missing",
            value=f"{builder.set_up} set-ups",
            limit=1,
            next_step="Set routes.module.from_block to the block in which the module was created, or earlier",
        )
    return builder.built()
