"""Which Safe transactions were executed, and when: found in the Safe's own logs, whoever sent them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from dao_bot.chain import hexes
from dao_bot.chain.answers import RpcFault
from dao_bot.chain.logs import parse_log
from dao_bot.chain.receipts import EXECUTION_FAILURE, EXECUTION_SUCCESS, safe_execution_of
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.addresses import Address

_RANGE_WORDS = ("range", "limit", "too many", "too large", "exceed", "more than", "timeout", "timed out")


@dataclass(frozen=True, slots=True)
class SafeExecution:
    """One execution of a Safe transaction; `success` is that of the Safe transaction, not of the outer one."""

    transaction_hash: str
    block_number: int
    block_hash: str
    success: bool


def find_execution(
    endpoint: Endpoint, safe: Address, safe_tx_hash: bytes, first_block: int, last_block: int
) -> SafeExecution | None:
    """The execution of a Safe transaction in a range of blocks, both included; None when there is none."""
    return find_executions(endpoint, safe, first_block, last_block).get(safe_tx_hash)


def find_executions(endpoint: Endpoint, safe: Address, first_block: int, last_block: int) -> dict[bytes, SafeExecution]:
    """All executions of a Safe in a range of blocks, both included, by safeTxHash.

    One round trip where the node takes the whole range; ranges that it refuses are halved.

    Raises:
        RpcUnavailable, RpcFault: the node does not tell.
    """
    found: dict[bytes, SafeExecution] = {}
    waiting = [(first_block, last_block)]
    while waiting:
        first, last = waiting.pop()
        answer = endpoint.settle([("eth_getLogs", (_query(safe, first, last),))])[0]
        if isinstance(answer, RpcFault):
            too_wide = any(words in answer.message.lower() for words in _RANGE_WORDS)
            if not too_wide or first == last:
                raise answer
            middle = (first + last) // 2
            waiting += [(first, middle), (middle + 1, last)]
            continue
        found.update(_read(answer, safe, endpoint.name))
    return found


def _query(safe: Address, first: int, last: int) -> dict[str, Any]:
    return {
        "address": safe,
        "fromBlock": hexes.to_quantity(first),
        "toBlock": hexes.to_quantity(last),
        "topics": [[hexes.to_data(EXECUTION_SUCCESS), hexes.to_data(EXECUTION_FAILURE)]],
    }


def _read(answer: object, safe: Address, node: str) -> Iterator[tuple[bytes, SafeExecution]]:
    what = f"eth_getLogs of {node}"
    if not isinstance(answer, list):
        raise hexes.nonsense(what, answer, "a list of logs")
    for raw in answer:
        told = safe_execution_of(parse_log(raw, node), safe)
        if told is not None and raw.get("removed") is not True:
            safe_tx_hash, success = told
            yield (
                safe_tx_hash,
                SafeExecution(
                    hexes.hash32(raw.get("transactionHash"), what),
                    hexes.quantity(raw.get("blockNumber"), what),
                    hexes.hash32(raw.get("blockHash"), what),
                    success,
                ),
            )
