"""Reorganisations: executions that are in no block any more are taken back in the record, never in money.

What happens then is what happens to any proposal: the Safe's nonce (or the module's salt) says whether it is executed
in the new branch already, and only if it is not are the same signed bytes sent again.
"""

from __future__ import annotations

from collections.abc import Iterator

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
    """Take back every recent execution whose block another one replaced; (proposal id, what was done in words).

    One round trip where there are recent executions. A node that does not show the block proves nothing.

    Raises:
        RpcUnavailable, RpcFault: the node does not tell.
    """
    recent = store.executed_since(services.treasury.safe, max(seen.block.timestamp - WATCHED_SECONDS, 0))
    if not recent:
        return
    node = services.endpoints.primary
    numbers = sorted({known.outcome.block_number for _, known in recent})
    headers = node.batch([("eth_getBlockByNumber", (to_quantity(number), False)) for number in numbers])
    blocks = {
        number: parse_block(header, services.treasury.chain_id, node.name).hash
        for number, header in zip(numbers, headers, strict=True)
        if header is not None
    }
    for stored, known in recent:
        now_there = blocks.get(known.outcome.block_number)
        if now_there is not None and now_there != known.outcome.block_hash:
            try:
                yield stored.id, _roll_back(store, stored, known, seen)
            except DaoBotError as error:
                yield stored.id, f"its execution left the chain, but could not be rolled back: {error}"


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
