"""A wallet signs its vote on a proposal, in Snapshot's format (EIP-712)."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any

from dao_bot.cards.text import LINE, clean, utc
from dao_bot.domain.addresses import parse_address
from dao_bot.domain.errors import BadInput, DaoBotError
from dao_bot.domain.units import format_units
from dao_bot.engine.second_look import examine_proposal
from dao_bot.engine.telling import card_of
from governance.assembly import Assembly
from governance.ballots.power import POWER_DECIMALS
from governance.web.bodies import Offer
from governance.web.desk import WebDesk
from governance.web.errand.port import Json
from governance.web.sessions import Session
from governance.web.shown import shown_calls, shown_card


@dataclass(frozen=True, slots=True)
class _Offered:
    """The typed data that the wallet was asked to sign."""

    typed: dict[str, Any]


class Voting:
    """A vote counts for the wallet that signed it, whoever brings it."""

    def __init__(self, desk: WebDesk, assembly: Assembly) -> None:
        self._desk = desk
        self._assembly = assembly
        self._simulating = threading.Lock()

    def look(self, session: Session) -> Json:
        """The batch, decoded and simulated now, and what can be voted."""
        services, store = self._desk.services, self._desk.store
        stored = self._desk.proposal(self._proposal(session))
        paper = self._assembly.paper(stored.id)
        examined, problem = None, None
        try:
            with self._simulating:
                examined = examine_proposal(services, store, stored)
        except DaoBotError as error:
            problem = str(error)
        card = card_of(services, store, stored, self._desk.now(), examined)
        ballot = paper.ballot
        return {
            "card": shown_card(card),
            "calls": shown_calls(examined.decoded if examined else stored.proposal.decoded, services.labels),
            "reasons": [] if problem is None else [f"It cannot be simulated now: {problem}"],
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
        message = self._assembly.message(self._proposal(session), wallet, asked.choice, asked.reason)
        offered = _Offered(message.typed_data())
        session.offered = offered
        return {"typed": offered.typed, "digest": "0x" + message.digest.hex()}

    def take(self, session: Session, signature: str) -> Json:
        """Record it, if it is the wallet's signature over that vote."""
        offered = session.offered
        if not isinstance(offered, _Offered):
            raise BadInput("nothing was offered to be signed", next_step="Choose, then sign")
        proposal = self._proposal(session)
        recorded = self._assembly.cast_signed(proposal, offered.typed, signature, "web")
        (vote,) = recorded.votes
        return {
            "wallet": offered.typed["message"]["from"],
            "power": format_units(recorded.power, POWER_DECIMALS),
            "changed": recorded.changed,
            "again": recorded.again,
            "receipt": vote.receipt,
            "tally": f"dao-bot tally {proposal[2:14]}",
        }

    def _proposal(self, session: Session) -> str:
        proposal = session.invitation.proposal
        assert proposal is not None, "an invitation to vote names a proposal"
        return proposal
