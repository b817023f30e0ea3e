"""The signer's desk: whoever asks, only what its own copy of policy and approvals allows is signed.

Nothing is taken from who asks but bytes. What they do is decoded here, tried on the signer's own nodes, and held to the
signer's own rules and to what it signed before. Whether people approved is judged here too, from what they signed. On
the multisig route the owners' signatures are in the bytes as well: the Safe itself checks them when the whole
transaction is tried.
"""

from __future__ import annotations

from typing import Any

from dao_bot.chain.gas import FeePolicy
from dao_bot.chain.simulate_v1 import Trial
from dao_bot.chain.simulation import Execution as WholeTransaction
from dao_bot.chain.simulation import simulate
from dao_bot.chain.transactions import LocalSigner, Signed, Unsigned
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import MULTISIG, Batch, CallType, WrappedTransaction
from dao_bot.domain.errors import DaoBotError, Refused
from dao_bot.domain.runs import RunId
from dao_bot.engine.examine import Examined, examine
from dao_bot.engine.log_ids import log_ids
from dao_bot.engine.look import Look, look
from dao_bot.engine.presented import Presented, read_presented, require_approved
from dao_bot.engine.routes.module_desk import ModuleDesk
from dao_bot.engine.services import Services
from dao_bot.engine.signed_before import SUBJECT, SignedBefore, taken
from dao_bot.safe.batch import unwrap
from dao_bot.safe.execution import executed_transaction
from dao_bot.store.store import Store

_MOST_GAS = 16_777_216
"""Of one transaction (EIP-7825)."""


