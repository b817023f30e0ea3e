"""What independent witnesses saw when the transaction was tried on a copy of the chain."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.positions import Position


@dataclass(frozen=True, slots=True)
class AssetChange:
    """`delta` base units of the asset at `token` (zero address: native coin) gained by the Safe.

    `token_id` names one NFT of an ERC-721 contract; `delta` is then +1 or -1.
    """

    token: Address
    delta: int
    token_id: int | None = None


@dataclass(frozen=True, slots=True)
class ResidualAllowance:
    """An ERC-20 allowance of the Safe that is still open after the batch."""

    token: Address
    spender: Address
    units: int


@dataclass(frozen=True, slots=True)
class SafeState:
    """The parts of a Safe that decide who controls it.

    Attributes:
        guard, fallback_handler, module_guard: zero address when unset.
        modules: enabled modules, sorted.
    """

    address: Address
    version: str
    singleton: Address
    owners: tuple[Address, ...]
    threshold: int
    nonce: int
    modules: tuple[Address, ...]
    guard: Address
    fallback_handler: Address
    module_guard: Address = ZERO_ADDRESS


@dataclass(frozen=True, slots=True)
class Witness:
    """One simulation: by which method, on which endpoint's state, with which result."""

    method: str
    endpoint: str
    success: bool
    changes: tuple[AssetChange, ...]
    gas_used: int | None
    revert_reason: str | None


@dataclass(frozen=True, slots=True)
class Simulation:
    """Two witnesses that agree on success and on every asset change of the Safe.

    Attributes:
        block_number, block_hash: the pinned state that was tried.
        timestamp: block time in the simulation.
        safe_after: the Safe after the batch, read inside the simulation; None when it failed.
        positions: of the Safe afterwards, read there too: those that the batch names or makes, with what their manager
            notes as owed.
    """

    block_number: int
    block_hash: str
    timestamp: int
    success: bool
    changes: tuple[AssetChange, ...]
    gas_used: int
    revert_reason: str | None
    residual_allowances: tuple[ResidualAllowance, ...]
    safe_after: SafeState | None
    witnesses: tuple[Witness, ...]
    positions: tuple[Position, ...] = ()
