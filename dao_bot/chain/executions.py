"""Which transactions of a Safe were executed, and when: found in its own logs or its module's, whoever sent them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dao_bot.chain import hexes
from dao_bot.chain.answers import RpcFault
from dao_bot.chain.logs import parse_log
from dao_bot.chain.receipts import EXECUTION_FAILURE, EXECUTION_SUCCESS, safe_execution_of
from dao_bot.chain.rpc import Endpoint
from dao_bot.domain.addresses import Address
from dao_bot.domain.hashing import keccak

_HASH_EXECUTED = keccak(b"HashExecuted(bytes32)")
_HASH_INVALIDATED = keccak(b"HashInvalidated(bytes32)")
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

    Raises:
        RpcUnavailable, RpcFault: the node does not tell.
    """
    topics = [[hexes.to_data(EXECUTION_SUCCESS), hexes.to_data(EXECUTION_FAILURE)]]
    found: dict[bytes, SafeExecution] = {}
    for raw in logs_between(endpoint, safe, topics, first_block, last_block):
        told = safe_execution_of(parse_log(raw, endpoint.name), safe)
        if told is not None:
            found[told[0]] = _execution(raw, told[1], endpoint.name)
    return found


@dataclass(frozen=True, slots=True)
class ModuleEnd:
    """What used up a signed module transaction: it was executed, or it was invalidated."""

    execution: SafeExecution
    invalidated: bool


def find_module_ends(endpoint: Endpoint, roles: Address, first_block: int, last_block: int) -> dict[bytes, ModuleEnd]:
    """Every hash that a Roles module consumed in a range of blocks, both included (zodiac-core `ExecutionTracker`).

    Raises:
        RpcUnavailable, RpcFault: the node does not tell.
    """
    topics = [[hexes.to_data(_HASH_EXECUTED), hexes.to_data(_HASH_INVALIDATED)]]
    found: dict[bytes, ModuleEnd] = {}
    for raw in logs_between(endpoint, roles, topics, first_block, last_block):
        log = parse_log(raw, endpoint.name)
        if log.address == roles and len(log.data) == 32:
            # With `shouldRevert` a batch that fails leaves no event, so what was executed succeeded.
            execution = _execution(raw, True, endpoint.name)
            found[log.data] = ModuleEnd(execution, log.topics[0] == _HASH_INVALIDATED)
    return found


def logs_between(
    endpoint: Endpoint, address: Address, topics: Sequence[object], first_block: int, last_block: int
) -> Iterator[dict[str, Any]]:
    """Logs of a contract as the node has them, oldest first, in a range of blocks, both included.

    One round trip where the node takes the whole range; ranges that it refuses are halved.

    Raises:
        RpcUnavailable, RpcFault: the node does not tell.
    """
    waiting = [(first_block, last_block)]
    while waiting:
        first, last = waiting.pop()
        query = {
            "address": address,
            "fromBlock": hexes.to_quantity(first),
            "toBlock": hexes.to_quantity(last),
            "topics": topics,
        }
        answer = endpoint.settle([("eth_getLogs", (query,))])[0]
        if isinstance(answer, RpcFault):
            too_wide = any(words in answer.message.lower() for words in _RANGE_WORDS)
            if not too_wide or first == last:
                raise answer
            middle = (first + last) // 2
            waiting += [(middle + 1, last), (first, middle)]
            continue
        if not isinstance(answer, list) or not all(isinstance(raw, dict) for raw in answer):
            raise hexes.nonsense(f"eth_getLogs of {endpoint.name}", answer, "a list of logs")
        yield from (raw for raw in answer if raw.get("removed") is not True)


def _execution(raw: dict[str, Any], success: bool, node: str) -> SafeExecution:
    what = f"eth_getLogs of {node}"
    return SafeExecution(
        hexes.hash32(raw.get("transactionHash"), what),
        hexes.quantity(raw.get("blockNumber"), what),
        hexes.hash32(raw.get("blockHash"), what),
        success,
    )