class SigningDesk:
    """Signs nothing but executions for the one Safe.

    Args:
        store: the signer's own record, which the keeper cannot write.
        signer: the keeper's key.
        module: the key of the module's member, where there is a module.
    """

    def __init__(
        self, services: Services, store: Store, signer: LocalSigner, fees: FeePolicy, module: ModuleDesk | None
    ) -> None:
        self._services = services
        self._store = store
        self._before = SignedBefore(store)
        self._signer = signer
        self._fees = fees
        self._module = module

    def address_of(self, who: object) -> Address:
        """Of a key that is here.

        Raises:
            Refused: there is no such key.
        """
        return self._member().address if who == "member" else self._signer.address

    def ids_of(self, proposal: object) -> dict[str, Any]:
        """For the log: of what is presented, as it says of itself."""
        try:
            stored = read_presented(self._store, proposal).stored
        except DaoBotError:
            return log_ids(None, None)
        return log_ids(stored.proposal.run, stored.id)

    def sign(self, transaction: Unsigned, proposal: object) -> Signed:
        """With the keeper's key, after what it does was found to be allowed and was recorded.

        Args:
            proposal: as `present` makes it, of the one that is executed.

        Raises:
            Refused: with every reason.
            ChainError, StoreError: it cannot be known; nothing was signed.
        """
        if self._module is not None and transaction.to == self._module.module.address:
            self._require_plain(transaction, transaction.to)
            self._module.require_signed(transaction.data)
            return self._signer.sign(transaction)
        self._require_plain(transaction, self._services.treasury.safe)
        wrapped = executed_transaction(transaction.data)
        seen = look(self._services, RunId(SUBJECT, 0))
        whole = WholeTransaction(Trial(self._signer.address, transaction.to, transaction.data))
        if wrapped == WrappedTransaction(MULTISIG, seen.safe.address, 0, b"", CallType.CALL):
            self._require_no_effect(wrapped, whole, seen)
            self._before.note(seen.block.timestamp, {"batch_hash": "rejection", "moves": []})
        else:
            presented = read_presented(self._store, proposal)
            if presented.batch.transaction != wrapped:
                raise Refused("it does not execute the batch that was presented", value=presented.stored.id)
            self._allow(presented, seen, whole)
        return self._signer.sign(transaction)

    def sign_as_member(self, transaction: Unsigned) -> Signed:
        """With the key of the module's member: nothing but taking back what it signed.

        Raises:
            Refused: it is something else.
        """
        member = self._member()
        self._require_plain(transaction, member.module.address)
        member.require_invalidation(transaction.data)
        return member.key.sign(transaction)

    def sign_for_module(self, proposal: object) -> bytes:
        """r, s, v of the module's member over the batch that is presented, with its proposal's id as salt.

        Raises:
            Refused: with every reason.
            ChainError, StoreError: it cannot be known; nothing was signed.
        """
        member, presented = self._member(), read_presented(self._store, proposal)
        seen = look(self._services, RunId(SUBJECT, 0))
        member.require_usable(self._services, seen, presented)
        self._allow(presented, seen, None)
        return member.sign(presented)

    def _member(self) -> ModuleDesk:
        if self._module is None:
            raise Refused("no module is configured here, so there is no key of a member", next_step="Add routes.module")
        return self._module

    def _require_plain(self, transaction: Unsigned, receiver: Address) -> None:
        treasury, fee = self._services.treasury, transaction.fees.max_fee_per_gas
        limits: tuple[tuple[str, object, object, bool], ...] = (
            ("chain id", transaction.chain_id, treasury.chain_id, transaction.chain_id == treasury.chain_id),
            ("receiver", transaction.to, receiver, transaction.to == receiver),
            ("value", transaction.value, 0, transaction.value == 0),
            ("gas", transaction.gas, _MOST_GAS, transaction.gas <= _MOST_GAS),
            ("fee", fee, self._fees.cap, fee <= self._fees.cap),
        )
        for what, value, limit, holds in limits:
            if not holds:
                raise Refused(f"the {what} of the transaction is not one that is signed here", value=value, limit=limit)

    def _allow(self, presented: Presented, seen: Look, whole: WholeTransaction | None) -> None:
        """Record it, once it is the batch that was approved, and every rule has let it pass."""
        batch, services = presented.batch, self._services
        self._require_own(batch)
        since = seen.block.timestamp - services.longest_window
        moves = list(self._before.moves(seen, batch.batch_hash, since))
        examined = examine(services, seen, batch, moves, whole)
        if not examined.verdict.passed:
            raise Refused("; ".join(report.message for report in examined.verdict.violations))
        self._require_deadline(batch, examined)
        self._before.require_one_salt(batch.batch_hash, presented.stored.id)
        approval, now = require_approved(services, presented, examined, seen), seen.block.timestamp
        self._before.require_in_budget(approval, batch.batch_hash, examined, now)
        told = {"batch_hash": batch.batch_hash, "proposal": presented.stored.id, "moves": list(taken(examined))}
        self._before.note(now, {**told, "mandate": approval.evidence.get("mandate")})

    def _require_own(self, batch: Batch) -> None:
        treasury = self._services.treasury
        if (batch.chain_id, batch.safe) != (treasury.chain_id, treasury.safe):
            raise Refused("the batch is for another Safe", value=f"{batch.safe} on chain {batch.chain_id}")
        if batch.policy_hash != self._services.policy_hash:
            raise Refused(
                "the batch was made under another policy than the signer's own",
                value=batch.policy_hash,
                limit=self._services.policy_hash,
                next_step="Give keeper and signer the same configuration; only nodes, record and keys may differ",
            )

    def _require_deadline(self, batch: Batch, examined: Examined) -> None:
        """The first call is the deadline that the approval names: nothing that was approved lives longer."""
        deadline = examined.decoded[0].deadline if examined.decoded else None
        if deadline != batch.valid_until:
            raise Refused("the batch does not begin with its own deadline", value=deadline, limit=batch.valid_until)

    def _require_no_effect(self, wrapped: WrappedTransaction, whole: WholeTransaction, seen: Look) -> None:
        services = self._services
        second = services.second_witness.at(seen.block)
        calls = unwrap(wrapped.to, wrapped.value, wrapped.data, wrapped.operation, services.multi_send_call_only)
        tried = simulate(
            services.endpoints.primary,
            second,
            services.treasury,
            seen.block,
            seen.safe,
            wrapped,
            calls,
            execution=whole,
        )
        if not tried.success or tried.changes:
            raise Refused("the rejection would not just use up the nonce", value=tried.revert_reason)
