"""A Safe transaction as its owners sign it: the fields of the SafeTx struct."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.calls import CallType, WrappedTransaction
from dao_bot.domain.errors import BadInput

UINT256_LIMIT = 2**256


@dataclass(frozen=True, slots=True)
class SafeTransaction:
    """The fields in the order of `execTransaction`, with the nonce (Safe contracts 1.3.0 and later).

    Gas fields are 0 for everything this program makes: with `safe_tx_gas` 0 a failing call reverts the whole
    transaction, and without a gas price nothing is paid from the Safe to whoever sends it.
    """

    to: Address
    value: int
    data: bytes
    operation: CallType
    nonce: int
    safe_tx_gas: int = 0
    base_gas: int = 0
    gas_price: int = 0
    gas_token: Address = ZERO_ADDRESS
    refund_receiver: Address = ZERO_ADDRESS

    def __post_init__(self) -> None:
        for name in ("value", "nonce", "safe_tx_gas", "base_gas", "gas_price"):
            number = getattr(self, name)
            if not 0 <= number < UINT256_LIMIT:
                raise BadInput(f"{name} of a Safe transaction is out of range", value=number, limit="0 to 2**256 - 1")


def safe_transaction(wrapped: WrappedTransaction, nonce: int) -> SafeTransaction:
    """What owners sign for an approved batch, once it has its nonce."""
    return SafeTransaction(wrapped.to, wrapped.value, wrapped.data, wrapped.operation, nonce)


def rejection(safe: Address, nonce: int) -> SafeTransaction:
    """An empty call of the Safe to itself: once executed, nothing else can be at that nonce."""
    return SafeTransaction(safe, 0, b"", CallType.CALL, nonce)
