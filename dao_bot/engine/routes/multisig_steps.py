"""The keeper's steps on the multisig route: one nonce at a time, as many signatures as the Safe asks for."""

from __future__ import annotations

from dao_bot.domain.lifecycle import State
from dao_bot.engine.execution import purpose_of
from dao_bot.engine.look import Look
from dao_bot.engine.moves import move
from dao_bot.engine.rejections import Rejections
from dao_bot.engine.routes.port import Bench
from dao_bot.engine.routes.sending import go_on, send_first
from dao_bot.engine.signing import batch_of, valid_signatures
from dao_bot.safe.execution import execution_calldata
from dao_bot.safe.signatures import assemble
from dao_bot.store.values import StoredProposal


class MultisigSteps:
    """Succeeded ▸ queued (it has a nonce) ▸ ready (it is signed) ▸ executing."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._services, self._store = bench.services, bench.store
        self._execution, self._settlement = bench.execution, bench.settlement
        self._rejections = Rejections(bench.services, bench.store, bench.settlement, bench.execution)

    def is_used(self, stored: StoredProposal, seen: Look) -> bool:
        return stored.nonce is not None and stored.nonce < seen.safe.nonce

    def settle(self, stored: StoredProposal, seen: Look) -> str:
        return self._settlement.settle(stored, seen)

    def left_open(self, stored: StoredProposal, seen: Look) -> str | None:
        return self._rejections.advance(stored, seen)

    def settle_left_open(self, stored: StoredProposal, seen: Look) -> str:
        return self._settlement.settle_left_open(stored, seen)

    def from_succeeded(self, stored: StoredProposal, seen: Look) -> str | None:
        safe = self._services.treasury.safe
        if self._store.is_another_queued(stored.id, safe, seen.safe.nonce):
            return None
        collection = self._bench.collection
        at_least = 0 if collection is None else collection.next_nonce(seen)
        with self._store.transaction("queue"):
            nonce = self._store.assign_nonce(stored.id, safe, seen.safe.nonce, seen.block.timestamp, at_least=at_least)
            return move(self._store, stored, State.QUEUED, seen, "queued", {"nonce": nonce})

    def from_queued(self, stored: StoredProposal, seen: Look) -> str | None:
        signed = valid_signatures(self._services, self._store, batch_of(stored), seen.safe, seen.block)
        if len(signed) < seen.safe.threshold:
            return None
        told: dict[str, object] = {"owners": [known.owner for known in signed]}
        return move(self._store, stored, State.READY, seen, "signed", told)

    def from_ready(self, stored: StoredProposal, seen: Look) -> str | None:
        if self._execution is None:
            return None
        if stored.nonce != seen.safe.nonce:
            return f"waits for the Safe's nonce {stored.nonce}; it is at {seen.safe.nonce}"
        transaction = batch_of(stored)
        signed = valid_signatures(self._services, self._store, transaction, seen.safe, seen.block)
        if len(signed) < seen.safe.threshold:
            told: dict[str, object] = {"valid": len(signed)}
            return move(self._store, stored, State.QUEUED, seen, "signatures no longer suffice", told)
        data = execution_calldata(transaction, assemble(signed, seen.safe.threshold))
        self._bench.present(stored)
        return send_first(self._bench, self._execution, stored, seen, seen.safe.address, data)

    def from_executing(self, stored: StoredProposal, seen: Look) -> str | None:
        if self._execution is None:
            return None
        purpose = purpose_of(self._services.treasury.safe, batch_of(stored))
        self._bench.present(stored)
        return go_on(self._bench, self._execution, self, stored, seen, purpose)
