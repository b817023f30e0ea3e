"""Transactions of unlocked or impersonated accounts, their receipts, deployments and reads."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dao_bot.devnet.abi import decode_result, encode_call, encode_creation
from dao_bot.devnet.accounts import DEPLOYER
from dao_bot.devnet.anvil import Anvil
from dao_bot.devnet.artifacts import Artifact
from dao_bot.devnet.errors import DevnetError
from dao_bot.domain.addresses import Address, checksum

_GAS = 15_000_000
"""Given to every transaction, so that the node need not estimate: half of anvil's block."""

_GAS_IN_A_FULL_BLOCK = 1_000_000
"""Enough for a swap, a payment or a stake, where many share a block."""

_PATIENCE = 30.0
"""Seconds to look for receipts, on a machine that is busy with other things."""


@dataclass(frozen=True, slots=True)
class Transaction:
    """What `transact` sends. `receiver` None creates a contract."""

    sender: str
    receiver: str | None
    data: str = "0x"
    value: int = 0

    def fields(self) -> dict[str, Any]:
        """As JSON-RPC wants it, without gas."""
        fields = {"from": self.sender, "data": self.data, "value": hex(self.value)}
        return fields if self.receiver is None else {**fields, "to": self.receiver}


def transact(anvil: Anvil, transaction: Transaction) -> dict[str, Any]:
    """Send one transaction, mine it, return its receipt.

    Raises:
        DevnetError: it reverted; the message has the reason.
    """
    return transact_all(anvil, [transaction])[0]


def transact_all(anvil: Anvil, transactions: Sequence[Transaction]) -> list[dict[str, Any]]:
    """Send transactions in this order, mine them, return their receipts. Faster than one by one.

    Raises:
        DevnetError: one of them reverted; the others may have been mined.
    """
    requests = _requests(transactions, _nonces(anvil, transactions), _GAS)
    with anvil.mining_by_hand():
        hashes = anvil.batch([("eth_sendTransaction", request) for request in requests])
        receipts = _receipts(anvil, hashes)
    _require_success(anvil, transactions, receipts)
    return receipts


def _nonces(anvil: Anvil, transactions: Sequence[Transaction]) -> dict[str, int]:
    senders = sorted({transaction.sender for transaction in transactions})
    counts = anvil.batch([("eth_getTransactionCount", (sender, "pending")) for sender in senders])
    return {sender: int(count, 16) for sender, count in zip(senders, counts, strict=True)}


def _requests(transactions: Sequence[Transaction], nonces: dict[str, int], gas: int) -> list[tuple[dict[str, Any]]]:
    requests = []
    for transaction in transactions:
        nonce = nonces[transaction.sender]
        nonces[transaction.sender] += 1
        requests.append(({**transaction.fields(), "gas": hex(gas), "nonce": hex(nonce)},))
    return requests


def _require_success(anvil: Anvil, transactions: Sequence[Transaction], receipts: Sequence[dict[str, Any]]) -> None:
    for transaction, receipt in zip(transactions, receipts, strict=True):
        if receipt["status"] != "0x1":
            raise DevnetError(f"a transaction on the local chain reverted: {_reason(anvil, transaction)}")


def transact_at(anvil: Anvil, blocks: Sequence[tuple[int, Sequence[Transaction]]]) -> None:
    """Mine one block for each (time, transactions); times must grow.

    Raises:
        DevnetError: a transaction reverted.
    """
    transactions = [transaction for _, each in blocks for transaction in each]
    nonces = _nonces(anvil, transactions)
    hashes: list[str] = []
    with anvil.mining_by_hand():
        for time_of_block, each in blocks:
            requests = _requests(each, nonces, _GAS_IN_A_FULL_BLOCK)
            # What is in one batch runs in any order, so the block is mined by a request of its own.
            hashes += anvil.batch([("eth_sendTransaction", request) for request in requests])
            anvil.rpc("evm_mine", time_of_block)
    _require_success(anvil, transactions, _receipts(anvil, hashes))


def _receipts(anvil: Anvil, hashes: Sequence[str]) -> list[dict[str, Any]]:
    start = time.monotonic()
    while True:
        anvil.mine()
        receipts: list[Any] = anvil.batch([("eth_getTransactionReceipt", (digest,)) for digest in hashes])
        if all(receipts):
            return receipts
        if time.monotonic() > start + _PATIENCE:
            raise DevnetError("transactions were not mined", value=f"{receipts.count(None)} of {len(hashes)}")
        time.sleep(0.002)


def _reason(anvil: Anvil, transaction: Transaction) -> str:
    try:
        anvil.rpc("eth_call", transaction.fields(), "latest")
    except DevnetError as error:
        return error.what
    return "it succeeds now, so it depended on the transactions before it"


def send(
    anvil: Anvil, sender: str, contract: str, artifact: Artifact, function: str, *arguments: Any
) -> dict[str, Any]:
    """Call a contract's function in a transaction; the receipt."""
    return transact(anvil, Transaction(sender, contract, encode_call(artifact, function, *arguments)))


def read(anvil: Anvil, contract: str, artifact: Artifact, function: str, *arguments: Any) -> Any:
    """What a view function returns: the value, or a tuple if there are several."""
    return read_all(anvil, [Read(contract, artifact, function, arguments)])[0]


@dataclass(frozen=True, slots=True)
class Read:
    """One call for `read_all`."""

    contract: str
    artifact: Artifact
    function: str
    arguments: tuple[Any, ...] = ()


def read_all(anvil: Anvil, reads: Sequence[Read]) -> list[Any]:
    """What view functions return, asked in one request; each as `read` gives it."""
    requests = [{"to": one.contract, "data": encode_call(one.artifact, one.function, *one.arguments)} for one in reads]
    results = anvil.batch([("eth_call", (request, "latest")) for request in requests])
    decoded = [
        decode_result(one.artifact, one.function, len(one.arguments), result)
        for one, result in zip(reads, results, strict=True)
    ]
    return [values[0] if len(values) == 1 else values for values in decoded]


def deploy(anvil: Anvil, artifact: Artifact, *arguments: Any, sender: str = DEPLOYER.address) -> Address:
    """Create a contract; its address."""
    receipt = transact(anvil, Transaction(sender, None, encode_creation(artifact, *arguments)))
    return checksum(receipt["contractAddress"])
