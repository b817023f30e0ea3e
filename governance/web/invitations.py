"""Links to the wallet page: each for one person and one errand, valid for minutes, spent once; in the record by hash.

The token stands in the URL's fragment, which browsers send to nobody, so it reaches no log of a server or a proxy. The
record holds its hash alone: who reads the record cannot use it.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dao_bot.cards.text import SHORT, clean
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.store.store import Store
from dao_bot.store.values import StoredAct
from governance.wallets.person import Person
from governance.web.errands import Errand

LIFETIME = 600
"""Seconds of chain time."""

INVITATIONS = "wallet page"
"""Subject of these acts in the record."""

INVITED = "wallet page link given"
ACCEPTED = "wallet page link used"

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")
_ID = re.compile(r"0x[0-9a-f]{64}")


class InvitationRefused(Refused):
    """A link to the page that was never given out, is used, or has expired."""


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who is expected, and what for.

    Attributes:
        name: what people call the person where the link was given; cleaned, and never relied on.
        subject: id of the proposal or mandate that the errand is about.
        expires: chain time, epoch seconds.
    """

    errand: Errand
    person: Person
    name: str
    subject: str | None
    expires: int

    def __post_init__(self) -> None:
        if (self.subject is not None) is not self.errand.has_subject:
            limit = "a proposal's or mandate's id" if self.errand.has_subject else "no proposal"
            raise BadInput(f"a link to {self.errand} does not go with this", value=self.subject, limit=limit)
        if self.subject is not None and not _ID.fullmatch(self.subject):
            raise BadInput("not the id of a proposal", value=repr(self.subject)[:80], limit="0x and 64 hex digits")

    def body(self) -> dict[str, object]:
        """For the record."""
        return {
            "errand": self.errand.value,
            "guild": self.person.guild,
            "user": self.person.user,
            "name": self.name,
            "subject": self.subject,
            "expires": self.expires,
        }


def invite(
    store: Store, errand: Errand, person: Person, now: int, *, name: str = "", subject: str | None = None
) -> str:
    """Record an invitation; the token that makes use of it, for `address_of`. To be shown to that person alone.

    Args:
        now: chain time, epoch seconds.

    Raises:
        BadInput: a subject is missing, out of place or malformed.
    """
    token = secrets.token_urlsafe(32)
    invitation = Invitation(errand, person, clean(name, SHORT), subject, now + LIFETIME)
    store.record_act(INVITATIONS, INVITED, str(person), _key(token), now, invitation.body())
    return token


def address_of(origin: str, token: str) -> str:
    """The link to hand out."""
    return f"{origin}/#{token}"


def accept(store: Store, token: str, now: int) -> Invitation:
    """Spend a token; of any number of attempts one succeeds.

    Raises:
        InvitationRefused: it is unknown, used or expired.
    """
    given = store.act(_key(token)) if _TOKEN.fullmatch(token) else None
    if given is None or given.kind != INVITED:
        raise _refused("this link is unknown")
    invitation = _invitation(given)
    if max(now, given.at) >= invitation.expires:
        raise _refused("this link has expired", f"it was valid for {LIFETIME // 60} minutes")
    _, first = store.record_act(INVITATIONS, ACCEPTED, str(invitation.person), f"{given.key} used", now, {})
    if not first:
        raise _refused("this link was used already", "each link works once")
    return invitation


def _invitation(act: StoredAct) -> Invitation:
    body: Mapping[str, Any] = act.body
    person = Person(body["guild"], body["user"])
    return Invitation(Errand(body["errand"]), person, body["name"], body["subject"], int(body["expires"]))


def _key(token: str) -> str:
    return f"page {hashlib.sha256(token.encode()).hexdigest()}"


def _refused(what: str, limit: str | None = None) -> InvitationRefused:
    return InvitationRefused(what, limit=limit, next_step="Ask for a new link where you got this one")
