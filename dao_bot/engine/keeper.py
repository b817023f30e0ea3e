"""The keeper's tick: bring every open proposal as far as it can go now, and read the truth from the chain."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from dao_bot.chain.simulate_v1 import Trial
from dao_bot.chain.simulation import Execution as WholeTransaction
from dao_bot.domain.errors import Conflict, DaoBotError
from dao_bot.domain.hashing import canonical
from dao_bot.domain.lifecycle import State
from dao_bot.domain.runs import RunId
from dao_bot.domain.simulation import Simulation
from dao_bot.engine.approvals import owners_approval
from dao_bot.engine.examine import examine
from dao_bot.engine.execution import Execution
from dao_bot.engine.look import Look, look
from dao_bot.engine.services import Services
from dao_bot.engine.signing import transaction_of, valid_signatures
from dao_bot.safe.execution import execution_calldata
from dao_bot.safe.signatures import assemble
from dao_bot.store.store import Store
from dao_bot.store.values import StoredProposal

_BEFORE_EXECUTION = frozenset(
    {State.DRAFT, State.SIMULATED, State.PENDING, State.ACTIVE, State.SUCCEEDED, State.QUEUED, State.READY}
)
_LEASE_SECONDS = 120
_KEEPER = RunId("keeper", 0)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a tick did, or could not do, to a proposal."""

    proposal_id: str
    told: str


