"""Executing a Safe transaction: its calldata, and what the Safe means when it refuses."""

from __future__ import annotations

import re
from collections.abc import Mapping

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


SAFE_ERRORS: Mapping[str, str] = {
    "GS000": "the Safe could not be set up",
    "GS001": "the Safe is not set up: it has no threshold",
    "GS002": "the Safe's set-up calls an address without code",
    "GS010": "not enough gas for the transaction; send it with a higher gas limit",
    "GS011": "the Safe could not pay the gas refund in coins",
    "GS012": "the Safe could not pay the gas refund in tokens",
    "GS013": "one of the calls failed, so that nothing was done",
    "GS020": "too few signatures for the threshold",
    "GS021": "a contract's signature points into the other signatures",
    "GS022": "a contract's signature begins behind the end",
    "GS023": "a contract's signature ends behind the end",
    "GS024": "an owner's contract says that the signature is not its own",
    "GS025": "an owner has not approved the hash",
    "GS026": "a signature is by no owner, over another transaction or nonce, or they are not sorted",
    "GS030": "only an owner can approve a hash",
    "GS031": "only the Safe itself can call this function",
    "GS100": "the modules have been set up already",
    "GS101": "not a module's address",
    "GS102": "the module is enabled already",
    "GS103": "this is not the module before the one to be disabled",
    "GS104": "the caller is no enabled module",
    "GS105": "the first page of modules does not begin there",
    "GS106": "a page of modules cannot be empty",
    "GS200": "the owners have been set up already",
    "GS201": "the threshold would be larger than the number of owners",
    "GS202": "the threshold must be at least 1",
    "GS203": "not an owner's address",
    "GS204": "the address is an owner already",
    "GS205": "this is not the owner before the one to be removed",
    "GS300": "the guard does not say that it is one",
    "GS301": "the module guard does not say that it is one",
    "GS400": "the fallback handler cannot be the Safe itself",
}
"""What Safe's revert reasons mean (Safe contracts, docs/error_codes.md), with the usual cause."""

_CODE = re.compile(r"\bGS\d{3}\b")


def explain_safe_error(reason: str) -> str:
    """A revert reason with Safe's codes said in words; anything else comes back as it is."""
    match = _CODE.search(reason)
    meaning = SAFE_ERRORS.get(match[0]) if match else None
    return f"{meaning} ({match[0]})" if match and meaning else reason
