"""Receipts: what a mined transaction did, what it cost, and whether a Safe transaction succeeded in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dao_bot.chain import hexes
from dao_bot.chain.logs import Log, parse_log
from dao_bot.domain.addresses import Address
from dao_bot.domain.hashing import keccak

EXECUTION_SUCCESS = keccak(b"ExecutionSuccess(bytes32,uint256)")
EXECUTION_FAILURE = keccak(b"ExecutionFailure(bytes32,uint256)")


@dataclass(frozen=True, slots=True)
class Receipt:
    """A mined transaction.

    Attributes:
        success: the outer status; a Safe transaction inside may have failed all the same, see `safe_execution`.
        gas_cost: wei that the sender paid, with the part for the layer below where the chain has one.
    """

    transaction_hash: str
    block_number: int
    block_hash: str
    sender: Address
    to: Address | None
    success: bool
    gas_used: int
    gas_cost: int
    logs: tuple[Log, ...]


def parse_receipt(raw: object, transaction_hash: str, node: str) -> Receipt | None:
    """The answer to `eth_getTransactionReceipt`; None when it is not mined.

    Raises:
        RpcUnavailable: it is no receipt, or that of another transaction.
    """
    if raw is None:
        return None
    what = f"a receipt of {node}"
    if not isinstance(raw, dict) or not isinstance(raw.get("logs"), list):
        raise hexes.nonsense(what, raw, "a receipt")
    if hexes.hash32(raw.get("transactionHash"), what) != transaction_hash:
        raise hexes.nonsense(what, raw.get("transactionHash"), f"the receipt of {transaction_hash}")
    gas_used = hexes.quantity(raw.get("gasUsed"), what)
    price = hexes.quantity(raw.get("effectiveGasPrice", "0x0"), what)
    l1_fee = hexes.quantity(raw["l1Fee"], what) if raw.get("l1Fee") is not None else 0
    return Receipt(
        transaction_hash,
        hexes.quantity(raw.get("blockNumber"), what),
        hexes.hash32(raw.get("blockHash"), what),
        hexes.address(raw.get("from"), what),
        hexes.address(raw["to"], what) if raw.get("to") is not None else None,
        hexes.quantity(raw.get("status"), what) == 1,
        gas_used,
        gas_used * price + l1_fee,
        tuple(parse_log(log, node) for log in raw["logs"]),
    )


def safe_execution(logs: Iterable[Log], safe: Address, safe_tx_hash: bytes) -> bool | None:
    """Whether the Safe executed this transaction with success; None when the logs do not speak of it."""
    told = (safe_execution_of(log, safe) for log in logs)
    return next((each[1] for each in told if each is not None and each[0] == safe_tx_hash), None)


def safe_execution_of(log: Log, safe: Address) -> tuple[bytes, bool] | None:
    """safeTxHash and success, where the log is of an execution of this Safe.

    The hash is a topic from Safe 1.4.0 on, and the first word of the data before.
    """
    if log.address != safe or not log.topics or log.topics[0] not in (EXECUTION_SUCCESS, EXECUTION_FAILURE):
        return None
    return (log.topics[1] if len(log.topics) == 2 else log.data[:32]), log.topics[0] == EXECUTION_SUCCESS
