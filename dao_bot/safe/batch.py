"""The multisig route: calls become one delegatecall of the Safe to MultiSendCallOnly, and are read back from it."""

from __future__ import annotations

from collections.abc import Sequence

from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import MULTISIG, Call, CallType, WrappedTransaction
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.multisend import MULTI_SEND_SELECTOR, decode_multi_send, encode_multi_send

"""Name of this route in strategies.yaml and in the batch hash."""


def wrap_multisig(calls: Sequence[Call], multi_send_call_only: Address) -> WrappedTransaction:
    """The transaction that the Safe executes for `calls`; one call is wrapped as many are.

    Raises:
        BadInput: for an empty batch.
    """
    if not calls:
        raise BadInput("there is nothing to wrap", value="a batch without calls", limit="at least one call")
    return WrappedTransaction(MULTISIG, multi_send_call_only, 0, encode_multi_send(calls), CallType.DELEGATECALL)


def unwrap(
    to: Address, value: int, data: bytes, operation: CallType, multi_send_call_only: Address
) -> tuple[Call, ...]:
    """The calls that a Safe transaction will make, whoever made it.

    A plain call is itself; a batch through MultiSendCallOnly is its inner calls.

    Raises:
        Refused: for a delegatecall to anything else, which could do whatever it likes with the treasury.
        BadInput: for a batch that does not decode strictly.
    """
    if operation is CallType.CALL:
        if to == multi_send_call_only and data[:4] == MULTI_SEND_SELECTOR:
            raise Refused(
                "this batch calls MultiSendCallOnly instead of delegating to it, so nothing would act for the Safe",
                next_step="Make the transaction again with operation 1",
            )
        return (Call(to, data, value),)
    if to != multi_send_call_only:
        raise Refused(
            "a delegatecall to an unknown contract can take everything the Safe has",
            value=to,
            limit=f"MultiSendCallOnly at {multi_send_call_only}",
            next_step="Do not sign it",
        )
    if value:
        raise BadInput("a delegatecall carries a value that nothing will receive", value=value, limit=0)
    return decode_multi_send(data)
