"""Sending for an approved proposal, the same on every route: examined, intent recorded, sent once, taken up again."""

from __future__ import annotations

from dao_bot.domain.addresses import Address
from dao_bot.domain.lifecycle import State
from dao_bot.engine.execution import Execution, Purpose, Standing
from dao_bot.engine.look import Look
from dao_bot.engine.moves import move, stale
from dao_bot.engine.routes.port import Bench, Steps
from dao_bot.store.values import StoredProposal


def send_first(bench: Bench, execution: Execution, stored: StoredProposal, seen: Look, to: Address, data: bytes) -> str:
    """Ready ▸ executing: examine exactly this calldata again, then send it; stale when it may not be sent."""
    refusal, simulation = bench.examine(stored, seen, (to, data))
    if refusal is not None:
        return stale(bench.store, stored, seen, refusal)
    now = seen.block.timestamp

    def begin(transaction_hash: str) -> None:
        told = {"transaction_hash": transaction_hash}
        bench.store.transition(stored.id, State.READY, State.EXECUTING, now, "sending", told)

    return execution.send(stored, to, data, simulation.gas_used, now, begin)


def go_on(
    bench: Bench, execution: Execution, steps: Steps, stored: StoredProposal, seen: Look, purpose: Purpose
) -> str:
    """Executing: by what the chain says now, wait, send the same bytes again, or give up."""
    now = seen.block.timestamp
    late = now > stored.proposal.batch.valid_until
    taken = execution.take_up(stored, purpose, now, follow=not late)
    told = taken.words
    if taken.standing is Standing.NOTHING:
        return move(bench.store, stored, State.READY, seen, taken.words, {})
    if taken.standing is Standing.REVERTED:
        return stale(bench.store, stored, seen, taken.words)
    if taken.standing is Standing.DROPPED:
        refusal = None if late else bench.examine(stored, seen, (purpose.to, taken.data))[0]
        if late or refusal is not None:
            execution.give_up(stored, purpose, now)
        if late:
            why = "its deadline has passed, and no node has it"
            return move(bench.store, stored, State.READY, seen, why, {})
        if refusal is not None:
            return stale(bench.store, stored, seen, refusal)
        told = execution.send_again(stored, purpose, now)
    seen = bench.newer(seen)
    return steps.settle(stored, seen) if steps.is_used(stored, seen) else told
