"""Nonces: given out by the server to one person for one purpose, valid for minutes, spent once; a fold over events."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from governance.wallets.errors import InvalidNonce
from governance.wallets.person import Person
from governance.wallets.sign_in import Purpose

NONCE_ISSUED = "wallet nonce issued"
LIFETIME = 600
"""Seconds."""


@dataclass(frozen=True, slots=True)
class NonceIssued:
    """A nonce was given out. A newer one for the same person replaces it."""

    nonce: str
    person: Person
    purpose: Purpose
    at: int
    expires: int

    kind: ClassVar[str] = NONCE_ISSUED

    def body(self) -> dict[str, object]:
        """For the record."""
        return {
            "nonce": self.nonce,
            "guild": self.person.guild,
            "user": self.person.user,
            "purpose": self.purpose.value,
            "at": self.at,
            "expires": self.expires,
        }

    @classmethod
    def from_body(cls, body: Mapping[str, Any]) -> NonceIssued:
        """What `body` wrote."""
        person = Person(body["guild"], body["user"])
        return cls(body["nonce"], person, Purpose(body["purpose"]), int(body["at"]), int(body["expires"]))


class Nonces:
    """The state that follows from events in the order of the record.

    Attributes:
        latest: the latest time that any event told: a clock that goes back revives nothing.
    """

    def __init__(self) -> None:
        self.latest = 0
        self._live: dict[Person, NonceIssued] = {}
        self._given: dict[str, Person] = {}

    def issued(self, event: NonceIssued) -> None:
        """Take note of a nonce; one that was given out before stays with its first owner."""
        self.latest = max(self.latest, event.at)
        if event.nonce not in self._given:
            self._given[event.nonce] = event.person
            self._live[event.person] = event

    def seen(self, at: int, spent: str | None = None) -> None:
        """Take note of the time of another event, and of the nonce that it used up."""
        self.latest = max(self.latest, at)
        person = self._given.get(spent) if spent is not None else None
        if person in self._live and self._live[person].nonce == spent:
            del self._live[person]

    def issue(self, person: Person, purpose: Purpose, now: int, *, lifetime: int = LIFETIME) -> NonceIssued:
        """A new nonce, to be recorded before it leaves the server."""
        at = max(now, self.latest)
        return NonceIssued(secrets.token_hex(16), person, purpose, at, at + lifetime)

    def find(self, nonce: str, person: Person | None, now: int) -> NonceIssued:
        """The nonce as it was given out, whatever for, if it can be used now; by this person, where he is known.

        Raises:
            InvalidNonce: as `require`.
        """
        owner = self._given.get(nonce)
        if owner is None:
            raise _invalid("the nonce is unknown", nonce)
        live = self._live.get(owner)
        return self.require(nonce, person or owner, live.purpose if live else Purpose.LINK, now)

    def require(self, nonce: str, person: Person, purpose: Purpose, now: int) -> NonceIssued:
        """The nonce as it was given out, if this person can use it now.

        Raises:
            InvalidNonce: it was not given out, or to somebody else or for something else, or it is spent, replaced or
                expired.
        """
        owner, found = self._given.get(nonce), self._live.get(person)
        if owner is None:
            raise _invalid("the nonce is unknown", nonce)
        if owner != person:
            raise _invalid("the nonce was given to somebody else", nonce)
        if found is None or found.nonce != nonce:
            raise _invalid("the nonce is spent, or replaced by a newer one", nonce)
        if found.purpose is not purpose:
            raise _invalid(f"the nonce was given out to {found.purpose.value} a wallet", nonce)
        if max(now, self.latest) >= found.expires:
            raise _invalid("the nonce has expired", nonce)
        return found


def _invalid(what: str, nonce: str) -> InvalidNonce:
    return InvalidNonce(what, value=repr(nonce)[:80], next_step="Ask for a new link and sign again")
