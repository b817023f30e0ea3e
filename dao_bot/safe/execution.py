"""Calldata of `execTransaction`, written and read back."""

from __future__ import annotations

from dao_bot.chain.abi import function
from dao_bot.domain.calls import CallType
from dao_bot.domain.errors import BadInput
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


def decode_execution(calldata: bytes, nonce: int) -> tuple[SafeTransaction, bytes]:
    """The transaction and its signatures out of `execTransaction`; its nonce is the Safe's, and stands elsewhere.

    Raises:
        BadInput: other calldata, an unusual encoding, or an operation that Safes do not have.
    """
    to, value, data, operation, safe_tx_gas, base_gas, gas_price, gas_token, refund_receiver, signatures = (
        _EXEC.arguments(calldata)
    )
    if operation not in (0, 1):
        raise BadInput("a Safe knows calls and delegatecalls only", value=f"operation {operation}", limit="0 or 1")
    transaction = SafeTransaction(
        to=to,
        value=value,
        data=data,
        operation=CallType(operation),
        nonce=nonce,
        safe_tx_gas=safe_tx_gas,
        base_gas=base_gas,
        gas_price=gas_price,
        gas_token=gas_token,
        refund_receiver=refund_receiver,
    )
    return transaction, signatures
