"""The signer's desk: whoever asks, only what its own copy of the policy allows is signed.

Nothing is taken from who asks but the bytes. What they do is decoded here, tried on the signer's own nodes, and held to
the signer's own rules and to what it signed before. That the owners approved is in the bytes too: the Safe itself
checks their signatures when the whole transaction is tried.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from dao_bot.chain.gas import FeePolicy
from dao_bot.chain.simulate_v1 import Trial
from dao_bot.chain.simulation import Execution as WholeTransaction
from dao_bot.chain.simulation import simulate
from dao_bot.chain.transactions import LocalSigner, Signed, Unsigned
from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.calls import MULTISIG, Batch, CallType, WrappedTransaction
from dao_bot.domain.errors import Refused
from dao_bot.domain.runs import RunId
from dao_bot.domain.tokens import Amount, usd_value
from dao_bot.engine.examine import Examined, decode, examine
from dao_bot.engine.look import Look, look
from dao_bot.engine.services import Services
from dao_bot.policy.facts import Move
from dao_bot.safe.batch import unwrap
from dao_bot.safe.execution import executed_transaction
from dao_bot.store.store import Store

SUBJECT = "signer"
_SIGNED = "signed"
_MOST_GAS = 16_777_216
"""Of one transaction (EIP-7825)."""


class SigningDesk:
    """Signs nothing but executions of the one Safe.

    Args:
        store: the signer's own record, which the keeper cannot write.
    """

    def __init__(self, services: Services, store: Store, signer: LocalSigner, fees: FeePolicy) -> None:
        self._services = services
        self._store = store
        self._signer = signer
        self._fees = fees

    @property
    def address(self) -> Address:
        return self._signer.address

    def sign(self, transaction: Unsigned) -> Signed:
        """Sign it, after what it does was found to be allowed and was recorded.

        Raises:
            Refused: with every reason.
            ChainError, StoreError: it cannot be known; nothing was signed.
        """
        self._require_plain(transaction)
        wrapped = executed_transaction(transaction.data)
        seen = look(self._services, RunId(SUBJECT, 0))
        whole = WholeTransaction(Trial(self.address, transaction.to, transaction.data))
        moves: list[dict[str, Any]] = []
        name = "rejection"
        if wrapped == WrappedTransaction(MULTISIG, seen.safe.address, 0, b"", CallType.CALL):
            self._require_no_effect(wrapped, whole, seen)
        else:
            batch = self._batch(wrapped)
            name, moves = batch.batch_hash, self._allowed(batch, whole, seen)
        told = {"batch_hash": name, "sender_nonce": transaction.nonce, "moves": moves}
        self._store.append(SUBJECT, _SIGNED, seen.block.timestamp, told)
        return self._signer.sign(transaction)

    def _require_plain(self, transaction: Unsigned) -> None:
        treasury, fee = self._services.treasury, transaction.fees.max_fee_per_gas
        limits: tuple[tuple[str, object, object, bool], ...] = (
            ("chain id", transaction.chain_id, treasury.chain_id, transaction.chain_id == treasury.chain_id),
            ("receiver", transaction.to, treasury.safe, transaction.to == treasury.safe),
            ("value", transaction.value, 0, transaction.value == 0),
            ("gas", transaction.gas, _MOST_GAS, transaction.gas <= _MOST_GAS),
            ("fee", fee, self._fees.cap, fee <= self._fees.cap),
        )
        for what, value, limit, holds in limits:
            if not holds:
                raise Refused(f"the {what} of the transaction is not one that is signed here", value=value, limit=limit)

    def _batch(self, wrapped: WrappedTransaction) -> Batch:
        services, treasury = self._services, self._services.treasury
        calls = unwrap(wrapped.to, wrapped.value, wrapped.data, wrapped.operation, services.multi_send_call_only)
        deadline = decode(services, calls[0]).deadline if calls else None
        if deadline is None:
            raise Refused("the batch does not begin with a deadline that the chain enforces")
        return Batch(treasury.chain_id, treasury.safe, wrapped, services.policy_hash, deadline)

    def _allowed(self, batch: Batch, whole: WholeTransaction, seen: Look) -> list[dict[str, Any]]:
        """What it takes out of the Safe, once every rule has let it pass."""
        examined = examine(self._services, seen, batch, list(self._moves(seen, batch)), whole)
        if not examined.verdict.passed:
            raise Refused("; ".join(report.message for report in examined.verdict.violations))
        return list(_taken(examined))

    def _moves(self, seen: Look, batch: Batch) -> Iterator[Move]:
        """What was signed before within the longest window, each batch once, without the one that is asked for."""
        tokens = {token.address: token for token in seen.balances}
        since, counted = seen.block.timestamp - self._services.longest_window, {batch.batch_hash}
        for event in self._store.events(SUBJECT):
            told: Mapping[str, Any] = event.body
            if event.kind != _SIGNED or event.at < since or told["batch_hash"] in counted:
                continue
            name = str(told["batch_hash"])
            counted.add(name)
            for moved in told["moves"]:
                token = tokens[Address(moved["token"])]
                yield Move(name, SUBJECT, token, int(moved["units"]), int(moved["usd"]), event.at, open=False)

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


def _taken(examined: Examined) -> Iterator[dict[str, Any]]:
    lines = {ZERO_ADDRESS if line.token.is_native else line.token.address: line for line in examined.holdings}
    for change in examined.simulation.changes:
        if change.token_id is None and change.delta < 0 and change.token in lines:
            line = lines[change.token]
            usd = usd_value(Amount(line.token, -change.delta), line.price.usd) if line.price.usd is not None else 0
            yield {"token": str(line.token.address), "units": str(-change.delta), "usd": str(usd)}
