"""Events of the record that tell which wallets belong to whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from dao_bot.domain.addresses import Address, parse_address
from dao_bot.domain.errors import BadInput
from governance.wallets.errors import InvalidMessage
from governance.wallets.nonces import NONCE_ISSUED, NonceIssued
from governance.wallets.person import Person

LINKED = "wallet linked"
UNLINKED = "wallet unlinked"


@dataclass(frozen=True, slots=True)
class Linked:
    """A wallet signed that it belongs to a person; with message and signature, so that anybody can check it again.

    Attributes:
        at: chain time, epoch seconds.
        contract: the signature is a contract's (EIP-1271): it holds only as long as the contract says so.
    """

    wallet: Address
    person: Person
    at: int
    nonce: str
    message: str
    signature: bytes
    contract: bool

    kind: ClassVar[str] = LINKED

    def body(self) -> dict[str, object]:
        """For the record."""
        return {
            "wallet": self.wallet,
            "guild": self.person.guild,
            "user": self.person.user,
            "at": self.at,
            "nonce": self.nonce,
            "message": self.message,
            "signature": "0x" + self.signature.hex(),
            "contract": self.contract,
        }


@dataclass(frozen=True, slots=True)
class Unlinked:
    """A wallet belongs to nobody any more.

    Attributes:
        person: who asked for it: the owner; or anybody to whom the wallet signed it, which `nonce`, `message` and
            `signature` show.
    """

    wallet: Address
    person: Person
    at: int
    nonce: str | None = None
    message: str | None = None
    signature: bytes | None = None

    kind: ClassVar[str] = UNLINKED

    def body(self) -> dict[str, object]:
        """For the record."""
        return {
            "wallet": self.wallet,
            "guild": self.person.guild,
            "user": self.person.user,
            "at": self.at,
            "nonce": self.nonce,
            "message": self.message,
            "signature": None if self.signature is None else "0x" + self.signature.hex(),
        }


WalletEvent = NonceIssued | Linked | Unlinked
KINDS = frozenset({NONCE_ISSUED, LINKED, UNLINKED})
"""Kinds of events of the record that `wallet_event` reads."""


def wallet_event(kind: str, body: Mapping[str, Any]) -> WalletEvent:
    """The event that `kind` and `body` of the record hold.

    Raises:
        InvalidMessage: they hold none.
    """
    try:
        if kind == NONCE_ISSUED:
            return NonceIssued.from_body(body)
        person, wallet, at = Person(body["guild"], body["user"]), parse_address(body["wallet"]), int(body["at"])
        signature = None if body["signature"] is None else bytes.fromhex(body["signature"].removeprefix("0x"))
        if kind == LINKED and signature is not None:
            return Linked(wallet, person, at, body["nonce"], body["message"], signature, bool(body["contract"]))
        if kind == UNLINKED:
            return Unlinked(wallet, person, at, body["nonce"], body["message"], signature)
    except (KeyError, TypeError, ValueError, AttributeError, BadInput) as error:
        raise InvalidMessage("an event of the record does not hold what it says", value=f"{kind}: {error}") from error
    raise InvalidMessage("not an event about wallets", value=kind, limit=", ".join(sorted(KINDS)))
