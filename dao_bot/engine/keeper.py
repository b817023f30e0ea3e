"""The keeper's tick: bring every proposal as far as it can go now, and read the truth from the chain."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from dao_bot.chain.simulate_v1 import Trial
from dao_bot.chain.simulation import Execution as WholeTransaction
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import NotFound
from dao_bot.domain.hashing import canonical
from dao_bot.domain.lifecycle import OPEN_STATES, State
from dao_bot.domain.runs import RunId
from dao_bot.domain.simulation import Simulation
from dao_bot.engine.approvals import Defeat, Judgement, Waiting
from dao_bot.engine.bugs import in_words
from dao_bot.engine.collection import Collection
from dao_bot.engine.examine import examine
from dao_bot.engine.execution import Execution
from dao_bot.engine.fleet import hold
from dao_bot.engine.look import Look, look
from dao_bot.engine.moves import move, stale
from dao_bot.engine.reorgs import roll_back_undone
from dao_bot.engine.routes.module_signer import ModuleSigner
from dao_bot.engine.routes.port import Bench, Steps
from dao_bot.engine.seat import Seat
from dao_bot.engine.services import Services
from dao_bot.engine.settlement import Settlement
from dao_bot.store.store import Store
from dao_bot.store.values import StoredProposal

_EXAMINED_AGAIN = (State.PENDING, State.ACTIVE, State.SUCCEEDED, State.QUEUED, State.READY)
_AT_THE_CHAIN = (State.QUEUED, State.READY, State.EXECUTING)
"""States in which the newest block decides what is next."""

_APPROVED = (State.SUCCEEDED, State.QUEUED, State.READY)
"""States in which the approval is looked at again: it may have been taken back."""

_EXAMINED_AT_ONCE = 20
"""Proposals that one tick tries again after an execution; each costs several round trips."""

_KEEPER = RunId("keeper", 0)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a tick did, or could not do, to a proposal of a run."""

    proposal_id: str
    run: RunId
    told: str


