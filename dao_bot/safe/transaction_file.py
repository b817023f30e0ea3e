"""A Safe transaction as a JSON file, with the field names of Safe's transaction service."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.calls import CallType
from dao_bot.domain.errors import BadInput
from dao_bot.safe.hashes import safe_tx_hash
from dao_bot.safe.json_input import address_at, hex_bytes, read_json_object, text_at, whole_number
from dao_bot.safe.transaction import SafeTransaction

_WHAT = "a Safe transaction"


@dataclass(frozen=True, slots=True)
class TransactionFile:
    """What the file says.

    Attributes:
        chain_id: None where the file does not name the chain, as the transaction service's answers do not.
        stated_hash: the safeTxHash that the file claims, 0x-hex, or None; never to be signed before it is recomputed.
    """

    chain_id: int | None
    safe: Address
    transaction: SafeTransaction
    stated_hash: str | None


def parse_transaction_file(raw: bytes) -> TransactionFile:
    """A transaction out of hostile bytes; every field that is hashed must be there.

    Raises:
        BadInput: it is malformed, or a field is missing.
    """
    content = read_json_object(raw, _WHAT)
    operation = whole_number(content.get("operation"), "operation of the transaction")
    if operation not in (0, 1):
        raise BadInput("a Safe knows calls and delegatecalls only", value=f"operation {operation}", limit="0 or 1")
    data = content.get("data")
    transaction = SafeTransaction(
        to=address_at(content, "to", _WHAT),
        value=_number(content, "value"),
        data=b"" if data is None else hex_bytes(text_at(content, "data", _WHAT), "data of the transaction"),
        operation=CallType(operation),
        nonce=_number(content, "nonce"),
        safe_tx_gas=_number(content, "safeTxGas"),
        base_gas=_number(content, "baseGas"),
        gas_price=_number(content, "gasPrice"),
        gas_token=_address_or_zero(content, "gasToken"),
        refund_receiver=_address_or_zero(content, "refundReceiver"),
    )
    stated = content.get("safeTxHash")
    if stated is not None and len(hex_bytes(text_at(content, "safeTxHash", _WHAT), "safeTxHash")) != 32:
        raise BadInput("the safeTxHash of the file is no hash", value=repr(stated)[:80], limit="32 bytes")
    return TransactionFile(
        chain_id=None if content.get("chainId") is None else _number(content, "chainId"),
        safe=address_at(content, "safe", _WHAT),
        transaction=transaction,
        stated_hash=None if stated is None else stated.lower(),
    )


def write_transaction_file(chain_id: int, safe: Address, transaction: SafeTransaction) -> bytes:
    """The same, for `dao-bot verify` on another machine."""
    content = {
        "chainId": str(chain_id),
        "safe": safe,
        "to": transaction.to,
        "value": str(transaction.value),
        "data": "0x" + transaction.data.hex(),
        "operation": int(transaction.operation),
        "safeTxGas": str(transaction.safe_tx_gas),
        "baseGas": str(transaction.base_gas),
        "gasPrice": str(transaction.gas_price),
        "gasToken": transaction.gas_token,
        "refundReceiver": transaction.refund_receiver,
        "nonce": str(transaction.nonce),
        "safeTxHash": "0x" + safe_tx_hash(chain_id, safe, transaction).hex(),
    }
    return json.dumps(content, indent=2).encode() + b"\n"


def _number(content: Mapping[str, Any], key: str) -> int:
    return whole_number(content.get(key), f"`{key}` of the transaction")


def _address_or_zero(content: Mapping[str, Any], key: str) -> Address:
    return ZERO_ADDRESS if content.get(key) is None else address_at(content, key, _WHAT)
