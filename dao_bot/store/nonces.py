"""Nonces of Safes: given after approval, each to one live proposal only."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_, select, update

from dao_bot.domain.addresses import parse_address
from dao_bot.domain.errors import BadInput, Conflict, Refused
from dao_bot.domain.lifecycle import State
from dao_bot.domain.runs import Block
from dao_bot.store.attempts import return_to_broadcast
from dao_bot.store.audit import CLOSED, NONCE_ASSIGNED, REOPENED
from dao_bot.store.checks import whole
from dao_bot.store.part import Part
from dao_bot.store.proposals import proposal_row, stored_proposal
from dao_bot.store.record import append_event
from dao_bot.store.schema import NONCE_HOLDING_STATES, attempts, events, proposals
from dao_bot.store.values import StoredProposal

_USED_ITS_NONCE = (State.EXECUTED.value, State.FAILED.value)


class Nonces(Part):
    """A proposal holds its nonce while it is succeeded, queued, ready or executing; then it is free for another."""

    def assign_nonce(
        self,
        proposal_id: str,
        safe: str,
        chain_nonce: int,
        at: int,
        *,
        at_least: int = 0,
        one_at_a_time: bool = True,
    ) -> int:
        """max(the chain's nonce, the highest one held + 1) for an approved proposal; what it has already is kept.

        A proposal that went back to succeeded, because another transaction consumed its nonce, gets a new one.

        Args:
            at_least: a lower bound for a new one, where transactions of others wait elsewhere.

        Raises:
            BadInput: the proposal is another Safe's.
            Refused: it is not approved, or `one_at_a_time` and another proposal of the Safe holds a nonce.
            Conflict: the chain has consumed the nonce that it has; or the chain was looked at before something was
                executed that is in the record.
        """
        whole("a nonce of the chain", chain_nonce)
        with self._database.write("assign_nonce") as connection:
            row = proposal_row(connection, proposal_id)
            if parse_address(safe) != row.safe:
                raise BadInput("the proposal is for another Safe", value=safe, limit=row.safe)
            if row.state not in NONCE_HOLDING_STATES:
                raise Refused(
                    "only an approved proposal gets a nonce", value=row.state, limit=", ".join(NONCE_HOLDING_STATES)
                )
            used_up = row.state == State.SUCCEEDED and row.nonce is not None and row.nonce < chain_nonce
            if row.nonce is not None and not used_up:
                return _kept(row.nonce, chain_nonce)
            from_here_on = select(proposals.c.id, proposals.c.nonce).where(
                proposals.c.chain_id == row.chain_id,
                proposals.c.safe == row.safe,
                proposals.c.nonce >= chain_nonce,
                proposals.c.id != proposal_id,
            )
            used = connection.execute(from_here_on.where(proposals.c.state.in_(_USED_ITS_NONCE))).first()
            if used is not None:
                raise Conflict(
                    "the chain was looked at before an execution that is on record",
                    value=f"nonce {chain_nonce} of the Safe",
                    limit=f"beyond nonce {used.nonce}, which proposal {used.id} used",
                    next_step="Look again",
                )
            held = from_here_on.where(proposals.c.state.in_(NONCE_HOLDING_STATES))
            others = connection.execute(held.order_by(proposals.c.nonce.desc())).all()
            if others and one_at_a_time:
                raise Refused(
                    "one batch is queued at a time for each Safe, and another one is",
                    value=f"proposal {others[0].id} at nonce {others[0].nonce}",
                    next_step="Wait until it is executed, or cancel it",
                )
            nonce = max(chain_nonce, at_least, others[0].nonce + 1 if others else 0)
            connection.execute(
                update(proposals).where(proposals.c.id == proposal_id).values(nonce=whole("a nonce", nonce))
            )
            told = {"nonce": nonce, "chain_nonce": chain_nonce}
            append_event(connection, self._codec, proposal_id, NONCE_ASSIGNED, at, told)
            return nonce

    def is_another_queued(self, proposal_id: str, safe: str, chain_nonce: int) -> bool:
        """Whether another proposal of the Safe holds a nonce that the chain has not consumed."""
        query = select(proposals.c.id).where(
            proposals.c.safe == parse_address(safe),
            proposals.c.state.in_(NONCE_HOLDING_STATES),
            proposals.c.nonce >= chain_nonce,
            proposals.c.id != proposal_id,
        )
        with self._database.read() as connection:
            return connection.execute(query.limit(1)).first() is not None

    def left_open(self, safe: str) -> tuple[StoredProposal, ...]:
        """Canceled and stale proposals of a Safe that have a nonce, or for which something was sent, oldest first.

        What was signed for them lives on until the nonce (or the salt) is used or the deadline in the bytes has passed;
        then `close_proposal` says so.
        """
        sent = select(attempts.c.proposal_id).where(attempts.c.proposal_id == proposals.c.id)
        query = select(proposals).where(
            proposals.c.safe == parse_address(safe),
            proposals.c.state.in_([State.CANCELED.value, State.STALE.value]),
            or_(proposals.c.nonce.is_not(None), sent.exists()),
            ~_is_closed(),
        )
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(proposals.c.number)).all()
        return tuple(stored_proposal(self._codec, row) for row in rows)

    def with_nonce_from(self, safe: str, nonce: int) -> tuple[StoredProposal, ...]:
        """All proposals of a Safe, in whatever state, that have this nonce or a later one; oldest first."""
        query = select(proposals).where(proposals.c.safe == parse_address(safe), proposals.c.nonce >= nonce)
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(proposals.c.number)).all()
        return tuple(stored_proposal(self._codec, row) for row in rows)

    def close_proposal(self, proposal_id: str, block: Block, how: str, transaction_hash: str | None = None) -> None:
        """Record that nothing that was signed for a canceled or stale proposal can be executed any more, and why.

        Args:
            block: in which that is so.
        """
        told: dict[str, object] = {"how": how, "block": {"number": block.number, "hash": block.hash}}
        if transaction_hash is not None:
            told["transaction_hash"] = transaction_hash
        with self._database.write("close_proposal") as connection:
            known = proposal_row(connection, proposal_id).id
            append_event(connection, self._codec, known, CLOSED, block.timestamp, told)

    def closed_since(self, safe: str, since: int) -> tuple[tuple[str, int, str], ...]:
        """Canceled and stale proposals of a Safe closed at this chain time or later: id, and number and hash of the
        block in which that was so."""
        query = (
            select(events.c.subject, events.c.body)
            .join(proposals, proposals.c.id == events.c.subject)
            .where(
                proposals.c.safe == parse_address(safe),
                proposals.c.state.in_([State.CANCELED.value, State.STALE.value]),
                events.c.kind == CLOSED,
                events.c.at >= since,
                ~_is_reopened(events.c.number),
            )
            .order_by(events.c.number)
        )
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        blocks = [(row.subject, self._codec.decode_free(row.body).get("block")) for row in rows]
        return tuple(
            (proposal_id, block["number"], block["hash"]) for proposal_id, block in blocks if block is not None
        )

    def reopen_proposal(self, proposal_id: str, at: int, reason: str) -> None:
        """A reorg took back what closed it: what was signed for it may be executed again; sends are open again."""
        with self._database.write("reopen_proposal") as connection:
            known = proposal_row(connection, proposal_id).id
            append_event(connection, self._codec, known, REOPENED, at, {"reason": reason})
            return_to_broadcast(connection, self._codec, known, at)


def _is_closed() -> ColumnElement[bool]:
    """Of a proposal: since it was reopened last, if ever it was."""
    closed = select(events.c.number).where(
        events.c.subject == proposals.c.id, events.c.kind == CLOSED, ~_is_reopened(events.c.number)
    )
    return closed.exists()


def _is_reopened(closed: ColumnElement[int]) -> ColumnElement[bool]:
    """Of a proposal that was closed by this event: whether it was reopened after that."""
    later = events.alias("later")
    reopened = select(later.c.number).where(
        later.c.subject == proposals.c.id, later.c.kind == REOPENED, later.c.number > closed
    )
    return reopened.exists()


def _kept(nonce: int, chain_nonce: int) -> int:
    if nonce < chain_nonce:
        raise Conflict(
            "the chain has consumed this proposal's nonce",
            value=f"nonce {nonce}, the chain is at {chain_nonce}",
            next_step="Read what was executed at it, record that, or mark the proposal stale",
        )
    return nonce
