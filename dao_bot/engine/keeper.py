"""The keeper's tick: bring every proposal as far as it can go now, and read the truth from the chain."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dao_bot.chain.simulate_v1 import Trial
from dao_bot.chain.simulation import Execution as WholeTransaction
from dao_bot.domain.errors import Conflict
from dao_bot.domain.hashing import canonical
from dao_bot.domain.lifecycle import OPEN_STATES, State
from dao_bot.domain.runs import RunId
from dao_bot.domain.simulation import Simulation
from dao_bot.engine.approvals import owners_approval
from dao_bot.engine.bugs import in_words
from dao_bot.engine.examine import examine
from dao_bot.engine.execution import Execution, Standing
from dao_bot.engine.look import Look, look
from dao_bot.engine.rejections import Rejections
from dao_bot.engine.seat import Seat
from dao_bot.engine.services import Services
from dao_bot.engine.settlement import Settlement
from dao_bot.engine.signing import batch_of, valid_signatures
from dao_bot.safe.execution import execution_calldata
from dao_bot.safe.signatures import assemble
from dao_bot.store.store import Store
from dao_bot.store.values import StoredProposal

_EXAMINED_AGAIN = (State.PENDING, State.ACTIVE, State.SUCCEEDED, State.QUEUED, State.READY)
_AT_THE_CHAIN = (State.QUEUED, State.READY, State.EXECUTING)
"""States in which the newest block decides what is next."""

_LEASE_SECONDS = 300
_KEEPER = RunId("keeper", 0)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a tick did, or could not do, to a proposal."""

    proposal_id: str
    told: str


