"""Requests pinned to one block: by its hash (EIP-1898), or by number and a check where a node refuses hashes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dao_bot.chain.answers import RpcFault
from dao_bot.chain.hexes import hash32, nonsense, quantity, to_quantity
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.errors import RpcDisagreement, RpcUnavailable
from dao_bot.domain.runs import Block

_INVALID_PARAMS = -32602
_BLOCK_IS_GONE = (
    "not found",
    "canonical",
    "unknown block",
    "missing trie node",
    "pruned",
    "out of range",
    "outofrange",
)


def parse_block(raw: object, chain_id: int, node: str) -> Block:
    """The header of `eth_getBlockBy…`.

    Raises:
        RpcUnavailable: it is no header.
    """
    if not isinstance(raw, dict):
        raise nonsense(f"a block of {node}", raw, "a header")
    return Block(
        chain_id,
        quantity(raw.get("number"), f"the number of a block of {node}"),
        hash32(raw.get("hash"), f"the hash of a block of {node}"),
        quantity(raw.get("timestamp"), f"the time of a block of {node}"),
    )


def settle_at(endpoint: Endpoint, block: Block, requests: Sequence[tuple[str, Sequence[Any]]]) -> list[Any]:
    """One batch of (method, params) whose last parameter, the block, is added here.

    Each answer is a result or an `RpcFault`, as with `Endpoint.settle`.

    Raises:
        RpcUnavailable: the node does not have the block, or its state.
        RpcDisagreement: the node has another block at that number.
    """
    if endpoint.pins_by_hash:
        by_hash = {"blockHash": block.hash, "requireCanonical": True}
        answers = endpoint.settle([(method, [*params, by_hash]) for method, params in requests])
        faults = [answer for answer in answers if isinstance(answer, RpcFault)]
        if not any(fault.code == _INVALID_PARAMS for fault in faults):
            _require_state(endpoint, block, faults)
            return answers
        endpoint.pins_by_hash = False
    number = to_quantity(block.number)
    pinned = [(method, [*params, number]) for method, params in requests]
    *answers, header = endpoint.settle([*pinned, ("eth_getBlockByNumber", [number, False])])
    faults = [answer for answer in [*answers, header] if isinstance(answer, RpcFault)]
    _require_state(endpoint, block, faults)
    there = (
        None if isinstance(header, RpcFault) or header is None else parse_block(header, block.chain_id, endpoint.name)
    )
    if there is None or there.hash != block.hash:
        raise RpcDisagreement(
            f"{endpoint.name} has another block at number {block.number} than the one this run is pinned to",
            value=there.hash if there else "no block",
            limit=block.hash,
            next_step="Run again: the chain was reorganised, or this node follows another fork",
        )
    return answers


def _require_state(endpoint: Endpoint, block: Block, faults: Sequence[RpcFault]) -> None:
    for fault in faults:
        if fault.revert_data is None and any(words in fault.message.lower() for words in _BLOCK_IS_GONE):
            if fault.is_unknown_method:
                continue
            raise RpcUnavailable(
                f"{endpoint.name} does not have block {block.number} ({block.hash}) or its state: {fault.message}",
                next_step="Run again; if it stays, use a node that keeps the latest states",
            ) from fault