class Keeper:
    """Executes exactly what was approved. Keeps nothing in memory that the record and the chain do not have.

    Args:
        seat: who this keeper is, and its right to work now.
        execution: sends; None where nothing may be sent (mode `plan`).
        stop: when it is set, a tick begins nothing more.
        signers: by route, what reads the key of a module's member; it is read when it is needed first.
        collection: where owners sign besides the record; None where they only sign here.
        present: shows a signer in another process the proposal for which it is asked next.
    """

    def __init__(
        self,
        services: Services,
        store: Store,
        seat: Seat,
        settlement: Settlement,
        execution: Execution | None,
        stop: threading.Event | None = None,
        signers: Mapping[str, Callable[[], ModuleSigner]] | None = None,
        collection: Collection | None = None,
        present: Callable[[StoredProposal], None] = lambda _: None,
    ) -> None:
        self._services = services
        self._store = store
        self._seat = seat
        self._execution = execution
        self._collection = collection
        bench = Bench(
            services, store, settlement, execution, signers or {}, self._examine, self._newer, present, collection
        )
        self._routes = {name: route.steps(bench) for name, route in services.routes.items()}
        self._stop = stop or threading.Event()
        # After an execution the world is another one. Also at the start: whoever executed last may have been killed.
        self._must_examine = True
        self._unexamined: list[str] = []
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
                return [*self._walk(seen), *self._collect(seen)]
            finally:
                self._store.release(self._lock, self._seat.name)

    def _walk(self, seen: Look) -> Iterator[Step]:
        safe = self._services.treasury.safe
        for proposal_id, told in roll_back_undone(self._services, self._store, seen):
            yield _step(self._store.proposal(proposal_id), told)
        waiting = [*sorted(self._store.open_proposals(safe), key=_order), *self._store.left_open(safe)]
        yield from self._walk_over(waiting, seen)
        if self._must_examine:
            open_ = sorted(self._store.open_proposals(safe), key=_order)
            self._unexamined = [stored.id for stored in open_ if stored.state in _EXAMINED_AGAIN]
            self._must_examine = False
        if self._unexamined and not self._stop.is_set():
            yield from self._examine_some(self._newer(seen))

    def _walk_over(self, waiting: Sequence[StoredProposal], seen: Look) -> Iterator[Step]:
        acted = False
        for stored in waiting:
            if self._stop.is_set():
                return
            advance = self._advance if stored.state in OPEN_STATES else self._advance_left_open
            try:
                # What was done for the one before may have changed what this one stands on.
                seen, acted = self._newer(seen) if acted else seen, False
                for told in advance(stored, seen):
                    acted = True
                    yield _step(stored, told)
            except Exception as error:  # noqa: BLE001 - whatever it is, the other proposals must not wait for it
                acted = True
                yield _step(stored, f"could not go on: {in_words(error)}")

    def _collect(self, seen: Look) -> Iterator[Step]:
        """Last in a tick, so that a slow queue keeps nothing waiting; what it brought in is acted upon at once."""
        if self._collection is None or self._stop.is_set():
            return
        signed: dict[str, None] = {}
        for each in self._collection.exchange(self._newer(seen)):
            signed |= {each.proposal_id: None} if each.signed else {}
            yield _step(self._store.proposal(each.proposal_id), each.told)
        yield from self._walk_over([self._store.proposal(each) for each in signed], self._newer(seen))

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
        route = self._route(stored)
        told = route.left_open(stored, seen)
        if told is None:
            return
        yield told
        newer = self._newer(seen)
        if route.is_used(stored, newer) and not route.is_used(stored, seen):
            yield route.settle_left_open(stored, newer)

    def _step(self, stored: StoredProposal, seen: Look) -> str | None:
        route = self._route(stored)
        if stored.state in _AT_THE_CHAIN and route.is_used(stored, seen):
            return route.settle(stored, seen)
        batch = stored.proposal.batch
        if stored.state is not State.EXECUTING:
            if seen.block.timestamp > batch.valid_until:
                return self._move(stored, State.EXPIRED, seen, "expired", {"valid_until": batch.valid_until})
            if batch.policy_hash != self._services.policy_hash:
                return stale(self._store, stored, seen, "the policy has changed since it was proposed")
            if stored.state in _APPROVED:
                judged = self._judge(stored, seen)
                if isinstance(judged, Defeat):
                    return stale(self._store, stored, seen, judged.reason)
                if isinstance(judged, Waiting) and stored.state is State.READY:
                    return f"waits: {judged.told}"
        steps: dict[State, Callable[[StoredProposal, Look], str | None]] = {
            State.DRAFT: self._from_draft,
            State.SIMULATED: lambda stored, seen: move(
                self._store, stored, State.PENDING, seen, "ready for approval", {}
            ),
            State.PENDING: lambda stored, seen: self._move(stored, State.ACTIVE, seen, "open to approval", {}),
            State.ACTIVE: self._from_active,
            State.SUCCEEDED: route.from_succeeded,
            State.QUEUED: route.from_queued,
            State.READY: route.from_ready,
            State.EXECUTING: route.from_executing,
        }
        return steps[stored.state](stored, seen)

    def _from_draft(self, stored: StoredProposal, seen: Look) -> str:
        verdict = stored.proposal.verdict
        if verdict.passed:
            binding = [report.rule for report in verdict.binding]
            return self._move(stored, State.SIMULATED, seen, "simulated and checked", {"binding": binding})
        violations = [report.message for report in verdict.violations]
        return self._move(stored, State.FAILED, seen, "refused by policy", {"violations": violations})

    def _from_active(self, stored: StoredProposal, seen: Look) -> str | None:
        judged = self._judge(stored, seen)
        if isinstance(judged, Waiting):
            return None
        if isinstance(judged, Defeat):
            told = self._move(stored, State.DEFEATED, seen, "not approved", {"reason": judged.reason})
            return f"{told}: {judged.reason}"
        with self._store.transaction("approve"):
            self._store.add_approval(stored.id, judged, seen.block.timestamp)
            evidence = canonical(judged.evidence)
            return self._move(stored, State.SUCCEEDED, seen, "approval counted", {"evidence": evidence})

    def _route(self, stored: StoredProposal) -> Steps:
        """The steps of the route that its bytes were made for.

        Raises:
            BadInput: it is not configured any more.
        """
        return self._routes[self._services.route(stored.proposal.batch.transaction.route).name]

    def _examine(
        self, stored: StoredProposal, seen: Look, sent: tuple[Address, bytes] | None = None
    ) -> tuple[str | None, Simulation]:
        """Simulate and check again: why it may not be executed now, in words, or None when it may.

        Args:
            sent: target and calldata of the signed transaction, where there is one; then its approval is looked at too.
        """
        batch = stored.proposal.batch
        whole = None
        if sent is not None and self._execution is not None:
            limited = self._services.route(batch.transaction.route).limited
            whole = WholeTransaction(Trial(self._execution.address, *sent), limited=limited)
        since = seen.block.timestamp - self._services.longest_window
        moves = [each for each in self._store.moves(batch.safe, since) if each.proposal_id != stored.id]
        examined = examine(self._services, seen, batch, moves, whole)
        refusal = None if sent is None else self._unapproved(stored, seen)
        if refusal is None and not examined.verdict.passed:
            refusal = "; ".join(report.message for report in examined.verdict.violations)
        return refusal, examined.simulation

    def _unapproved(self, stored: StoredProposal, seen: Look) -> str | None:
        approvals = [each.approval for each in self._store.approvals(stored.id)]
        if not any(each.batch_hash == stored.proposal.batch.batch_hash for each in approvals):
            return "there is no approval of exactly these bytes"
        if not any(seen.block.timestamp <= each.valid_until for each in approvals):
            return "its approval has run out"
        judged = self._judge(stored, seen)
        return judged.reason if isinstance(judged, Defeat) else None

    def _judge(self, stored: StoredProposal, seen: Look) -> Judgement:
        rule = self._services.approvals.get(stored.proposal.approval_rule)
        if rule is None:
            raise NotFound(
                "the rule by which this proposal is to be approved is not configured any more",
                value=stored.proposal.approval_rule,
                limit=", ".join(self._services.approvals),
                next_step="Put it back under `approvals`, or cancel the proposal",
            )
        return rule.judge(stored, seen)

    def _examine_some(self, seen: Look) -> Iterator[Step]:
        """What no longer passes becomes stale, so that nobody signs it. First what is signed next; the rest waits."""
        now, self._unexamined = self._unexamined[:_EXAMINED_AT_ONCE], self._unexamined[_EXAMINED_AT_ONCE:]
        for stored in map(self._store.proposal, now):
            if stored.state not in _EXAMINED_AGAIN:
                continue
            try:
                refusal, _ = self._examine(stored, seen)
                if refusal is not None:
                    yield _step(stored, stale(self._store, stored, seen, refusal))
            except Exception as error:  # noqa: BLE001 - as in a tick
                self._unexamined.append(stored.id)
                yield _step(stored, f"could not be examined again: {in_words(error)}")

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
        hold(self._services, self._store, self._seat, self._lock, now)

    def _move(self, stored: StoredProposal, after: State, seen: Look, kind: str, body: dict[str, object]) -> str:
        return move(self._store, stored, after, seen, kind, body)


def _step(stored: StoredProposal, told: str) -> Step:
    return Step(stored.id, stored.proposal.run, told)


def _order(stored: StoredProposal) -> tuple[int, int]:
    return (stored.nonce if stored.nonce is not None else 2**63, stored.number)
