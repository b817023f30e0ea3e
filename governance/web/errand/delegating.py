"""A wallet hands its voting power on, or takes it back."""

from __future__ import annotations

from dao_bot.domain.addresses import parse_address
from governance.assembly import Assembly
from governance.wallets.statement import NOBODY, Deed, Statement
from governance.web.bodies import Offer
from governance.web.errand.port import Json
from governance.web.sessions import Session


class Delegating:
    """`dao-bot delegate` for wallets in a browser. It counts for the wallet that signs, in votes that open later."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly

    def look(self, session: Session) -> Json:
        """Whom the person's wallets delegate to now; of other wallets it is not told."""
        mine = {link.wallet.lower() for link in self._assembly.wallets(session.invitation.person)}
        return {"delegates": {wallet: to for wallet, to in self._assembly.delegates().items() if wallet in mine}}

    def offer(self, session: Session, asked: Offer) -> Json:
        """The statement about a delegate, or about nobody where none is named."""
        about = parse_address(asked.to) if asked.to else NOBODY
        statement = self._assembly.statement(Deed.DELEGATE, parse_address(asked.wallet), about)
        session.offered = statement
        return {"text": statement.text(), "who": statement.wallet, "about": about}

    def take(self, session: Session, signature: str) -> Json:
        """Record it, if it is that wallet's signature."""
        order = self._assembly.delegate_signed(session.last_offered(Statement), signature)
        return {"wallet": order.delegator, "to": order.delegate}
