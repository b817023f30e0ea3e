"""From one module to another: the differences in words, and the calls of its owner that remove them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

from dao_bot.domain.addresses import Address, checksum
from dao_bot.domain.calls import Call
from dao_bot.safe.roles.contract import (
    ASSIGN_ROLES,
    DISABLE_MODULE,
    FIRST_MODULE,
    REVOKE_FUNCTION,
    REVOKE_TARGET,
    SCOPE_FUNCTION,
    SCOPE_TARGET,
    SET_ALLOWANCE,
    SET_DEFAULT_ROLE,
    SET_UNWRAPPER,
)
from dao_bot.safe.roles.role import Allowance, Role

Name = Callable[[str], str]
"""How people call an address."""

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")
_NOTHING = Allowance(0, 0, 0)
_ZERO = Address("0x0000000000000000000000000000000000000000")


def differences(actual: Role, wanted: Role, name: Name) -> tuple[str, ...]:
    """Everything in which the module on the chain is not the derived one; empty when it is exactly that."""
    return tuple(_differences(actual, wanted, name))


def _differences(actual: Role, wanted: Role, name: Name) -> Iterator[str]:
    for aspect in ("owner", "avatar", "target"):
        there, here = getattr(actual, aspect), getattr(wanted, aspect)
        if there != here:
            yield f"its {aspect} is {name(there)}, not {name(here)}"
    yield from _people(actual, wanted, name)
    yield from _contracts(actual, wanted, name)
    for (key, target, selector), scope, derived in _compared(actual.functions, wanted.functions):
        what = f"function 0x{selector.hex()} of {name(target)} by the role {_text(key)}"
        yield f"{what}: {_kind(scope, derived, 'its conditions are others')}"
    for allowance, before, after in _compared(actual.allowances, wanted.allowances):
        what = f"allowance of {name(checksum(allowance[:20]))}"
        yield f"{what}: {_kind(before, after, f'it is {_amount(before)}, not {_amount(after)}')}"


def _people(actual: Role, wanted: Role, name: Name) -> Iterator[str]:
    for caller in sorted(actual.callers - wanted.callers):
        yield f"{name(caller)} may call it, and should not"
    for caller in sorted(wanted.callers - actual.callers):
        yield f"{name(caller)} may not call it"
    for caller, key in sorted(actual.members - wanted.members):
        yield f"{name(caller)} is a member of the role {_text(key)}, and should not be"
    for caller, key in sorted(wanted.members - actual.members):
        yield f"{name(caller)} is no member of the role {_text(key)}"
    for caller, first, second in _compared(actual.default_roles, wanted.default_roles):
        yield f"default role of {name(caller)}: {_kind(first, second, 'it is another')}"


def _contracts(actual: Role, wanted: Role, name: Name) -> Iterator[str]:
    for key, target in sorted(actual.open_targets):
        yield f"the role {_text(key)} may call every function of {name(target)}"
    for key, target in sorted(actual.scoped_targets - wanted.scoped_targets):
        yield f"the role {_text(key)} may call functions of {name(target)}, and should not"
    for key, target in sorted(wanted.scoped_targets - actual.scoped_targets):
        yield f"the role {_text(key)} may not call functions of {name(target)}"
    for (to, selector), old, new in _compared(actual.unwrappers, wanted.unwrappers):
        yield f"batches of {name(to)} 0x{selector.hex()}: {_kind(old, new, 'another contract takes them apart')}"


def changes(actual: Role, wanted: Role, module: Address, callers: Sequence[Address]) -> tuple[Call, ...]:
    """Calls of the module's owner after which it is exactly the wanted one; what takes rights away stands first.

    An allowance that is set begins full, and is refilled at multiples of its period since 1970. Owner, avatar and
    target are not changed: a module of another Safe is not mended but replaced.

    Args:
        callers: in the order in which the module lists them.
    """
    return tuple(Call(module, data) for data in (*_taken(actual, wanted, callers), *_given(actual, wanted)))


def _taken(actual: Role, wanted: Role, callers: Sequence[Address]) -> Iterator[bytes]:
    before = FIRST_MODULE
    for caller in callers:
        if caller in wanted.callers:
            before = caller
        else:
            yield DISABLE_MODULE.encode(before, caller)
    for caller, key in sorted(actual.members - wanted.members):
        yield ASSIGN_ROLES.encode(caller, [key], [False])
    revoked = sorted({*actual.open_targets, *(actual.scoped_targets - wanted.scoped_targets)})
    for key, target in revoked:
        yield REVOKE_TARGET.encode(key, target)
    for key, target, selector in sorted(actual.functions.keys() - wanted.functions.keys()):
        yield REVOKE_FUNCTION.encode(key, target, selector)
    for allowance in sorted(actual.allowances.keys() - wanted.allowances.keys()):
        yield SET_ALLOWANCE.encode(allowance, 0, 0, 0, 0, 0)
    for to, selector in sorted(actual.unwrappers.keys() - wanted.unwrappers.keys()):
        yield SET_UNWRAPPER.encode(to, selector, _ZERO)
    for caller in sorted(actual.default_roles.keys() - wanted.default_roles.keys()):
        yield SET_DEFAULT_ROLE.encode(caller, bytes(32))


def _given(actual: Role, wanted: Role) -> Iterator[bytes]:
    for allowance, there, here in _compared(actual.allowances, wanted.allowances):
        if here is not None and there != here:
            yield SET_ALLOWANCE.encode(allowance, here.most, here.most, here.refill, here.period, here.period)
    for key, target in sorted(wanted.scoped_targets - actual.scoped_targets):
        yield SCOPE_TARGET.encode(key, target)
    for (key, target, selector), _, scope in _compared(actual.functions, wanted.functions):
        if scope is not None and scope.conditions is not None:
            yield SCOPE_FUNCTION.encode(key, target, selector, list(scope.conditions), scope.options)
    for (to, selector), _, adapter in _compared(actual.unwrappers, wanted.unwrappers):
        if adapter is not None:
            yield SET_UNWRAPPER.encode(to, selector, adapter)
    for caller, key in sorted(wanted.members):
        if caller not in actual.callers or (caller, key) not in actual.members:
            yield ASSIGN_ROLES.encode(caller, [key], [True])


def _compared(
    actual: Mapping[_Key, _Value], wanted: Mapping[_Key, _Value]
) -> Iterator[tuple[_Key, _Value | None, _Value | None]]:
    """What differs, by key in order."""
    for key in sorted({*actual, *wanted}, key=repr):
        there, here = actual.get(key), wanted.get(key)
        if there != here:
            yield key, there, here


def _kind(there: object, here: object, otherwise: str) -> str:
    if there is None:
        return "it is missing"
    return "it should not be there" if here is None else otherwise


def _amount(allowance: Allowance | None) -> str:
    each = allowance or _NOTHING
    return f"{each.most} base units, {each.refill} back every {each.period} s"


def _text(key: bytes) -> str:
    name = key.rstrip(b"\0").decode("ascii", errors="replace")
    return name if name.isprintable() and name else f"0x{key.hex()}"
