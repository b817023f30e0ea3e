"""Reorganisations: what is in no block any more, executions and rejections, is undone in the record, never in money.

What happens then is what happens to any proposal: the Safe's nonce (or the module's salt) says whether it is executed
in the new branch already, and only if it is not are the same signed bytes sent again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from dao_bot.chain.hexes import to_quantity
from dao_bot.chain.pinned import parse_block
from dao_bot.domain.errors import DaoBotError
from dao_bot.domain.lifecycle import State
from dao_bot.engine.look import Look
from dao_bot.engine.services import Services
from dao_bot.engine.settlement import UNSETTLED
from dao_bot.store.store import Store
from dao_bot.store.values import StoredOutcome, StoredProposal

WATCHED_SECONDS = 7 * 86_400
"""Chain time for which the block of an execution is looked at again, whatever the chain's finality is set to."""


def roll_back_undone(services: Services, store: Store, seen: Look) -> Iterator[tuple[str, str]]:
    """Take back every recent execution, and open again what was closed, whose block another one replaced.

    One round trip where there are any. A node that does not show the block proves nothing.

    Yields:
        proposal id, what was done in words.

    Raises:
        RpcUnavailable, RpcFault: the node does not tell.
    """
    safe, since = services.treasury.safe, max(seen.block.timestamp - WATCHED_SECONDS, 0)
    executed, closed = store.executed_since(safe, since), store.closed_since(safe, since)
    if not executed and not closed:
        return
    numbers = {known.outcome.block_number for _, known in executed} | {number for _, number, _ in closed}
    blocks = _hashes(services, sorted(numbers))
    for stored, known in executed:
        outcome = known.outcome
        if blocks.get(outcome.block_number, outcome.block_hash) != outcome.block_hash:
            try:
                yield stored.id, _roll_back(store, stored, known, seen)
            except DaoBotError as error:
                yield stored.id, f"its execution left the chain, but could not be rolled back: {error}"
    for proposal_id, number, hash_ in closed:
        if blocks.get(number, hash_) != hash_:
            why = f"block {number}, in which it was closed, left the chain"
            store.reopen_proposal(proposal_id, seen.block.timestamp, why)
            yield proposal_id, f"it is open again: {why}"


def _hashes(services: Services, numbers: Sequence[int]) -> Mapping[int, str]:
    """Of the blocks that the node shows now, by number."""
    node = services.endpoints.primary
    headers = node.batch([("eth_getBlockByNumber", (to_quantity(number), False)) for number in numbers])
    return {
        number: parse_block(header, services.treasury.chain_id, node.name).hash
        for number, header in zip(numbers, headers, strict=True)
        if header is not None
    }


def _roll_back(store: Store, stored: StoredProposal, known: StoredOutcome, seen: Look) -> str:
    """Executed ▸ ready; and on to executing where a transaction of the keeper may get into a block again."""
    number, now = known.outcome.block_number, seen.block.timestamp
    why = f"block {number} with {known.outcome.transaction_hash} left the chain"
    with store.transaction("reorg"):
        store.roll_back_execution(stored.id, now, why)
        under_way = [each for each in store.attempts(stored.id) if each.state in UNSETTLED]
        if under_way:
            told = {"transaction_hash": under_way[-1].transaction_hash}
            store.transition(stored.id, State.READY, State.EXECUTING, now, "sending", told)
    return f"its execution was rolled back: {why}"
