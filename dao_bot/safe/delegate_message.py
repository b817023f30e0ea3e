"""What an owner signs to let somebody propose, or propose no more, at the transaction service (EIP-712)."""

from __future__ import annotations

from typing import Any

from dao_bot.domain.addresses import Address

PERIOD = 3_600
"""Seconds for which a message is made; the service also accepts the one of the period before."""


def delegate_message(chain_id: int, delegate: Address, now: float) -> dict[str, Any]:
    """The EIP-712 message that an owner signs to add or to remove a delegate, as wallets take it.

    It names neither the Safe nor whether it adds or removes: whoever has the signature can do both until it runs out.

    Args:
        now: epoch seconds.
    """
    from eth_utils.address import to_checksum_address
    from safe_eth.safe.api.transaction_service_api.transaction_service_messages import get_delegate_message

    message = get_delegate_message(to_checksum_address(delegate), chain_id)
    return {**message, "message": {**message["message"], "totp": int(now) // PERIOD}}


def delegate_digest(chain_id: int, delegate: Address, now: float) -> bytes:
    """The 32 bytes that are signed: the EIP-712 hash of `delegate_message`."""
    from safe_eth.eth.eip712 import eip712_encode_hash

    return bytes(eip712_encode_hash(delegate_message(chain_id, delegate, now)))


def runs_out_at(now: float) -> int:
    """Until when (epoch seconds) the service accepts a message made now."""
    return (int(now) // PERIOD + 2) * PERIOD
