"""A Safe transaction as wallets sign it: typed data for `eth_signTypedData_v4` (EIP-712)."""

from __future__ import annotations

from typing import Any

from dao_bot.domain.addresses import Address
from dao_bot.safe.transaction import SafeTransaction

_FIELDS = (
    ("to", "address"),
    ("value", "uint256"),
    ("data", "bytes"),
    ("operation", "uint8"),
    ("safeTxGas", "uint256"),
    ("baseGas", "uint256"),
    ("gasPrice", "uint256"),
    ("gasToken", "address"),
    ("refundReceiver", "address"),
    ("nonce", "uint256"),
)


def safe_typed_data(chain_id: int, safe: Address, transaction: SafeTransaction) -> dict[str, Any]:
    """Its hash is the safeTxHash. Numbers are decimal texts, because JavaScript loses those above 2^53."""
    return {
        "domain": {"chainId": chain_id, "verifyingContract": safe},
        "types": {
            "EIP712Domain": [
                {"name": "chainId", "type": "uint256"},
                {"name": "verifyingContract", "type": "address"},
            ],
            "SafeTx": [{"name": name, "type": kind} for name, kind in _FIELDS],
        },
        "primaryType": "SafeTx",
        "message": {
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
        },
    }
