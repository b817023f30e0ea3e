"""Who has come in with a link: kept in memory, for minutes. After a restart people ask for a new link."""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from dao_bot.domain.errors import BadInput, Refused
from governance.web.invitations import LIFETIME, Invitation
from governance.web.limits import RateLimit

T = TypeVar("T")
_MOST_SESSIONS = 10_000
_BURST, _PER_MINUTE = 30, 30


class NoSession(Refused):
    """The page is used without a link, or its time is over."""


@dataclass(slots=True)
class Session:
    """One person at one errand.

    Attributes:
        ends: in seconds of the process's own clock, beside the chain's time that the invitation names: where the
            chain stands still, a session ends all the same.
        offered: what was offered to be signed last, for the errand to find again.
        limit: how often this session may ask.
    """

    invitation: Invitation
    ends: float
    offered: object = None
    limit: RateLimit = field(default_factory=lambda: RateLimit(_BURST, _PER_MINUTE))

    def last_offered(self, kind: type[T]) -> T:
        """What was offered last, of this kind.

        Raises:
            BadInput: nothing was.
        """
        if not isinstance(self.offered, kind):
            raise BadInput("nothing was offered to be signed", next_step="Look again, then sign")
        return self.offered


class Sessions:
    """By a secret that the page holds; here only its hash is kept."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._open: dict[str, Session] = {}

    def begin(self, invitation: Invitation) -> str:
        """The secret of a new session.

        Raises:
            Refused: there are too many.
        """
        now = self._clock()
        self._open = {key: session for key, session in self._open.items() if session.ends > now}
        if len(self._open) >= _MOST_SESSIONS:
            raise Refused("too many people are on this page now", next_step="Ask for a new link in some minutes")
        secret = secrets.token_urlsafe(32)
        self._open[_key(secret)] = Session(invitation, now + LIFETIME)
        return secret

    def find(self, secret: str) -> Session:
        """The session.

        Raises:
            NoSession: there is none, or its time is over.
            TooManyRequests: it asks too often.
        """
        session = self._open.get(_key(secret))
        if session is None or session.ends <= self._clock():
            raise NoSession(
                "your time on this page is over", limit="10 minutes", next_step="Ask for a new link where you got this"
            )
        session.limit.spend("")
        return session

    def end(self, secret: str) -> None:
        """Nothing more can be done with it."""
        self._open.pop(_key(secret), None)


def _key(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