class Keeper:
    """Executes exactly what was approved. Keeps nothing in memory that the record and the chain do not have.

    Args:
        seat: who this keeper is, and its right to work now.
        execution: sends; None where nothing may be sent (mode `plan`).
        stop: when it is set, a tick begins nothing more.
    """

    def __init__(
        self,
        services: Services,
        store: Store,
        seat: Seat,
        settlement: Settlement,
        execution: Execution | None,
        stop: threading.Event | None = None,
    ) -> None:
        self._services = services
        self._store = store
        self._seat = seat
        self._settlement = settlement
        self._execution = execution
        self._rejections = Rejections(services, store, settlement, execution)
        self._stop = stop or threading.Event()
        # After an execution the world is another one. Also at the start: whoever executed last may have been killed.
        self._must_examine = True
        self._lock = f"safe:{services.treasury.safe}"

    def tick(self) -> list[Step]:
        """One pass over all proposals of the Safe, oldest first. Trouble with one does not stop the others.

        Raises:
            Conflict: another keeper is doing the same right now.
            ChainError, StoreError: nothing could be done at all.
        """
        with self._seat.taken():
            seen = self._look()
            self._hold(seen.block.timestamp)
            try:
                return list(self._walk(seen))
            finally:
                self._store.release(self._lock, self._seat.name)

    def _walk(self, seen: Look) -> Iterator[Step]:
        safe = self._services.treasury.safe
        waiting = [(stored, self._advance) for stored in sorted(self._store.open_proposals(safe), key=_order)]
        waiting += [(stored, self._advance_left_open) for stored in self._store.left_open(safe)]
        for number, (stored, advance) in enumerate(waiting):
            if self._stop.is_set():
                return
            try:
                # What was done for the one before may have changed what this one stands on.
                seen = self._newer(seen) if number else seen
                for told in advance(stored, seen):
                    yield Step(stored.id, told)
            except Exception as error:  # noqa: BLE001 - whatever it is, the other proposals must not wait for it
                yield Step(stored.id, f"could not go on: {in_words(error)}")
        if self._must_examine:
            yield from self._examine_all(self._newer(seen))

    def _advance(self, stored: StoredProposal, seen: Look) -> Iterator[str]:
        """Walk from state to state until something has to be waited for."""
        while not self._stop.is_set() and (told := self._step(stored, seen)) is not None:
            yield told
            moved = self._store.proposal(stored.id)
            self._must_examine |= moved.state is State.EXECUTED
            if moved.state == stored.state or moved.state not in OPEN_STATES:
                return
            stored, seen = moved, self._newer(seen) if moved.state in _AT_THE_CHAIN else seen

    def _advance_left_open(self, stored: StoredProposal, seen: Look) -> Iterator[str]:
        told = self._rejections.advance(stored, seen)
        if told is None:
            return
        yield told
        newer = self._newer(seen)
        if _is_used(stored, newer) and not _is_used(stored, seen):
            yield self._settlement.settle_left_open(stored, newer)

    def _step(self, stored: StoredProposal, seen: Look) -> str | None:
        if stored.state in _AT_THE_CHAIN and _is_used(stored, seen):
            return self._settlement.settle(stored, seen)
        batch = stored.proposal.batch
        if stored.state is not State.EXECUTING:
            if seen.block.timestamp > batch.valid_until:
                return self._move(stored, State.EXPIRED, seen, "expired", {"valid_until": batch.valid_until})
            if batch.policy_hash != self._services.policy_hash:
                return self._stale(stored, seen, "the policy has changed since it was proposed")
        steps: dict[State, Callable[[StoredProposal, Look], str | None]] = {
            State.DRAFT: self._from_draft,
            State.SIMULATED: lambda stored, seen: self._move(stored, State.PENDING, seen, "ready for approval", {}),
            State.PENDING: lambda stored, seen: self._move(stored, State.ACTIVE, seen, "open to approval", {}),
            State.ACTIVE: self._from_active,
            State.SUCCEEDED: self._from_succeeded,
            State.QUEUED: self._from_queued,
            State.READY: self._from_ready,
            State.EXECUTING: self._from_executing,
        }
        return steps[stored.state](stored, seen)

    def _from_draft(self, stored: StoredProposal, seen: Look) -> str:
        verdict = stored.proposal.verdict
        if verdict.passed:
            binding = [report.rule for report in verdict.binding]
            return self._move(stored, State.SIMULATED, seen, "simulated and checked", {"binding": binding})
        violations = [report.message for report in verdict.violations]
        return self._move(stored, State.FAILED, seen, "refused by policy", {"violations": violations})

    def _from_active(self, stored: StoredProposal, seen: Look) -> str:
        approval = owners_approval(stored.proposal)
        with self._store.transaction("approve"):
            self._store.add_approval(stored.id, approval, seen.block.timestamp)
            evidence = canonical(approval.evidence)
            return self._move(stored, State.SUCCEEDED, seen, "approval counted", {"evidence": evidence})

    def _from_succeeded(self, stored: StoredProposal, seen: Look) -> str | None:
        safe = self._services.treasury.safe
        others = [other for other in self._store.open_proposals(safe) if other.id != stored.id]
        if any(other.nonce is not None and not _is_used(other, seen) for other in others):
            return None
        with self._store.transaction("queue"):
            nonce = self._store.assign_nonce(stored.id, safe, seen.safe.nonce, seen.block.timestamp)
            return self._move(stored, State.QUEUED, seen, "queued", {"nonce": nonce})

    def _from_queued(self, stored: StoredProposal, seen: Look) -> str | None:
        signed = valid_signatures(self._services, self._store, batch_of(stored), seen.safe, seen.block)
        if len(signed) < seen.safe.threshold:
            return None
        return self._move(stored, State.READY, seen, "signed", {"owners": [known.owner for known in signed]})

    def _from_ready(self, stored: StoredProposal, seen: Look) -> str | None:
        if self._execution is None:
            return None
        if stored.nonce != seen.safe.nonce:
            return f"waits for the Safe's nonce {stored.nonce}; it is at {seen.safe.nonce}"
        transaction = batch_of(stored)
        signed = valid_signatures(self._services, self._store, transaction, seen.safe, seen.block)
        if len(signed) < seen.safe.threshold:
            return self._move(stored, State.QUEUED, seen, "signatures no longer suffice", {"valid": len(signed)})
        data = execution_calldata(transaction, assemble(signed, seen.safe.threshold))
        refusal, simulation = self._examine(stored, seen, data)
        if refusal is not None:
            return self._stale(stored, seen, refusal)
        now = seen.block.timestamp

        def begin(transaction_hash: str) -> None:
            told = {"transaction_hash": transaction_hash}
            self._store.transition(stored.id, State.READY, State.EXECUTING, now, "sending", told)

        return self._execution.send(stored, data, simulation.gas_used, now, begin)

    def _from_executing(self, stored: StoredProposal, seen: Look) -> str | None:
        if self._execution is None:
            return None
        transaction, now = batch_of(stored), seen.block.timestamp
        late = now > stored.proposal.batch.valid_until
        taken = self._execution.take_up(stored, transaction, now, follow=not late)
        told = taken.words
        if taken.standing is Standing.NOTHING:
            return self._move(stored, State.READY, seen, taken.words, {})
        if taken.standing is Standing.REVERTED:
            return self._stale(stored, seen, taken.words)
        if taken.standing is Standing.DROPPED:
            refusal = None if late else self._examine(stored, seen, taken.data)[0]
            if late or refusal is not None:
                self._execution.give_up(stored, transaction, now)
            if late:
                return self._move(stored, State.READY, seen, "its deadline has passed, and no node has it", {})
            if refusal is not None:
                return self._stale(stored, seen, refusal)
            told = self._execution.send_again(stored, transaction, now)
        seen = self._newer(seen)
        return self._settlement.settle(stored, seen) if _is_used(stored, seen) else told

    def _examine(self, stored: StoredProposal, seen: Look, data: bytes | None = None) -> tuple[str | None, Simulation]:
        """Simulate and check again: why it may not be executed now, in words, or None when it may.

        Args:
            data: calldata of the signed transaction, where there is one; then its approval is looked at too.
        """
        batch = stored.proposal.batch
        whole = None
        if data is not None and self._execution is not None:
            whole = WholeTransaction(Trial(self._execution.address, seen.safe.address, data))
        since = seen.block.timestamp - self._services.longest_window
        moves = [each for each in self._store.moves(batch.safe, since) if each.proposal_id != stored.id]
        examined = examine(self._services, seen, batch, moves, whole)
        refusal = None if data is None else self._unapproved(stored, seen)
        if refusal is None and not examined.verdict.passed:
            refusal = "; ".join(report.message for report in examined.verdict.violations)
        return refusal, examined.simulation

    def _unapproved(self, stored: StoredProposal, seen: Look) -> str | None:
        approvals = [each.approval for each in self._store.approvals(stored.id)]
        if not any(each.batch_hash == stored.proposal.batch.batch_hash for each in approvals):
            return "there is no approval of exactly these bytes"
        if not any(seen.block.timestamp <= each.valid_until for each in approvals):
            return "its approval has run out"
        return None

    def _examine_all(self, seen: Look) -> Iterator[Step]:
        """What no longer passes becomes stale, so that nobody signs it."""
        again = False
        for stored in self._store.open_proposals(self._services.treasury.safe):
            if stored.state not in _EXAMINED_AGAIN:
                continue
            try:
                refusal, _ = self._examine(stored, seen)
                if refusal is not None:
                    yield Step(stored.id, self._stale(stored, seen, refusal))
            except Exception as error:  # noqa: BLE001 - as in a tick
                again = True
                yield Step(stored.id, f"could not be examined again: {in_words(error)}")
        self._must_examine = again

    def _look(self) -> Look:
        return look(self._services, _KEEPER)

    def _newer(self, seen: Look) -> Look:
        """A look at the newest block; the same one when there is no newer."""
        block = self._services.endpoints.pin()
        if block == seen.block:
            return seen
        self._hold(block.timestamp)
        return look(self._services, _KEEPER, block=block)

    def _hold(self, now: int) -> None:
        """Take, or keep, the lock of the Safe."""
        if not self._store.lease(self._lock, self._seat.name, now, _LEASE_SECONDS):
            holder = self._store.lease_holder(self._lock, now)
            raise Conflict("another keeper is at work on this Safe", value=holder, next_step="Wait until it is done")

    def _stale(self, stored: StoredProposal, seen: Look, reason: str) -> str:
        return f"{self._move(stored, State.STALE, seen, 'stale', {'reason': reason})}: {reason}"

    def _move(self, stored: StoredProposal, after: State, seen: Look, kind: str, body: dict[str, object]) -> str:
        self._store.transition(stored.id, stored.state, after, seen.block.timestamp, kind, body)
        return f"{stored.state} ▸ {after}: {kind}"


def _is_used(stored: StoredProposal, seen: Look) -> bool:
    return stored.nonce is not None and stored.nonce < seen.safe.nonce


def _order(stored: StoredProposal) -> tuple[int, int]:
    return (stored.nonce if stored.nonce is not None else 2**63, stored.number)
