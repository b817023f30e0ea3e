"""Outcomes: what came of a proposal, recorded together with its last state, and taken back after a reorg."""

from __future__ import annotations

from sqlalchemy import Connection, delete, insert, select

from dao_bot.domain.addresses import parse_address
from dao_bot.domain.errors import Conflict
from dao_bot.domain.lifecycle import State
from dao_bot.domain.proposals import Outcome, Proposal
from dao_bot.store.attempts import return_to_broadcast
from dao_bot.store.audit import text_digest
from dao_bot.store.checks import whole
from dao_bot.store.part import Part
from dao_bot.store.proposals import change_state, proposal_row, stored_proposal
from dao_bot.store.schema import outcomes, proposals
from dao_bot.store.spending import forget_realised, record_realised
from dao_bot.store.values import StoredOutcome, StoredProposal


class Outcomes(Part):
    """At most one outcome for each proposal; those that a reorg took back stay in the record as events."""

    def record_outcome(self, proposal_id: str, outcome: Outcome, at: int, final_at: int | None = None) -> bool:
        """Record what the chain says, and move the proposal to executed, or to failed. False when it is there already.

        Args:
            at: chain time of the execution.
            final_at: chain time since when it is final, where that is known.

        Raises:
            Refused: the proposal's state does not allow it.
            Conflict: another outcome is recorded; after a reorg it must be taken back first.
        """
        body = self._codec.encode(outcome, Outcome)
        with self._database.write("record_outcome") as connection:
            row = proposal_row(connection, proposal_id)
            known = _body(connection, proposal_id)
            if known == body:
                return False
            if known is not None:
                raise Conflict(
                    "another outcome of this proposal is recorded",
                    value=outcome.transaction_hash,
                    limit=self._codec.decode(known, Outcome).transaction_hash,
                    next_step="Take it back with roll_back_execution, if the chain says so",
                )
            after = State.EXECUTED if outcome.success else State.FAILED
            told = {"outcome": self._codec.decode_free(body), "outcome_digest": text_digest(body), "final_at": final_at}
            change_state(connection, self._codec, proposal_id, State(row.state), after, at, "outcome", told)
            connection.execute(
                insert(outcomes).values(
                    proposal_id=proposal_id, at=whole("the time of an outcome", at), body=body, final_at=final_at
                )
            )
            record_realised(connection, self._codec, self._codec.decode(row.body, Proposal), outcome, at)
            return True

    def outcome(self, proposal_id: str) -> StoredOutcome | None:
        """What came of it, or None while nothing has, or a reorg took it back."""
        with self._database.read() as connection:
            row = connection.execute(select(outcomes).where(outcomes.c.proposal_id == proposal_id)).first()
        return None if row is None else StoredOutcome(self._codec.decode(row.body, Outcome), row.at, row.final_at)

    def executed_since(self, safe: str, since: int) -> tuple[tuple[StoredProposal, StoredOutcome], ...]:
        """Proposals of a Safe that were executed at this chain time or later, oldest first, with what came of them."""
        query = (
            select(
                proposals,
                outcomes.c.body.label("outcome"),
                outcomes.c.at.label("executed_at"),
                outcomes.c.final_at,
            )
            .join(outcomes, outcomes.c.proposal_id == proposals.c.id)
            .where(
                proposals.c.safe == parse_address(safe),
                proposals.c.state == State.EXECUTED.value,
                outcomes.c.at >= since,
            )
            .order_by(outcomes.c.at, proposals.c.number)
        )
        with self._database.read() as connection:
            return tuple(
                (
                    stored_proposal(self._codec, row),
                    StoredOutcome(self._codec.decode(row.outcome, Outcome), row.executed_at, row.final_at),
                )
                for row in connection.execute(query)
            )

    def roll_back_execution(self, proposal_id: str, at: int, reason: str) -> None:
        """A reorg took an execution back: executed ▸ ready. The outcome moves into the record; sends are open again.

        Raises:
            Conflict: the proposal is not executed, or another one holds its nonce by now (mark that one stale first).
        """
        with self._database.write("roll_back_execution") as connection:
            body = _body(connection, proposal_id)
            told = {"reason": reason, "taken_back": None if body is None else self._codec.decode_free(body)}
            change_state(
                connection, self._codec, proposal_id, State.EXECUTED, State.READY, at, "execution rolled back", told
            )
            connection.execute(delete(outcomes).where(outcomes.c.proposal_id == proposal_id))
            forget_realised(connection, proposal_id)
            return_to_broadcast(connection, self._codec, proposal_id, at)


def _body(connection: Connection, proposal_id: str) -> str | None:
    body: str | None = connection.execute(select(outcomes.c.body).where(outcomes.c.proposal_id == proposal_id)).scalar()
    return body
