"""What a route offers: it wraps calls, reads them back, and brings an approved proposal to its execution.

Found by entry point `dao_bot.routes`. What `wrap` returns is what is simulated, approved (the batch hash covers the
route) and sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

from dao_bot.chain.provider import Treasury
from dao_bot.chain.simulation import Execution as WholeTransaction
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Call, WrappedTransaction
from dao_bot.domain.runs import Block
from dao_bot.domain.simulation import SafeState, Simulation
from dao_bot.engine.collection import Collection
from dao_bot.engine.execution import Execution
from dao_bot.engine.look import Look
from dao_bot.engine.routes.module_signer import ModuleSigner
from dao_bot.engine.services import Services
from dao_bot.engine.settlement import Settlement
from dao_bot.protocols.port import Check
from dao_bot.store.store import Store
from dao_bot.store.values import StoredProposal

Examine = Callable[[StoredProposal, Look, tuple[Address, bytes]], tuple[str | None, Simulation]]
"""Simulates and checks exactly this (target, calldata) again: why it may not be sent now, in words, or None."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What the keeper lends to the steps of a route.

    Attributes:
        execution: sends; None where nothing may be sent (mode `plan`).
        signers: by route, what reads the key that signs for a module; empty where nothing may be sent.
        newer: a look at the newest block.
        present: shows a signer in another process the proposal for which it is asked next.
        collection: where owners sign besides the record; None where they only sign here.
    """

    services: Services
    store: Store
    settlement: Settlement
    execution: Execution | None
    signers: Mapping[str, Callable[[], ModuleSigner]]
    examine: Examine
    newer: Callable[[Look], Look]
    present: Callable[[StoredProposal], None]
    collection: Collection | None = None


class Steps(Protocol):
    """From approved to executed. Each step does one thing and says it in words, or None when it has to wait."""

    def is_used(self, stored: StoredProposal, seen: Look) -> bool:
        """Whether the chain has used up what lets this proposal be executed once (its nonce, its salt)."""
        ...

    def settle(self, stored: StoredProposal, seen: Look) -> str:
        """Record what used it."""
        ...

    def from_succeeded(self, stored: StoredProposal, seen: Look) -> str | None: ...

    def from_queued(self, stored: StoredProposal, seen: Look) -> str | None: ...

    def from_ready(self, stored: StoredProposal, seen: Look) -> str | None: ...

    def from_executing(self, stored: StoredProposal, seen: Look) -> str | None: ...

    def left_open(self, stored: StoredProposal, seen: Look) -> str | None:
        """Bring a canceled or stale proposal, of which something signed may live on, to its end."""
        ...

    def settle_left_open(self, stored: StoredProposal, seen: Look) -> str:
        """Record what used up what it had."""
        ...


class Route(Protocol):
    """One way to the Safe. Its class has `Settings`, the model of what stands under its name in strategies.yaml."""

    name: ClassVar[str]
    limited: ClassVar[bool]
    """Whether the chain holds its transactions to limits that the calls by themselves do not pass."""

    def __init__(self, settings: Any, treasury: Treasury, multi_send_call_only: Address) -> None: ...

    def wrap(self, calls: Sequence[Call]) -> WrappedTransaction:
        """What the chain will see of `calls`."""
        ...

    def executed(self, transaction: WrappedTransaction) -> WrappedTransaction:
        """What the Safe itself executes for it, read back from the bytes strictly.

        Raises:
            Refused, BadInput: this route would not have made these bytes.
        """
        ...

    def rehearsal(self, safe: SafeState, transaction: WrappedTransaction) -> WholeTransaction:
        """The whole transaction for a simulation, before anybody has signed."""
        ...

    @property
    def labels(self) -> Mapping[Address, str]:
        """Names of its own contracts and accounts, for people."""
        ...

    def check(self, services: Services, block: Block, safe: SafeState) -> tuple[Check, ...]:
        """The self-test on the chain; what is fatal keeps the keeper from starting."""
        ...

    def steps(self, bench: Bench) -> Steps:
        """The keeper's steps for proposals on this route."""
        ...