class Keeper:
    """Executes exactly what was approved. Keeps nothing in memory that the record and the chain do not have.

    Args:
        name: of this keeper, for leases and the record.
        execution: sends; None where nothing may be sent (mode `plan`).
    """

    def __init__(self, services: Services, store: Store, name: str, execution: Execution | None) -> None:
        self._services = services
        self._store = store
        self._name = name
        self._execution = execution

    def tick(self) -> list[Step]:
        """One pass over all open proposals of the Safe, oldest first. Trouble with one does not stop the others.

        Raises:
            Conflict: another keeper is doing the same right now.
            ChainError, StoreError: nothing could be done at all.
        """
        seen = look(self._services, _KEEPER)
        safe = self._services.treasury.safe
        lock = f"safe:{safe}"
        if not self._store.lease(lock, self._name, seen.block.timestamp, _LEASE_SECONDS):
            holder = self._store.lease_holder(lock, seen.block.timestamp)
            raise Conflict("another keeper is at work on this Safe", value=holder, next_step="Wait until it is done")
        steps: list[Step] = []
        try:
            for stored in sorted(self._store.open_proposals(safe), key=_order):
                try:
                    steps.extend(Step(stored.id, told) for told in self._advance(stored, seen))
                except DaoBotError as error:
                    steps.append(Step(stored.id, f"could not go on: {error}"))
        finally:
            self._store.release(lock, self._name)
        return steps

    def _advance(self, stored: StoredProposal, seen: Look) -> list[str]:
        """Walk from state to state until something has to be waited for."""
        told: list[str] = []
        while (step := self._step(stored, seen)) is not None:
            told.append(step)
            moved = self._store.proposal(stored.id)
            if moved.state == stored.state:
                break
            stored = moved
        return told

    def _step(self, stored: StoredProposal, seen: Look) -> str | None:
        proposal = stored.proposal
        if stored.state in _BEFORE_EXECUTION and seen.block.timestamp > proposal.batch.valid_until:
            return self._move(stored, State.EXPIRED, seen, "expired", {"valid_until": proposal.batch.valid_until})
        return self._steps()[stored.state](stored, seen) if stored.state in self._steps() else None

    def _steps(self) -> dict[State, Callable[[StoredProposal, Look], str | None]]:
        return {
            State.DRAFT: self._from_draft,
            State.SIMULATED: lambda stored, seen: self._move(stored, State.PENDING, seen, "ready for approval", {}),
            State.PENDING: lambda stored, seen: self._move(stored, State.ACTIVE, seen, "open to approval", {}),
            State.ACTIVE: self._from_active,
            State.SUCCEEDED: self._from_succeeded,
            State.QUEUED: self._from_queued,
            State.READY: self._from_ready,
            State.EXECUTING: self._from_executing,
        }

    def _from_draft(self, stored: StoredProposal, seen: Look) -> str:
        verdict = stored.proposal.verdict
        if verdict.passed:
            binding = [report.rule for report in verdict.binding]
            return self._move(stored, State.SIMULATED, seen, "simulated and checked", {"binding": binding})
        violations = [report.message for report in verdict.violations]
        return self._move(stored, State.FAILED, seen, "refused by policy", {"violations": violations})

    def _from_active(self, stored: StoredProposal, seen: Look) -> str:
        approval = owners_approval(stored.proposal)
        self._store.add_approval(stored.id, approval, seen.block.timestamp)
        return self._move(stored, State.SUCCEEDED, seen, "approval counted", {"evidence": canonical(approval.evidence)})

    def _from_succeeded(self, stored: StoredProposal, seen: Look) -> str | None:
        safe = self._services.treasury.safe
        if any(other.nonce is not None for other in self._store.open_proposals(safe) if other.id != stored.id):
            return None
        nonce = self._store.assign_nonce(stored.id, safe, seen.safe.nonce, seen.block.timestamp, one_at_a_time=True)
        return self._move(stored, State.QUEUED, seen, "queued", {"nonce": nonce})

    def _from_queued(self, stored: StoredProposal, seen: Look) -> str | None:
        if self._nonce_is_used(stored, seen):
            return self._nonce_was_used(stored, seen)
        signed = valid_signatures(self._services, self._store, transaction_of(stored), seen.safe, seen.block)
        if len(signed) < seen.safe.threshold:
            return None
        return self._move(stored, State.READY, seen, "signed", {"owners": [known.owner for known in signed]})

    def _from_ready(self, stored: StoredProposal, seen: Look) -> str | None:
        if self._nonce_is_used(stored, seen):
            return self._nonce_was_used(stored, seen)
        if self._execution is None or stored.nonce != seen.safe.nonce:
            return None
        signed = valid_signatures(self._services, self._store, transaction_of(stored), seen.safe, seen.block)
        if len(signed) < seen.safe.threshold:
            return self._move(stored, State.QUEUED, seen, "signatures no longer suffice", {"valid": len(signed)})
        calldata = execution_calldata(transaction_of(stored), assemble(signed, seen.safe.threshold))
        whole = WholeTransaction(Trial(self._execution.address, seen.safe.address, calldata))
        refusal, simulation = self._examine(stored, seen, whole)
        if refusal is not None:
            return self._move(stored, State.STALE, seen, "stale", {"reason": refusal})
        return self._execution.send(stored, seen, calldata, simulation.gas_used)

    def _from_executing(self, stored: StoredProposal, seen: Look) -> str | None:
        if self._execution is None:
            return None
        now = look(self._services, _KEEPER)
        told = self._execution.reconcile(stored, now)
        if told is not None and self._store.proposal(stored.id).state is State.EXECUTED:
            self._examine_others(stored.id)
        return told

    def _nonce_is_used(self, stored: StoredProposal, seen: Look) -> bool:
        return stored.nonce is not None and stored.nonce < seen.safe.nonce

    def _nonce_was_used(self, stored: StoredProposal, seen: Look) -> str | None:
        """The Safe moved past this nonce: by this very transaction, whoever sent it, or by another."""
        if self._execution is None:
            return None
        return self._execution.settle_used_nonce(stored, seen)

    def _examine(
        self, stored: StoredProposal, seen: Look, execution: WholeTransaction | None = None
    ) -> tuple[str | None, Simulation]:
        """Simulate and check again: why it may not be executed now, in words, or None when it may."""
        batch = stored.proposal.batch
        since = seen.block.timestamp - self._services.longest_window
        moves = [each for each in self._store.moves(batch.safe, since) if each.proposal_id != stored.id]
        examined = examine(self._services, seen, batch, moves, execution)
        refusal = self._unapproved(stored, seen)
        if refusal is None and not examined.verdict.passed:
            refusal = "; ".join(report.message for report in examined.verdict.violations)
        return refusal, examined.simulation

    def _unapproved(self, stored: StoredProposal, seen: Look) -> str | None:
        batch = stored.proposal.batch
        approvals = [each.approval for each in self._store.approvals(stored.id)]
        if not any(each.batch_hash == batch.batch_hash for each in approvals):
            return "there is no approval of exactly these bytes"
        if not any(seen.block.timestamp <= each.valid_until for each in approvals):
            return "its approval has run out"
        if batch.policy_hash != self._services.policy_hash:
            return "the policy has changed since it was proposed"
        return None

    def _examine_others(self, executed: str) -> None:
        """After any execution the world is another one: what no longer passes becomes stale."""
        seen = look(self._services, _KEEPER)
        for stored in self._store.open_proposals(self._services.treasury.safe):
            if stored.id == executed or stored.state not in (State.SUCCEEDED, State.QUEUED, State.READY):
                continue
            refusal, _ = self._examine(stored, seen)
            if refusal is not None:
                self._move(stored, State.STALE, seen, "stale", {"reason": refusal})

    def _move(self, stored: StoredProposal, after: State, seen: Look, kind: str, body: dict[str, object]) -> str:
        self._store.transition(stored.id, stored.state, after, seen.block.timestamp, kind, body)
        return f"{stored.state} ▸ {after}: {kind}"


def _order(stored: StoredProposal) -> tuple[int, int]:
    return (stored.nonce if stored.nonce is not None else 2**63, stored.number)
