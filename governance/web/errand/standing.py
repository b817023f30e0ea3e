"""A steward approves or vetoes with the wallet's signature."""

from __future__ import annotations

from dao_bot.domain.addresses import parse_address
from governance.assembly import Assembly
from governance.wallets.statement import Deed, Statement
from governance.web.bodies import Offer
from governance.web.errand.port import Json
from governance.web.errand.question import Questions, subject_of
from governance.web.sessions import Session


class Standing:
    """One deed: to approve, or to veto. It counts for the steward whose wallet signed, whoever brings it."""

    def __init__(self, assembly: Assembly, questions: Questions, deed: Deed) -> None:
        self._assembly = assembly
        self._questions = questions
        self._deed = deed

    def look(self, session: Session) -> Json:
        """The question, and what the stewards said of it so far."""
        said = [{"steward": each.steward, "stand": each.stand} for each in self._assembly.stands(subject_of(session))]
        return {**self._questions.shown(session), "stands": said}

    def offer(self, session: Session, asked: Offer) -> Json:
        """The statement, for a steward's wallet."""
        wallet = parse_address(asked.wallet)
        steward = self._assembly.steward_of(wallet)
        about = self._assembly.question(subject_of(session)).subject.hash
        statement = self._assembly.statement(self._deed, wallet, about, asked.reason)
        session.offered = statement
        return {"text": statement.text(), "who": steward}

    def take(self, session: Session, signature: str) -> Json:
        """Record it, if it is that wallet's signature over the statement."""
        stood = self._assembly.stand_signed(subject_of(session), session.last_offered(Statement), signature)
        return {"steward": stood.steward, "stand": stood.stand, "wallet": stood.wallet}
