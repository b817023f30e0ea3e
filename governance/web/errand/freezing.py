"""A steward freezes approvals, and stewards end a freeze, each with the wallet's signature."""

from __future__ import annotations

from dao_bot.cards.text import LINE, clean, utc
from dao_bot.domain.addresses import parse_address
from dao_bot.domain.errors import Refused
from governance.acts.freeze import Freeze
from governance.assembly import Assembly
from governance.assembly.freezing import EVERYTHING
from governance.wallets.statement import Deed, Statement
from governance.web.bodies import Offer
from governance.web.errand.port import Json
from governance.web.sessions import Session


class Freezing:
    """`dao-bot freeze` for wallets in a browser."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly

    def look(self, session: Session) -> Json:
        """Whether one holds already."""
        return {"held": self._assembly.frozen() is not None}

    def offer(self, session: Session, asked: Offer) -> Json:
        """The statement, for a steward's wallet."""
        wallet = parse_address(asked.wallet)
        steward = self._assembly.steward_of(wallet)
        statement = self._assembly.statement(Deed.FREEZE, wallet, EVERYTHING, asked.reason)
        session.offered = statement
        return {"text": statement.text(), "who": steward}

    def take(self, session: Session, signature: str) -> Json:
        """Record it."""
        held = self._assembly.freeze_signed(session.last_offered(Statement), signature)
        return {"by": clean(held.by, LINE), "why": clean(held.reason, LINE)}


class Unfreezing:
    """`dao-bot unfreeze` for wallets in a browser."""

    def __init__(self, assembly: Assembly) -> None:
        self._assembly = assembly

    def look(self, session: Session) -> Json:
        """The freeze that holds, and who has signed to end it."""
        held = self._held()
        return {
            "number": held.number,
            "since": utc(held.at),
            "by": clean(held.by, LINE),
            "why": clean(held.reason, LINE),
            "signed": list(held.signed),
        }

    def offer(self, session: Session, asked: Offer) -> Json:
        """The statement, for a steward's wallet."""
        wallet = parse_address(asked.wallet)
        steward = self._assembly.steward_of(wallet)
        statement = self._assembly.statement(Deed.UNFREEZE, wallet, str(self._held().number), asked.reason)
        session.offered = statement
        return {"text": statement.text(), "who": steward}

    def take(self, session: Session, signature: str) -> Json:
        """Record it; the freeze ends with the last signature that is needed."""
        held = self._assembly.unfreeze_signed(session.last_offered(Statement), signature)
        return {"ended": held is None, "signed": [] if held is None else list(held.signed)}

    def _held(self) -> Freeze:
        held = self._assembly.frozen()
        if held is None:
            raise Refused("nothing is frozen", next_step="There is nothing to do; you can close this page")
        return held
