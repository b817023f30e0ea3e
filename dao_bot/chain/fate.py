"""What became of the keeper's transactions, read from the chain alone."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dao_bot.chain import hexes
from dao_bot.chain.pinned import parse_block
from dao_bot.chain.receipts import Receipt, parse_receipt
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.addresses import Address
from dao_bot.domain.runs import Block


class Fate(enum.StrEnum):
    """Of all attempts for one nonce of one sender.

    MINED: one of them stands in a block. PENDING: a node has one in its pool. DROPPED: no attempt is anywhere, and the
    nonce is free: the same bytes may be sent again. REPLACED: a transaction that is none of them took the nonce.
    """

    MINED = "mined"
    PENDING = "pending"
    DROPPED = "dropped"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Finality:
    """When a block counts as final.

    Attributes:
        confirmations: blocks including the one of the transaction.
        tag: `finalized` or `safe`, where the chain has it; then it decides alone.
    """

    confirmations: int = 1
    tag: str | None = None


def final_block(endpoint: Endpoint, head: Block, finality: Finality) -> Block:
    """The newest block that is final by the word of one node, at most `head`."""
    if finality.tag is None and finality.confirmations == 1:
        return head
    which = finality.tag or hexes.to_quantity(max(head.number - finality.confirmations + 1, 0))
    final = parse_block(endpoint.request("eth_getBlockByNumber", which, False), head.chain_id, endpoint.name)
    return min(final, head, key=lambda block: block.number)


@dataclass(frozen=True, slots=True)
class Attempts:
    """All transactions that the keeper signed for one nonce, in any order; at most one of them can be mined."""

    sender: Address
    nonce: int
    hashes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """What the chain says of `Attempts`.

    Attributes:
        final: the block that decided it (MINED, REPLACED) is final; what is not may still be undone by a reorg.
        receipt: of the one that was mined.
        head: the node's latest block when it was asked.
    """

    fate: Fate
    final: bool
    receipt: Receipt | None
    head: Block


def look_up(endpoint: Endpoint, chain_id: int, all_attempts: Sequence[Attempts], finality: Finality) -> list[Found]:
    """The fate of each, in two round trips for all of them together; one more when a nonce seems to be taken.

    A node that lags behind says DROPPED or PENDING of what is mined elsewhere, so those are never a reason to sign for
    another nonce; the same nonce cannot be used twice.

    Raises:
        RpcUnavailable, RpcFault: the node does not tell.
    """
    head, final_number = _heads(endpoint, chain_id, finality)
    final_block = hexes.to_quantity(max(final_number, 0))
    requests: list[tuple[str, tuple[object, ...]]] = []
    for attempts in all_attempts:
        requests += [("eth_getTransactionCount", (attempts.sender, block)) for block in ("latest", final_block)]
        requests += _questions(attempts)
    answers = iter(endpoint.batch(requests))
    found: list[Found] = []
    for attempts in all_attempts:
        count, final_count = (hexes.quantity(next(answers), f"a nonce of {endpoint.name}") for _ in range(2))
        receipt, is_known = _told(attempts, answers, endpoint.name)
        if receipt is None and count > attempts.nonce:
            # Nodes raise the nonce a moment before they show the receipt. Now that the nonce was seen, ask once more.
            receipt, is_known = _told(attempts, iter(endpoint.batch(_questions(attempts))), endpoint.name)
        if receipt is not None:
            found.append(Found(Fate.MINED, receipt.block_number <= final_number, receipt, head))
        elif is_known or count <= attempts.nonce:
            found.append(Found(Fate.PENDING if is_known else Fate.DROPPED, False, None, head))
        else:
            found.append(Found(Fate.REPLACED, final_count > attempts.nonce, None, head))
    return found


def _heads(endpoint: Endpoint, chain_id: int, finality: Finality) -> tuple[Block, int]:
    tags = ["latest", *([finality.tag] if finality.tag else [])]
    headers = endpoint.batch([("eth_getBlockByNumber", (tag, False)) for tag in tags])
    head = parse_block(headers[0], chain_id, endpoint.name)
    if finality.tag:
        return head, parse_block(headers[1], chain_id, endpoint.name).number
    return head, head.number - finality.confirmations + 1


def _questions(attempts: Attempts) -> list[tuple[str, tuple[object, ...]]]:
    methods = ("eth_getTransactionReceipt", "eth_getTransactionByHash")
    return [(method, (transaction_hash,)) for transaction_hash in attempts.hashes for method in methods]


def _told(attempts: Attempts, answers: Iterator[object], node: str) -> tuple[Receipt | None, bool]:
    """The receipt of the attempt that was mined, and whether the node knows any of them at all."""
    pairs = [(parse_receipt(next(answers), each, node), next(answers)) for each in attempts.hashes]
    receipt = next((receipt for receipt, _ in pairs if receipt is not None), None)
    return receipt, any(transaction is not None for _, transaction in pairs)


def next_nonce(endpoint: Endpoint, sender: Address, in_flight: Sequence[int] = ()) -> int:
    """The nonce for a new transaction: what the chain and the pool say, but beyond every one that is in flight.

    `in_flight` are nonces for which something was signed and nothing is known to be mined; a pool forgets, the
    record does not.
    """
    pending = hexes.quantity(
        endpoint.request("eth_getTransactionCount", sender, "pending"), f"a nonce of {endpoint.name}"
    )
    return max([pending, *(nonce + 1 for nonce in in_flight)])
