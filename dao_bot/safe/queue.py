"""Where owners see proposals and leave signatures, beside the record: a port; nothing that comes back is believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from dao_bot.domain.addresses import Address
from dao_bot.safe.signatures import Signature
from dao_bot.safe.transaction import SafeTransaction


@dataclass(frozen=True, slots=True)
class Confirmation:
    """What is said to be an owner's signature, read but not verified.

    Attributes:
        owner: whose it is said to be.
        signature: None where the bytes are no signature that a Safe takes; `problem` then says why.
    """

    owner: Address
    signature: Signature | None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class QueuedTransaction:
    """A transaction that waits in the queue.

    Attributes:
        safe_tx_hash: 0x-hex, computed here from the fields.
    """

    safe_tx_hash: str
    transaction: SafeTransaction
    confirmations: tuple[Confirmation, ...]


@dataclass(frozen=True, slots=True)
class Listing:
    """What the queue says.

    Attributes:
        waiting: the transactions whose stated hash is the one of their fields.
        lies: in words, what was stated and is not true; somebody should look.
    """

    waiting: tuple[QueuedTransaction, ...]
    lies: tuple[str, ...] = ()

    def find(self, safe_tx_hash: str) -> QueuedTransaction | None:
        """The transaction with this hash, if it waits."""
        return next((each for each in self.waiting if each.safe_tx_hash == safe_tx_hash), None)


class OwnersQueue(Protocol):
    """A place where owners look for what to sign.

    Every method raises `ServiceUnavailable` when it cannot be asked now, and `ServiceRefused` when it says no.
    Repeating any of them does nothing new.
    """

    @property
    def name(self) -> str:
        """For people, without secrets."""
        ...

    def waiting(self, first_nonce: int) -> Listing:
        """What waits at this Safe nonce and later ones, from all pages."""
        ...

    def propose(self, transaction: SafeTransaction, owners: tuple[Address, ...], note: str) -> None:
        """Show it to the owners, as a proposal that nobody has confirmed.

        Args:
            owners: the Safe's present ones; who proposes may be none of them.
            note: where it comes from, for people.

        Raises:
            Refused: the proposer is an owner, so that proposing would approve.
        """
        ...

    def confirm(self, safe_tx_hash: str, signature: Signature) -> None:
        """Hand on an owner's signature that was collected elsewhere."""
        ...
