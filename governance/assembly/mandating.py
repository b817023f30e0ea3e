"""Stewards propose mandates; people approve them as they approve batches."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.domain.errors import BadInput, Refused
from dao_bot.engine.approvals import Defeat, Waiting
from governance.acts.kinds import MANDATE_PROPOSED, MANDATES
from governance.acts.mandates import Mandate, ProposedMandate, proposed_mandate, proposed_mandates, spent
from governance.approvals.judge import PeopleRule
from governance.assembly.hall import key_of
from governance.assembly.identity import Identity
from governance.assembly.standing import Standing
from governance.wallets.rfc3339 import format_time
from governance.wallets.statement import Deed, Statement


@dataclass(frozen=True, slots=True)
class MandateState:
    """A mandate as it stands now.

    Attributes:
        state: `approved`, `defeated`, `expired`, or what it waits for.
        spent: USD (WAD), by executed and open batches under it; None where it cannot be counted, so that it lets
            nothing through.
    """

    proposed: ProposedMandate
    state: str
    spent: int | None


class Mandating(Standing):
    """A mandate binds bounds, not bytes; every batch is still simulated, held to the policy and signed by owners."""

    def propose_mandate(self, identity: Identity, mandate: Mandate) -> ProposedMandate:
        """A steward proposes through a chat; where its rule asks for a vote, that begins now.

        Raises:
            Refused, BadInput: he is no steward, or it is no mandate of this treasury.
        """
        name, _ = self.steward(identity)
        return self._propose(mandate, name, {"through": identity.through, "statement": None, "signature": None})

    def propose_mandate_signed(self, mandate: Mandate, statement: Statement, signature: str) -> ProposedMandate:
        """A steward's wallet proposes; the statement is about the mandate's hash.

        Raises:
            Refused, BadInput, InvalidSignature: as `propose_mandate`.
        """
        if statement.deed is not Deed.MANDATE or statement.about != mandate.hash:
            raise BadInput("the statement is about something else", value=statement.about, limit=mandate.hash)
        name = self.steward_of(self._proven(statement, signature).wallet)
        told: dict[str, object] = {"through": "wallet", "statement": statement.text(), "signature": signature}
        return self._propose(mandate, name, told)

    def mandates(self) -> tuple[MandateState, ...]:
        """All that were proposed, oldest first, with what became of them and of their budgets."""
        return tuple(self._state(proposed) for proposed in proposed_mandates(self._hall.store))

    def _propose(self, mandate: Mandate, by: str, told: dict[str, object]) -> ProposedMandate:
        rule, now, treasury = self._hall.rules.get(mandate.rule), self._hall.clock.block(), self._hall.treasury
        if (mandate.chain_id, mandate.safe) != (treasury.chain_id, treasury.safe):
            raise BadInput("the mandate is for another treasury", value=mandate.safe, limit=treasury.safe)
        if not isinstance(rule, PeopleRule):
            raise Refused("its approval rule asks nobody, so there is nobody to give a mandate", value=mandate.rule)
        if mandate.expires <= now.timestamp:
            raise Refused("the mandate has expired already", value=format_time(mandate.expires))
        store = self._hall.store
        body = {"mandate": mandate.record(), **told}
        act, _ = store.record_act(MANDATES, MANDATE_PROPOSED, by, key_of("mandate", mandate.hash), now.timestamp, body)
        proposed = proposed_mandate(act)
        rule.judge_subject(proposed.subject, now)
        return proposed

    def _state(self, proposed: ProposedMandate) -> MandateState:
        mandate, now = proposed.mandate, self._hall.clock.block()
        rule = self._hall.rules.get(mandate.rule)
        try:
            taken: int | None = spent(self._hall.store, mandate)
        except Refused:
            taken = None
        if now.timestamp > mandate.expires:
            return MandateState(proposed, "expired", taken)
        if not isinstance(rule, PeopleRule):
            return MandateState(proposed, "its approval rule is not configured any more", taken)
        judged = rule.judge_subject(proposed.subject, now)
        if isinstance(judged, Defeat):
            return MandateState(proposed, f"defeated: {judged.reason}", taken)
        return MandateState(proposed, judged.told if isinstance(judged, Waiting) else "approved", taken)
