"""A person links a wallet, or takes one away, by signing in with it (EIP-4361)."""

from __future__ import annotations

from dao_bot.domain.addresses import parse_address
from governance.assembly import Assembly
from governance.wallets.events import Linked
from governance.wallets.sign_in import Purpose
from governance.web.bodies import Offer
from governance.web.desk import WebDesk
from governance.web.errand.port import Json
from governance.web.sessions import Session


class Linking:
    """One purpose: to link, or to unlink."""

    def __init__(self, desk: WebDesk, assembly: Assembly, purpose: Purpose) -> None:
        self._desk = desk
        self._assembly = assembly
        self._purpose = purpose

    def look(self, session: Session) -> Json:
        """The wallets that the person has."""
        return {"wallets": [link.wallet for link in self._assembly.wallets(session.invitation.person)]}

    def offer(self, session: Session, asked: Offer) -> Json:
        """The message, with a new nonce; the one before is worth nothing any more."""
        wallet = parse_address(asked.wallet)
        request = self._assembly.begin_link(session.invitation.person, self._desk.page, self._purpose)
        text = request.message(wallet).text()
        session.offered = text
        return {"text": text}

    def take(self, session: Session, signature: str) -> Json:
        """Link, if this is the wallet's signature over that message."""
        text, person = session.last_offered(str), session.invitation.person
        event = self._assembly.finish_link(self._desk.page, text, signature, person)
        return {"wallet": event.wallet, "linked": isinstance(event, Linked)}
