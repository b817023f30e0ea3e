"""The key of a role's member: it signs module transactions, which another account sends, and takes them back."""

from __future__ import annotations

from dao_bot.domain.addresses import Address
from dao_bot.engine.execution import Execution


class ModuleSigner:
    """One key.

    It never sends what it signed: a member's own call passes without its signature and salt being looked at, and would
    pay as often as it is sent.

    Attributes:
        address: the key's.
        execution: sends with this key, but nothing except invalidations.
    """

    def __init__(self, key: bytes, execution: Execution) -> None:
        from eth_account import Account

        self._account = Account.from_key(key)
        self.address = Address(self._account.address)
        self.execution = execution

    def __repr__(self) -> str:
        return f"ModuleSigner({self.address})"

    def sign(self, digest: bytes) -> bytes:
        """r, s, v of a hash that this program computed; the same each time (RFC 6979)."""
        made = self._account.unsafe_sign_hash(digest)
        signature: bytes = made.r.to_bytes(32, "big") + made.s.to_bytes(32, "big") + bytes([made.v])
        return signature
