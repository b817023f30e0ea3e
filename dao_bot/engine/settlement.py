"""What became of what lets a proposal be executed once: by whom it was used, and what that did; from the chain."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dao_bot.chain.executions import SafeExecution, find_executions
from dao_bot.chain.fate import Finality, final_block
from dao_bot.chain.hexes import to_quantity
from dao_bot.chain.pinned import parse_block
from dao_bot.chain.realised import realised_changes
from dao_bot.chain.receipts import Receipt, parse_receipt
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import RpcUnavailable
from dao_bot.domain.lifecycle import State
from dao_bot.domain.proposals import Outcome, Proposal
from dao_bot.domain.runs import Block
from dao_bot.domain.simulation import AssetChange
from dao_bot.domain.tokens import Token
from dao_bot.engine.look import Look
from dao_bot.engine.services import Services
from dao_bot.engine.signing import batch_of, hash_of, rejection_of
from dao_bot.safe.state import read_safe
from dao_bot.store.store import Store
from dao_bot.store.values import AttemptState, StoredProposal

UNSETTLED = frozenset({AttemptState.PLANNED, AttemptState.BROADCAST})


class Settlement:
    """Settles proposals whose nonce the Safe has passed. Sends nothing, so it works without a keeper's key.

    Args:
        finality: when something on the chain counts.
    """

    def __init__(self, services: Services, store: Store, finality: Finality) -> None:
        self._services = services
        self._store = store
        self._finality = finality

    def settle(self, stored: StoredProposal, seen: Look) -> str:
        """Record what used the nonce of an open proposal: its batch, whoever sent it, or another transaction.

        The approval binds the bytes, not the nonce: when another transaction was first, the batch is queued again. That
        waits until it is final, because signatures for the old nonce would live again if it were undone, and the batch
        could be executed twice.
        """
        done = self._executions(stored, seen)
        ours = done.get(hash_of(self._services, batch_of(stored)))
        if ours is not None and not self._is_of_another(stored):
            return self.executed(stored, ours, seen)
        if not self._is_passed(stored, seen):
            return f"waits until what used nonce {stored.nonce} is final"
        _require_all(done, stored, seen)
        now = seen.block.timestamp
        with self._store.transaction("requeue"):
            self._settle_attempts(stored.id, None, now)
            told = {"nonce": stored.nonce, "safe_nonce": seen.safe.nonce}
            self._store.transition(
                stored.id, stored.state, State.SUCCEEDED, now, "another transaction took its nonce", told
            )
        return f"{stored.state} ▸ succeeded: another transaction took nonce {stored.nonce}; it has to be signed again"

    def settle_left_open(self, stored: StoredProposal, seen: Look) -> str:
        """Record what used the nonce of a canceled or stale proposal: its rejection, the batch, or another."""
        done = self._executions(stored, seen)
        batch, rejection = (hash_of(self._services, each) for each in (batch_of(stored), rejection_of(stored)))
        if batch in done and not self._is_of_another(stored):
            return self.executed(stored, done[batch], seen)
        if not self._is_passed(stored, seen):
            return f"waits until what used nonce {stored.nonce} is final"
        if rejection not in done:
            _require_all(done, stored, seen)
            return self.close(stored, "another transaction took its nonce", None, self.final_block(seen))
        receipt, block = self.mined(done[rejection])
        return self.close(stored, "rejected on the chain", receipt, block)

    def close_late(self, stored: StoredProposal, seen: Look) -> str:
        """Record that the deadline in the bytes of a canceled or stale proposal has passed."""
        return self.close(stored, "its deadline has passed", None, seen.block)

    def close(self, stored: StoredProposal, how: str, receipt: Receipt | None, block: Block) -> str:
        """Record that since this block nothing that was signed for a canceled or stale proposal can be executed."""
        transaction_hash = receipt.transaction_hash if receipt else None
        with self._store.transaction("close"):
            self._settle_attempts(stored.id, receipt, block.timestamp)
            self._store.close_proposal(stored.id, block, how, transaction_hash)
        return f"closed: {how}" + (f" in {transaction_hash}" if transaction_hash else "")

    def _executions(self, stored: StoredProposal, seen: Look) -> Mapping[bytes, SafeExecution]:
        """All of the Safe since the proposal; where two operators are configured, what either of them shows."""
        endpoints, safe = self._services.endpoints, self._services.treasury.safe
        first, last = stored.proposal.block.number, seen.block.number
        found = find_executions(endpoints.primary, safe, first, last)
        if endpoints.second is not None:
            found = {**find_executions(endpoints.second, safe, first, last), **found}
        return found

    def _is_of_another(self, stored: StoredProposal) -> bool:
        """Whether the one execution at its nonce is that of another proposal, which may have the very same bytes."""
        rivals = self._store.with_nonce_from(self._services.treasury.safe, stored.nonce or 0)
        same = [each for each in rivals if each.nonce == stored.nonce and each.id != stored.id]
        return any(self._store.outcome(each.id) is not None for each in same)

    def executed(self, stored: StoredProposal, execution: SafeExecution, seen: Look) -> str:
        """Record an execution that was found on the chain, and what it did, once it is final."""
        if execution.block_number > self.final_block(seen).number:
            return f"executed in {execution.transaction_hash}, which is not final yet"
        receipt, block = self.mined(execution)
        final_at = self._final_since(block, seen)
        outcome = self._outcome(stored.proposal, receipt, execution.success)
        with self._store.transaction("settle"):
            self._settle_attempts(stored.id, receipt, block.timestamp)
            self._store.record_outcome(stored.id, outcome, block.timestamp, final_at)
        return (
            f"{stored.state} ▸ executed in {execution.transaction_hash}"
            if execution.success
            else f"{stored.state} ▸ failed: the Safe says so in {execution.transaction_hash}"
        )

    def _is_passed(self, stored: StoredProposal, seen: Look) -> bool:
        """Whether the Safe is past the proposal's nonce in a block that is final."""
        final = self.final_block(seen)
        if final == seen.block:
            return True
        (safe,) = self._services.endpoints.read(final, [read_safe(self._services.treasury.safe)])
        return stored.nonce is not None and safe.nonce > stored.nonce

    def _final_since(self, block: Block, seen: Look) -> int:
        """Chain time of the block that made it final; where the chain says what is, of the newest one when it did."""
        if self._finality.tag is not None:
            return seen.block.timestamp
        if self._finality.confirmations == 1:
            return block.timestamp
        endpoint, last = self._services.endpoints.primary, block.number + self._finality.confirmations - 1
        header = endpoint.request("eth_getBlockByNumber", to_quantity(last), False)
        return parse_block(header, self._services.treasury.chain_id, endpoint.name).timestamp

    def final_block(self, seen: Look) -> Block:
        """The newest that is final, at most the one that was looked at."""
        return final_block(self._services.endpoints.primary, seen.block, self._finality)

    def mined(self, execution: SafeExecution) -> tuple[Receipt, Block]:
        """The transaction of an execution, and its block."""
        endpoint = self._services.endpoints.primary
        raw, header = endpoint.batch(
            [
                ("eth_getTransactionReceipt", (execution.transaction_hash,)),
                ("eth_getBlockByNumber", (to_quantity(execution.block_number), False)),
            ]
        )
        receipt = parse_receipt(raw, execution.transaction_hash, endpoint.name)
        block = parse_block(header, self._services.treasury.chain_id, endpoint.name)
        if receipt is None or receipt.block_hash != block.hash:
            raise RpcUnavailable(
                "the node shows an execution's log, but not its receipt in the same block",
                value=execution.transaction_hash,
                next_step="Wait until it has caught up, or use another node",
            )
        return receipt, block

    def _outcome(self, proposal: Proposal, receipt: Receipt, success: bool) -> Outcome:
        treasury, endpoint = self._services.treasury, self._services.endpoints.primary
        realised = realised_changes(endpoint, treasury.chain_id, receipt, treasury.safe, treasury.multicall3)
        tokens = {line.token.address: line.token for line in proposal.holdings}
        return Outcome(
            transaction_hash=receipt.transaction_hash,
            block_number=receipt.block_number,
            block_hash=receipt.block_hash,
            success=success,
            realised=_of_tokens(realised, tokens),
            expected=_of_tokens(proposal.simulation.changes, tokens),
            gas_used=receipt.gas_used,
            gas_cost=receipt.gas_cost,
        )

    def _settle_attempts(self, proposal_id: str, receipt: Receipt | None, at: int) -> None:
        """Ours was mined; or another transaction was first, and what is left of ours can only revert."""
        for attempt in self._store.attempts(proposal_id):
            if receipt is not None and attempt.transaction_hash == receipt.transaction_hash:
                self._store.mark_mined(
                    attempt.transaction_hash, receipt.block_number, receipt.block_hash, 1, receipt.gas_used, at
                )
            elif attempt.state in UNSETTLED:
                self._store.mark_replaced(attempt.transaction_hash, at)


def _require_all(done: Mapping[bytes, SafeExecution], stored: StoredProposal, seen: Look) -> None:
    """That a batch is not among the executions means that it was not executed only where none of them is missing.

    After the deadline in its bytes it cannot be executed any more, so that a missing one does no harm.
    """
    proposal = stored.proposal
    shown = sum(each.block_number > proposal.block.number for each in done.values())
    used = seen.safe.nonce - proposal.safe_nonce
    if shown < used and seen.block.timestamp <= proposal.batch.valid_until:
        raise RpcUnavailable(
            "the Safe has used more nonces than the nodes show executions",
            value=f"{shown} executions in blocks {proposal.block.number + 1} to {seen.block.number}",
            limit=f"{used}, from nonce {proposal.safe_nonce} to {seen.safe.nonce}",
            next_step="Wait until the node has indexed its logs, or use another one; nothing is signed again meanwhile",
        )


def _of_tokens(changes: Sequence[AssetChange], tokens: dict[Address, Token]) -> tuple[tuple[Token, int], ...]:
    return tuple(
        (tokens[change.token], change.delta) for change in changes if change.token_id is None and change.token in tokens
    )
