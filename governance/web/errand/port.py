"""What every errand does: show what it is about, offer what is to be signed, take the signature."""

from __future__ import annotations

from typing import Any, Protocol

from governance.web.bodies import Offer
from governance.web.sessions import Session

Json = dict[str, Any]


class ErrandDesk(Protocol):
    """Called by several threads. Every method raises a `DaoBotError` that says what to do next."""

    def look(self, session: Session) -> Json:
        """What the page shows."""
        ...

    def offer(self, session: Session, asked: Offer) -> Json:
        """What the wallet is asked to sign, which is kept in the session: a signature is held against nothing else."""
        ...

    def take(self, session: Session, signature: str) -> Json:
        """What came of the signature; it is handed out after the commit."""
        ...
