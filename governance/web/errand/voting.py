"""A wallet signs its vote, in Snapshot's format (EIP-712)."""

from __future__ import annotations

from dao_bot.cards.text import LINE, clean, utc
from dao_bot.domain.addresses import parse_address
from dao_bot.domain.errors import BadInput
from dao_bot.domain.units import format_units
from governance.assembly import Assembly
from governance.ballots.power import POWER_DECIMALS
from governance.web.bodies import Offer
from governance.web.errand.port import Json
from governance.web.errand.question import Questions, subject_of
from governance.web.sessions import Session


class Voting:
    """A vote counts for the wallet that signed it, whoever brings it."""

    def __init__(self, assembly: Assembly, questions: Questions) -> None:
        self._assembly = assembly
        self._questions = questions

    def look(self, session: Session) -> Json:
        """The question, and what can be voted."""
        paper = self._assembly.paper(subject_of(session))
        ballot = paper.ballot
        return {
            **self._questions.shown(session),
            "ballot": {
                "kind": ballot.method.kind,
                "options": [clean(option, LINE) for option in ballot.method.options],
                "ends": None if ballot.ends is None else utc(ballot.ends),
                "space": paper.space,
                "proposal": paper.proposal,
            },
        }

    def offer(self, session: Session, asked: Offer) -> Json:
        """The typed data of the vote."""
        if asked.choice is None:
            raise BadInput("nothing was chosen", next_step="Choose, then sign")
        wallet = parse_address(asked.wallet)
        message = self._assembly.message(subject_of(session), wallet, asked.choice, asked.reason)
        typed = message.typed_data()
        session.offered = typed
        return {"typed": typed, "digest": "0x" + message.digest.hex()}

    def take(self, session: Session, signature: str) -> Json:
        """Record it, if it is the wallet's signature over that vote."""
        typed, subject = session.last_offered(dict), subject_of(session)
        recorded = self._assembly.cast_signed(subject, typed, signature, "web")
        (vote,) = recorded.votes
        return {
            "wallet": typed["message"]["from"],
            "power": format_units(recorded.power, POWER_DECIMALS),
            "changed": recorded.changed,
            "again": recorded.again,
            "receipt": vote.receipt,
            "tally": f"dao-bot tally {subject[2:14]}",
        }
