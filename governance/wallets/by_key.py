"""Signing with a member's or a steward's key: statements, votes and links; never a hash from outside."""

from __future__ import annotations

from governance.wallets.signatures import personal_hash
from governance.wallets.siwe import SiweMessage
from governance.wallets.statement import Statement
from governance.wallets.typed_data import VoteMessage


def sign(key: bytes, message: Statement | VoteMessage | SiweMessage) -> str:
    """The key's signature, 0x-hex, as a wallet would make it (EIP-191, or EIP-712 for votes).

    Args:
        key: the private key, 32 bytes, checked. Never shown.
    """
    from eth_keys.datatypes import PrivateKey

    digest = message.digest if isinstance(message, VoteMessage) else personal_hash(message.text())
    made = PrivateKey(key).sign_msg_hash(digest)
    raw: bytes = made.r.to_bytes(32, "big") + made.s.to_bytes(32, "big") + bytes([made.v + 27])
    return f"0x{raw.hex()}"
