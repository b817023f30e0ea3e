"""Canceled and stale proposals that may have been signed: watched, and rejected at their nonce if owners sign it."""

from __future__ import annotations

from dao_bot.chain.simulate_v1 import Trial
from dao_bot.chain.simulation import Execution as WholeTransaction
from dao_bot.chain.simulation import simulate
from dao_bot.domain.calls import WrappedTransaction
from dao_bot.domain.errors import Refused
from dao_bot.engine.execution import Execution, Standing, purpose_of
from dao_bot.engine.look import Look
from dao_bot.engine.services import Services
from dao_bot.engine.settlement import Settlement
from dao_bot.engine.signing import rejection_of, valid_signatures
from dao_bot.safe.batch import unwrap
from dao_bot.safe.execution import execution_calldata
from dao_bot.safe.signatures import assemble
from dao_bot.safe.transaction import SafeTransaction
from dao_bot.store.store import Store
from dao_bot.store.values import StoredProposal


class Rejections:
    """What owners signed can be submitted by anyone until its nonce is used: only then is a cancellation final.

    Args:
        execution: sends; None where nothing may be sent.
    """

    def __init__(self, services: Services, store: Store, settlement: Settlement, execution: Execution | None) -> None:
        self._services = services
        self._store = store
        self._settlement = settlement
        self._execution = execution

    def advance(self, stored: StoredProposal, seen: Look) -> str | None:
        """Bring one as far as it can go now; what was done, in words, or None when owners have to act first."""
        rejection, now = rejection_of(stored), seen.block.timestamp
        if rejection.nonce < seen.safe.nonce:
            return self._settlement.settle_left_open(stored, seen)
        purpose = purpose_of(seen.safe.address, rejection)
        late = now > stored.proposal.batch.valid_until
        if self._execution is not None:
            taken = self._execution.take_up(stored, purpose, now, follow=not late)
            if taken.standing is Standing.UNDER_WAY:
                return f"its rejection: {taken.words}"
            if taken.standing is Standing.DROPPED and not late:
                self._simulate(rejection, taken.data, seen, self._execution)
                return f"its rejection: {self._execution.send_again(stored, purpose, now)}"
            if late:
                self._execution.give_up(stored, purpose, now)
        if late:
            return self._settlement.close_late(stored, seen)
        if self._execution is None or rejection.nonce != seen.safe.nonce:
            return None
        return self._send(stored, rejection, seen, self._execution)

    def _send(self, stored: StoredProposal, rejection: SafeTransaction, seen: Look, execution: Execution) -> str | None:
        signed = valid_signatures(self._services, self._store, rejection, seen.safe, seen.block)
        if len(signed) < seen.safe.threshold:
            return None
        if execution.has_reverted(stored, purpose_of(seen.safe.address, rejection)):
            raise Refused(
                "its rejection reverted on the chain, and is not sent again",
                next_step="Find out why, then send it by hand, for instance in the Safe's own interface",
            )
        data = execution_calldata(rejection, assemble(signed, seen.safe.threshold))
        gas_used = self._simulate(rejection, data, seen, execution)
        return f"its rejection: {execution.send(stored, seen.safe.address, data, gas_used, seen.block.timestamp)}"

    def _simulate(self, rejection: SafeTransaction, data: bytes, seen: Look, execution: Execution) -> int:
        """Gas used by exactly this transaction, which must succeed and move nothing."""
        services = self._services
        wrapped = WrappedTransaction("multisig", rejection.to, rejection.value, rejection.data, rejection.operation)
        calls = unwrap(
            rejection.to, rejection.value, rejection.data, rejection.operation, services.multi_send_call_only
        )
        simulation = simulate(
            services.endpoints.primary,
            services.second_witness.at(seen.block),
            services.treasury,
            seen.block,
            seen.safe,
            wrapped,
            calls,
            execution=WholeTransaction(Trial(execution.address, seen.safe.address, data)),
        )
        if not simulation.success or simulation.changes:
            raise Refused(
                "its rejection would not just use up the nonce",
                value=simulation.revert_reason or f"{len(simulation.changes)} asset changes",
                next_step="Nothing was sent. Look at the Safe: a guard may forbid it",
            )
        return simulation.gas_used
