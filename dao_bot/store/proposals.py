"""Proposals: stored whole, found again by id or state, and moved from state to state by compare-and-swap."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from dao_bot.domain.addresses import parse_address
from dao_bot.domain.errors import BadInput, Conflict, NotFound, StoreError
from dao_bot.domain.lifecycle import OPEN_STATES, State, require_transition
from dao_bot.domain.proposals import Approval, Proposal
from dao_bot.domain.runs import RunId
from dao_bot.store.audit import PROPOSED, RESERVED_KINDS, STATE_KEY, text_digest
from dao_bot.store.checks import hash_of, name_of, whole
from dao_bot.store.codec import Codec
from dao_bot.store.part import Part
from dao_bot.store.record import append_event
from dao_bot.store.schema import approvals, proposals
from dao_bot.store.spending import record_expected
from dao_bot.store.values import StoredApproval, StoredProposal

FIRST_STATES = frozenset({State.DRAFT, State.SIMULATED, State.PENDING})
"""States in which a proposal may be recorded first: nobody has approved anything yet."""

_ID_PREFIX = re.compile(r"^(?:0x)?([0-9a-f]{6,64})$")


def proposal_row(connection: Connection, proposal_id: str) -> Row[Any]:
    """The row of exactly this whole id, or `NotFound`."""
    row = connection.execute(select(proposals).where(proposals.c.id == hash_of("proposal", proposal_id))).first()
    if row is None:
        raise NotFound("no such proposal", value=proposal_id, next_step="List them with `dao-bot proposals`")
    return row


def stored_proposal(codec: Codec, row: Row[Any]) -> StoredProposal:
    """A row as what it was; the identity is computed anew, so that a changed body cannot pass for the approved one."""
    proposal, id_ = codec.decode_proposal(row.body)
    if id_ != row.id:
        raise StoreError(
            "a stored proposal is not the one that was recorded",
            value=id_,
            limit=row.id,
            next_step="Run `dao-bot audit`; restore the database from a copy",
        )
    return StoredProposal(
        proposal=proposal,
        state=State(row.state),
        number=row.number,
        nonce=row.nonce,
        created_at=row.created_at,
        changed_at=row.changed_at,
    )


def change_state(
    connection: Connection,
    codec: Codec,
    proposal_id: str,
    before: State,
    after: State,
    at: int,
    kind: str,
    body: Mapping[str, object],
) -> None:
    """Compare-and-swap of the state, with its event. `body` must not have the key `state`."""
    require_transition(before, after)
    if kind in RESERVED_KINDS or STATE_KEY in body:
        raise BadInput("only the store itself writes such an event", value=kind)
    swapped = connection.execute(
        update(proposals)
        .where(proposals.c.id == proposal_id, proposals.c.state == before.value)
        .values(state=after.value, changed_at=whole("the time of a change", at))
    )
    if not swapped.rowcount:
        row = proposal_row(connection, proposal_id)
        raise Conflict(
            "the proposal is not in the state that it should change from; nothing was recorded",
            value=row.state,
            limit=before.value,
            next_step="Read it again",
        )
    append_event(
        connection, codec, proposal_id, kind, at, {**body, STATE_KEY: {"before": before.value, "after": after.value}}
    )


class Proposals(Part):
    """The proposals of all Safes."""

    def add_proposal(self, proposal: Proposal, state: State, now: int) -> bool:
        """Record a proposal before anything of it leaves the process; False when it is there already.

        Raises:
            BadInput: not a first state, or it spends what no limit can count.
            Conflict: the same attempt of the same run proposed something else before.
        """
        if state not in FIRST_STATES:
            raise BadInput("a proposal cannot begin in this state", value=state, limit=", ".join(sorted(FIRST_STATES)))
        body = self._codec.encode(proposal, Proposal)
        with self._database.write("add_proposal") as connection:
            if self._is_known(connection, proposal):
                return False
            head = append_event(connection, self._codec, proposal.id, PROPOSED, now, _told(proposal, state, body))
            connection.execute(
                insert(proposals).values(
                    id=proposal.id,
                    number=head.number,
                    chain_id=whole("a chain id", proposal.batch.chain_id),
                    safe=parse_address(proposal.batch.safe),
                    strategy=name_of("strategy", proposal.run.strategy),
                    nominal=whole("the nominal time of a run", proposal.run.nominal),
                    attempt=whole("an attempt", proposal.attempt),
                    batch_hash=proposal.batch.batch_hash,
                    state=state.value,
                    created_at=now,
                    changed_at=now,
                    body=body,
                )
            )
            record_expected(connection, self._codec, proposal, now)
            return True

    def transition(
        self,
        proposal_id: str,
        before: State,
        after: State,
        at: int,
        kind: str,
        body: Mapping[str, object] | None = None,
    ) -> None:
        """Change a proposal's state and record why. Executions and reorgs have their own: they carry an outcome.

        Raises:
            Refused: the table of the lifecycle does not allow it.
            Conflict: the proposal is not in `before` (any more).
        """
        if after is State.EXECUTED or before is State.EXECUTED:
            raise BadInput(
                "an execution is recorded with its outcome",
                value=f"{before} to {after}",
                next_step="Use record_outcome or roll_back_execution",
            )
        with self._database.write("transition") as connection:
            change_state(connection, self._codec, proposal_id, before, after, at, kind, body or {})

    def proposal(self, proposal_id: str) -> StoredProposal:
        """By its id, or by the first six or more digits of it when no other begins so.

        Raises:
            BadInput: not an id, or several proposals begin so.
            NotFound: none does.
        """
        with self._database.read() as connection:
            return stored_proposal(self._codec, proposal_row(connection, self._full_id(connection, proposal_id)))

    def proposal_text(self, proposal_id: str) -> str:
        """A proposal as it is stored, for another process; `proposal_of` reads it."""
        with self._database.read() as connection:
            return str(proposal_row(connection, proposal_id).body)

    def proposal_of(self, text: str) -> Proposal:
        """What `proposal_text` gave, of anything that somebody sent.

        Raises:
            StoreError: it is no proposal.
        """
        return self._codec.decode_proposal(text)[0]

    def open_proposals(self, safe: str | None = None, *, chain_id: int | None = None) -> tuple[StoredProposal, ...]:
        """All that may still spend, oldest first; of one Safe or of all."""
        query = _of(select(proposals), states=OPEN_STATES, safe=safe, chain_id=chain_id)
        return self._all(query.order_by(proposals.c.number))

    def proposals(
        self,
        *,
        states: Collection[State] | None = None,
        strategy: str | None = None,
        safe: str | None = None,
        chain_id: int | None = None,
        run: RunId | None = None,
        limit: int | None = 50,
    ) -> tuple[StoredProposal, ...]:
        """Newest first, those that meet every filter that is given."""
        query = _of(select(proposals), states=states, safe=safe, chain_id=chain_id)
        if strategy is not None:
            query = query.where(proposals.c.strategy == name_of("strategy", strategy))
        if run is not None:
            query = query.where(proposals.c.strategy == run.strategy, proposals.c.nominal == run.nominal)
        return self._all(query.order_by(proposals.c.number.desc()).limit(limit))

    def add_approval(self, proposal_id: str, approval: Approval, at: int) -> bool:
        """Record that a proposal was approved; False when this very approval is there already.

        Raises:
            BadInput: it approves another batch.
        """
        body = self._codec.encode(approval, Approval)
        with self._database.write("add_approval") as connection:
            row = proposal_row(connection, proposal_id)
            if hash_of("batch", approval.batch_hash) != row.batch_hash:
                raise BadInput("the approval is for another batch", value=approval.batch_hash, limit=row.batch_hash)
            known = _approval_rows(connection, proposal_id)
            if any(other.body == body for other in known):
                return False
            connection.execute(
                insert(approvals).values(
                    proposal_id=proposal_id, position=len(known), at=whole("the time of an approval", at), body=body
                )
            )
            told = {"evidence": approval.evidence, "valid_until": approval.valid_until}
            append_event(connection, self._codec, proposal_id, "approved", at, told)
            return True

    def approvals(self, proposal_id: str) -> tuple[StoredApproval, ...]:
        """In the order of their recording."""
        with self._database.read() as connection:
            rows = _approval_rows(connection, proposal_id)
        return tuple(StoredApproval(self._codec.decode(row.body, Approval), row.at) for row in rows)

    def _is_known(self, connection: Connection, proposal: Proposal) -> bool:
        query = select(proposals.c.id).where(
            proposals.c.strategy == proposal.run.strategy,
            proposals.c.nominal == proposal.run.nominal,
            proposals.c.attempt == proposal.attempt,
        )
        known = connection.execute(query).scalar()
        if known is not None and known != proposal.id:
            raise Conflict(
                "this attempt of the run has proposed something else; nothing was recorded",
                value=proposal.id,
                limit=known,
                next_step="Go on with the proposal that is recorded",
            )
        return known is not None

    def _full_id(self, connection: Connection, given: str) -> str:
        match = _ID_PREFIX.match(given.lower()) if isinstance(given, str) else None
        if match is None:
            raise BadInput("not the id of a proposal", value=repr(given)[:80], limit="6 to 64 hex digits")
        digits = match.group(1)
        query = select(proposals.c.id).where(
            proposals.c.id.between("0x" + digits.ljust(64, "0"), "0x" + digits.ljust(64, "f"))
        )
        found = connection.execute(query.limit(2)).scalars().all()
        if len(found) > 1:
            raise BadInput("several proposals begin so", value=given, limit="the digits that only one begins with")
        if not found and len(digits) < 64:
            raise NotFound("no proposal begins so", value=given, next_step="List them with `dao-bot proposals --all`")
        return found[0] if found else "0x" + digits

    def _all(self, query: Select[Any]) -> tuple[StoredProposal, ...]:
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(stored_proposal(self._codec, row) for row in rows)


def _of(query: Select[Any], *, states: Collection[State] | None, safe: str | None, chain_id: int | None) -> Select[Any]:
    if states is not None:
        query = query.where(proposals.c.state.in_(sorted(state.value for state in states)))
    if safe is not None:
        query = query.where(proposals.c.safe == parse_address(safe))
    if chain_id is not None:
        query = query.where(proposals.c.chain_id == chain_id)
    return query


def _approval_rows(connection: Connection, proposal_id: str) -> list[Row[Any]]:
    query = select(approvals).where(approvals.c.proposal_id == proposal_id).order_by(approvals.c.position)
    return list(connection.execute(query))


def _told(proposal: Proposal, state: State, body: str) -> dict[str, object]:
    return {
        "batch_hash": proposal.batch.batch_hash,
        "body": text_digest(body),
        "run": {"strategy": proposal.run.strategy, "nominal": proposal.run.nominal},
        "attempt": proposal.attempt,
        "block": {"number": proposal.block.number, "hash": proposal.block.hash},
        "observation": proposal.observation_digest,
        "valid_until": proposal.batch.valid_until,
        "reason": proposal.decision.reason,
        STATE_KEY: {"before": None, "after": state.value},
    }
