"""Sending an approved and signed batch, and reading from the chain what became of it."""

from __future__ import annotations

from collections.abc import Sequence

from dao_bot.chain.executions import find_execution
from dao_bot.chain.fate import Fate, Finality, Found
from dao_bot.chain.gas import Fees, gas_limit
from dao_bot.chain.hexes import to_quantity
from dao_bot.chain.pinned import parse_block
from dao_bot.chain.realised import realised_changes
from dao_bot.chain.receipts import parse_receipt
from dao_bot.chain.sending import Request, Sender
from dao_bot.chain.transactions import Signed
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import RpcUnavailable
from dao_bot.domain.lifecycle import State
from dao_bot.domain.proposals import Outcome, Proposal
from dao_bot.domain.simulation import AssetChange
from dao_bot.domain.tokens import Token
from dao_bot.engine.look import Look
from dao_bot.engine.services import Services
from dao_bot.engine.signing import hash_of, transaction_of
from dao_bot.store.store import Store
from dao_bot.store.values import AttemptState, StoredAttempt, StoredProposal

_LIVE = (AttemptState.PLANNED, AttemptState.BROADCAST, AttemptState.MINED)


class Execution:
    """The keeper's hands. Every intent is recorded before anything leaves; the truth is what the chain says.

    Args:
        finality: when an execution counts.
    """

    def __init__(self, services: Services, store: Store, sender: Sender, finality: Finality) -> None:
        self._services = services
        self._store = store
        self._sender = sender
        self._finality = finality

    @property
    def address(self) -> Address:
        """The keeper's account."""
        return self._sender.address

    def send(self, stored: StoredProposal, seen: Look, calldata: bytes, gas_used: int) -> str:
        """Send `execTransaction` once and follow it; `reconcile` takes up what is not final then.

        Args:
            calldata: with the owners' signatures; just simulated and checked.
            gas_used: in that simulation.
        """
        now = seen.block.timestamp
        request = Request(self._services.treasury.safe, calldata, gas_limit(gas_used))

        def on_intent(signed: Signed) -> None:
            with self._store.transaction("intend"):
                if self._store.proposal(stored.id).state is not State.EXECUTING:
                    told = {"transaction_hash": signed.hash, "sender": signed.sender}
                    self._store.transition(stored.id, State.READY, State.EXECUTING, now, "sending", told)
                self._plan(stored.id, signed, now)

        in_flight = [attempt.sender_nonce for attempt in self._store.unsettled_attempts()]
        sent = self._sender.send(request, on_intent, in_flight)
        if not sent.broadcast.state.may_be_mined:
            return f"not sent yet ({sent.broadcast.state}): {sent.broadcast.message}"
        self._store.mark_broadcast(sent.signed.hash, now)
        followed = self._sender.follow(request, [sent.signed], on_intent)
        return f"sent {sent.signed.hash}: {followed.found.fate}"

    def reconcile(self, stored: StoredProposal, seen: Look) -> str | None:
        """Take up a proposal that was being executed, from what the chain says now."""
        if stored.nonce is not None and stored.nonce < seen.safe.nonce:
            return self.settle_used_nonce(stored, seen)
        attempts = [each for each in self._store.attempts(stored.id) if each.state in _LIVE]
        if not attempts:
            self._store.transition(
                stored.id, State.EXECUTING, State.READY, seen.block.timestamp, "nothing was sent", {}
            )
            return "executing ▸ ready: nothing was sent"
        newest = max(attempt.sender_nonce for attempt in attempts)
        together = [_signed(attempt) for attempt in attempts if attempt.sender_nonce == newest]
        return self._judge(stored, seen, together, self._sender.look_up(together))

    def settle_used_nonce(self, stored: StoredProposal, seen: Look) -> str | None:
        """The Safe is past this proposal's nonce: by this very transaction, whoever sent it, or by another one."""
        treasury = self._services.treasury
        endpoint = self._services.endpoints.primary
        digest = hash_of(self._services, transaction_of(stored))
        found = find_execution(endpoint, treasury.safe, digest, stored.proposal.block.number, seen.block.number)
        if found is None:
            told = {"nonce": stored.nonce, "safe_nonce": seen.safe.nonce}
            self._store.transition(
                stored.id,
                stored.state,
                State.SUCCEEDED,
                seen.block.timestamp,
                "another transaction took its nonce",
                told,
            )
            return f"{stored.state} ▸ succeeded: another transaction took nonce {stored.nonce}"
        if not self._is_final(found.block_number, seen):
            return None
        outcome, at = self._outcome(stored.proposal, found.transaction_hash, found.success)
        self._settle_attempts(stored.id, outcome, at)
        self._store.record_outcome(stored.id, outcome, at)
        return f"executed in {found.transaction_hash}" if found.success else "the Safe says that it failed"

    def _judge(self, stored: StoredProposal, seen: Look, together: Sequence[Signed], found: Found) -> str | None:
        now = seen.block.timestamp
        if found.fate is Fate.DROPPED and now <= stored.proposal.batch.valid_until:
            return f"sent again: {self._sender.send_again(together[-1]).message}"
        if not found.final:
            return None
        if found.receipt is not None:
            receipt = found.receipt
            if receipt.success:
                return None  # the Safe was read before it was mined; the next tick finds its nonce used
            self._store.mark_mined(
                receipt.transaction_hash,
                receipt.block_number,
                receipt.block_hash,
                int(receipt.success),
                receipt.gas_used,
                now,
            )
            told = {"transaction_hash": receipt.transaction_hash}
            self._store.transition(stored.id, State.EXECUTING, State.STALE, now, "reverted on the chain", told)
            return f"executing ▸ stale: {receipt.transaction_hash} reverted"
        for signed in together:
            self._store.mark_dropped(signed.hash, now)
        self._store.transition(
            stored.id, State.EXECUTING, State.READY, now, "its sender's nonce was used otherwise", {}
        )
        return "executing ▸ ready: the keeper's nonce was used otherwise"

    def _is_final(self, block_number: int, seen: Look) -> bool:
        if self._finality.tag is None:
            return block_number <= seen.block.number - self._finality.confirmations + 1
        endpoint = self._services.endpoints.primary
        header = endpoint.request("eth_getBlockByNumber", self._finality.tag, False)
        return block_number <= parse_block(header, self._services.treasury.chain_id, endpoint.name).number

    def _outcome(self, proposal: Proposal, transaction_hash: str, success: bool) -> tuple[Outcome, int]:
        """What the transaction did to the Safe, and the chain time of its block."""
        treasury, endpoint = self._services.treasury, self._services.endpoints.primary
        raw = endpoint.request("eth_getTransactionReceipt", transaction_hash)
        receipt = parse_receipt(raw, transaction_hash, endpoint.name)
        if receipt is None:
            raise RpcUnavailable("the node shows an execution's log but not its receipt", value=transaction_hash)
        header = endpoint.request("eth_getBlockByNumber", to_quantity(receipt.block_number), False)
        realised = realised_changes(endpoint, treasury.chain_id, receipt, treasury.safe, treasury.multicall3)
        tokens = {line.token.address: line.token for line in proposal.holdings}
        outcome = Outcome(
            transaction_hash=transaction_hash,
            block_number=receipt.block_number,
            block_hash=receipt.block_hash,
            success=success,
            realised=_of_tokens(realised, tokens),
            expected=_of_tokens(proposal.simulation.changes, tokens),
            gas_used=receipt.gas_used,
            gas_cost=receipt.gas_cost,
        )
        return outcome, parse_block(header, treasury.chain_id, endpoint.name).timestamp

    def _settle_attempts(self, proposal_id: str, outcome: Outcome, at: int) -> None:
        """Ours was mined, or a stranger's transaction did the same and ours can only revert."""
        for attempt in self._store.attempts(proposal_id):
            if attempt.state not in _LIVE:
                continue
            if attempt.transaction_hash == outcome.transaction_hash:
                self._store.mark_mined(
                    attempt.transaction_hash, outcome.block_number, outcome.block_hash, 1, outcome.gas_used, at
                )
            else:
                self._store.mark_replaced(attempt.transaction_hash, at)

    def _plan(self, proposal_id: str, signed: Signed, at: int) -> None:
        self._store.plan_attempt(
            proposal_id, signed.sender, signed.nonce, signed.raw, signed.hash, signed.fees.as_dict(), at
        )


def _signed(attempt: StoredAttempt) -> Signed:
    return Signed(
        attempt.raw, attempt.transaction_hash, attempt.sender, attempt.sender_nonce, Fees.from_dict(dict(attempt.fees))
    )


def _of_tokens(changes: Sequence[AssetChange], tokens: dict[Address, Token]) -> tuple[tuple[Token, int], ...]:
    return tuple(
        (tokens[change.token], change.delta) for change in changes if change.token_id is None and change.token in tokens
    )
