"""The Safe as it is on the chain: read, of a supported version, and compared with what it was."""

from __future__ import annotations

import re

from dao_bot.chain.abi import function
from dao_bot.chain.plan import Plan
from dao_bot.chain.safe_state import parse_safe, safe_reads
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.simulation import SafeState
from dao_bot.safe.deployments import OLDEST_VERSION

_VERSION = function("VERSION()", "(string)")
_VERSION_TEXT = re.compile(r"([0-9]{1,4})\.([0-9]{1,4})\.([0-9]{1,4})(?:[+-][0-9A-Za-z.+-]{1,20})?")
_CONTROL = ("version", "singleton", "owners", "threshold", "modules", "guard", "fallback_handler", "module_guard")


def read_safe(safe: Address) -> Plan[SafeState]:
    """A plan of one round whose result is the Safe's state.

    Raises:
        BadInput: there is no Safe at the address.
        Refused: the Safe is older than 1.3.0.
        ChainError: it answers what no Safe answers.
    """
    reads = safe_reads(safe)
    (version, *answers) = yield (_VERSION.read(safe), *reads)
    if not version.success:
        raise BadInput(
            "there is no Safe at this address on this chain",
            value=safe,
            next_step="Check treasury.safe and treasury.chain.id; a Safe has to be deployed on each chain anew",
        )
    require_supported(_VERSION.decode(version.data)[0])
    return parse_safe(safe, answers)


def parse_version(text: str) -> tuple[int, int, int]:
    """`1.4.1` or `1.3.0+L2` as numbers.

    Raises:
        BadInput: it is no version.
    """
    match = _VERSION_TEXT.fullmatch(text)
    if match is None:
        raise BadInput("the Safe does not say its version", value=repr(text[:40]), limit="such as 1.4.1")
    return int(match[1]), int(match[2]), int(match[3])


def require_supported(version: str) -> None:
    """Refuse Safes below 1.3.0.

    Raises:
        Refused: it is older.
        BadInput: it is no version.
    """
    if parse_version(version) < OLDEST_VERSION:
        raise Refused(
            "the Safe is too old: what its owners sign does not name the chain",
            value=f"version {version}",
            limit="1.3.0 or later",
            next_step="Upgrade the Safe, or move the treasury to a new one",
        )


def control_changes(before: SafeState, after: SafeState) -> tuple[str, ...]:
    """What is different in who controls the Safe, in words; the nonce does not count, nor does the owners' order."""
    found = []
    for aspect in _CONTROL:
        old, new = getattr(before, aspect), getattr(after, aspect)
        same = sorted(old) == sorted(new) if isinstance(old, tuple) else old == new
        if not same:
            found.append(f"{aspect.replace('_', ' ')} was {_text(old)}, is {_text(new)}")
    return tuple(found)


def _text(value: object) -> str:
    return (", ".join(map(str, value)) or "none") if isinstance(value, tuple) else str(value)
