"""Who controls a Safe, read in one round: at a pinned block, or inside a simulation after a batch."""

from __future__ import annotations

from collections.abc import Sequence

from dao_bot.chain.abi import function
from dao_bot.chain.plan import Answer, Read
from dao_bot.domain.addresses import ZERO_ADDRESS, Address, checksum
from dao_bot.domain.errors import ChainError
from dao_bot.domain.simulation import SafeState

GUARD_SLOT = 0x4A204F620C8C5CCDCA3FD54D003BADD85BA500436A431F0CBDA4F558C93C34C8
"""keccak256("guard_manager.guard.address")."""

FALLBACK_HANDLER_SLOT = 0x6C9A6C4A39284E37ED1CF53D337577D14212A4870FB976A4366C693B939918D5
"""keccak256("fallback_manager.handler.address")."""

MODULE_GUARD_SLOT = 0xB104E0B93118902C651344349B610029D694CFDEC91C589C91EBAFBCD0289947
"""keccak256("module_manager.module_guard.address"); Safe 1.5.0 and later, unset before."""

SINGLETON_SLOT = 0
"""Storage slot of the singleton's address in every Safe proxy."""

THRESHOLD_SLOT = 4
"""Storage slot of the threshold in every Safe from 1.0.0 on."""

_SENTINEL = Address("0x0000000000000000000000000000000000000001")
_MOST_MODULES = 100

_VERSION = function("VERSION()", "(string)")
_MASTER_COPY = function("masterCopy()", "(address)")
_OWNERS = function("getOwners()", "(address[])")
_THRESHOLD = function("getThreshold()", "(uint256)")
_NONCE = function("nonce()", "(uint256)")
_MODULES = function("getModulesPaginated(address,uint256)", "(address[],address)")
_STORAGE = function("getStorageAt(uint256,uint256)", "(bytes)")


def safe_reads(safe: Address) -> tuple[Read, ...]:
    """The reads whose answers `parse_safe` takes.

    `masterCopy()` is answered by the proxy itself, so a new singleton cannot lie about itself; the rest is answered
    by the singleton, whose code is known if its address is.
    """
    return (
        _VERSION.read(safe),
        _MASTER_COPY.read(safe),
        _OWNERS.read(safe),
        _THRESHOLD.read(safe),
        _NONCE.read(safe),
        _MODULES.read(safe, _SENTINEL, _MOST_MODULES),
        _STORAGE.read(safe, GUARD_SLOT, 1),
        _STORAGE.read(safe, FALLBACK_HANDLER_SLOT, 1),
        _STORAGE.read(safe, MODULE_GUARD_SLOT, 1),
    )


def parse_safe(safe: Address, answers: Sequence[Answer]) -> SafeState:
    """The state out of the answers to `safe_reads`.

    Raises:
        ChainError: there is no Safe, it is older than 1.3.0, or it has more modules than can be checked.
    """
    if not all(answer.success for answer in answers):
        raise ChainError(
            "this address does not answer as a Safe (1.3.0 or later, behind its proxy) does",
            value=safe,
            next_step="Check the address and the chain; a Safe has to be deployed on each chain anew",
        )
    version, singleton, owners, threshold, nonce, page, guard, handler, module_guard = answers
    modules, next_module = _MODULES.decode(page.data)
    if next_module not in (_SENTINEL, ZERO_ADDRESS):
        raise ChainError("the Safe has too many modules to check", value=safe, limit=_MOST_MODULES)
    return SafeState(
        address=safe,
        version=_VERSION.decode(version.data)[0],
        singleton=_MASTER_COPY.decode(singleton.data)[0],
        owners=tuple(_OWNERS.decode(owners.data)[0]),
        threshold=_THRESHOLD.decode(threshold.data)[0],
        nonce=_NONCE.decode(nonce.data)[0],
        modules=tuple(sorted(modules)),
        guard=_slot(guard),
        fallback_handler=_slot(handler),
        module_guard=_slot(module_guard),
    )


def _slot(answer: Answer) -> Address:
    (raw,) = _STORAGE.decode(answer.data)
    return checksum(raw[-20:]) if len(raw) == 32 else ZERO_ADDRESS
