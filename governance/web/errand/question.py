"""What people decide on, as the page shows it: a batch, decoded and simulated now, the bounds of a mandate, a poll."""

from __future__ import annotations

import threading

from dao_bot.cards.text import LINE, clean, duration, utc
from dao_bot.domain.errors import DaoBotError
from dao_bot.domain.units import format_ratio, format_usd
from dao_bot.engine.examine import Examined
from dao_bot.engine.second_look import examine_proposal
from dao_bot.engine.telling import card_of
from dao_bot.store.values import StoredProposal
from governance.acts.mandates import Mandate
from governance.assembly import Assembly
from governance.web.desk import WebDesk
from governance.web.errand.port import Json
from governance.web.sessions import Session
from governance.web.shown import shown_calls, shown_card


class Questions:
    """Everything that a voter or a steward reads before a decision."""

    def __init__(self, desk: WebDesk, assembly: Assembly) -> None:
        self._desk = desk
        self._assembly = assembly
        self._simulating = threading.Lock()

    def shown(self, session: Session) -> Json:
        """The question of a session.

        Raises:
            NotFound: it is not in the record.
        """
        question = self._assembly.question(subject_of(session))
        about: Json = {"hash": question.subject.hash, "rule": clean(question.rule, LINE)}
        if question.stored is not None:
            return {**about, **self._batch(question.stored)}
        other: Json = {"title": clean(question.title, LINE), "card": None, "calls": [], "mandate": None, "reasons": []}
        if question.mandate is not None:
            other["mandate"] = self._bounds(question.mandate.mandate)
        return {**about, **other}

    def _batch(self, stored: StoredProposal) -> Json:
        services = self._desk.services
        examined, reasons = self._examined(stored)
        card = card_of(services, self._desk.store, stored, self._desk.now(), examined)
        decoded = stored.proposal.decoded if examined is None else examined.decoded
        return {
            "title": card.title,
            "card": shown_card(card),
            "calls": shown_calls(decoded, services.labels),
            "mandate": None,
            "reasons": reasons,
        }

    def _examined(self, stored: StoredProposal) -> tuple[Examined | None, list[str]]:
        """What it does now, one at a time; and why it should not be approved."""
        try:
            with self._simulating:
                examined = examine_proposal(self._desk.services, self._desk.store, stored)
        except DaoBotError as error:
            return None, [f"It cannot be simulated now, so this is what it did when it was proposed: {error}"]
        if not examined.simulation.success:
            return examined, [f"It would fail now: {examined.simulation.revert_reason}."]
        return examined, [f"The policy refuses it now: {report.message}" for report in examined.verdict.violations]

    def _bounds(self, mandate: Mandate) -> list[Json]:
        names = self._desk.services.labels
        tokens = ", ".join(clean(names.get(token, token), LINE) for token in mandate.tokens)
        rows = (
            ("strategy", clean(mandate.strategy, LINE)),
            ("tokens that may move", tokens),
            ("in all", format_usd(mandate.total)),
            (f"in any {duration(mandate.window)}", format_usd(mandate.per_window)),
            ("worst price", f"{format_ratio(mandate.worst_price)} below the oracle's"),
            ("until", utc(mandate.expires)),
            ("under the policy", mandate.policy_hash),
        )
        return [{"name": name, "value": value} for name, value in rows]


def subject_of(session: Session) -> str:
    """Id of what the session is about."""
    subject = session.invitation.subject
    assert subject is not None, "an invitation for such an errand names its subject"
    return subject
