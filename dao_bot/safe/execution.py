"""Calldata of `execTransaction`."""

from __future__ import annotations

from dao_bot.chain.abi import function
from dao_bot.domain.addresses import ZERO_ADDRESS
from dao_bot.domain.calls import MULTISIG, CallType, WrappedTransaction
from dao_bot.domain.errors import Refused
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


def executed_transaction(calldata: bytes) -> WrappedTransaction:
    """What the Safe executes in calldata of `execTransaction` that somebody else made.

    Raises:
        BadInput: it is another call, or in an unusual encoding.
        Refused: the Safe would pay for gas, or swallow a failure.
    """
    to, value, data, operation, *gas, gas_token, receiver, _ = _EXEC.arguments(calldata)
    if any(gas) or (gas_token, receiver) != (ZERO_ADDRESS, ZERO_ADDRESS):
        raise Refused(
            "the Safe would pay for the gas of this transaction, or swallow its failure", limit="all gas fields 0"
        )
    if operation not in (CallType.CALL, CallType.DELEGATECALL):
        raise Refused("the Safe knows no such operation", value=operation, limit="0 or 1")
    return WrappedTransaction(MULTISIG, to, value, data, CallType(operation))
