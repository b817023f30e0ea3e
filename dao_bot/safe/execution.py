"""Calldata of `execTransaction`."""

from __future__ import annotations

from dao_bot.chain.abi import function
from dao_bot.safe.transaction import SafeTransaction

_EXEC = function("execTransaction(address,uint256,bytes,uint8,uint256,uint256,uint256,address,address,bytes)", "(bool)")


def execution_calldata(transaction: SafeTransaction, signatures: bytes) -> bytes:
    """Calldata of `execTransaction`; anybody may send it to the Safe."""
    return _EXEC.encode(
        transaction.to,
        transaction.value,
        transaction.data,
        int(transaction.operation),
        transaction.safe_tx_gas,
        transaction.base_gas,
        transaction.gas_price,
        transaction.gas_token,
        transaction.refund_receiver,
        signatures,
    )
