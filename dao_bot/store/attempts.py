"""Attempts: every transaction that the keeper signs, recorded before it is sent and followed until it is mined."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from dao_bot.domain.addresses import Address, parse_address
from dao_bot.domain.errors import BadInput, Conflict, NotFound
from dao_bot.store.checks import hash_of, whole
from dao_bot.store.codec import Codec, Fees
from dao_bot.store.part import Part
from dao_bot.store.proposals import proposal_row
from dao_bot.store.record import append_event
from dao_bot.store.schema import attempts
from dao_bot.store.values import AttemptState, StoredAttempt

LARGEST_TRANSACTION = 128 * 1024
"""Bytes; nodes take no larger transaction into their pools."""

_MAY_HAPPEN = (AttemptState.PLANNED.value, AttemptState.BROADCAST.value, AttemptState.MINED.value)


class Attempts(Part):
    """The bytes of a planned attempt may be sent any number of times: the chain takes them once."""

    def plan_attempt(
        self,
        proposal_id: str,
        sender: str,
        sender_nonce: int,
        raw: bytes,
        transaction_hash: str,
        fees: Mapping[str, int],
        at: int,
    ) -> bool:
        """Record a signed transaction before it is sent; False when this very one is there already.

        Raises:
            Conflict: another proposal's transaction may still take this nonce of the sender, or the hash is another's.
        """
        if not isinstance(raw, bytes) or not 0 < len(raw) <= LARGEST_TRANSACTION:
            raise BadInput("not the bytes of a signed transaction", limit=f"1 to {LARGEST_TRANSACTION} bytes")
        with self._database.write("plan_attempt") as connection:
            proposal = proposal_row(connection, proposal_id)
            row = {
                "transaction_hash": hash_of("transaction", transaction_hash),
                "proposal_id": proposal_id,
                "chain_id": proposal.chain_id,
                "sender": parse_address(sender),
                "sender_nonce": whole("a nonce of the sender", sender_nonce),
                "raw": raw,
                "fees": self._codec.encode(dict(fees), Fees),
            }
            if _is_known(connection, row):
                return False
            _require_free(connection, row)
            told = {name: row[name] for name in ("transaction_hash", "sender", "sender_nonce")}
            head = append_event(
                connection, self._codec, proposal_id, "attempt planned", at, {**told, "fees": dict(fees)}
            )
            state = AttemptState.PLANNED.value
            connection.execute(
                insert(attempts).values(**row, number=head.number, state=state, planned_at=at, changed_at=at)
            )
            return True

    def mark_broadcast(self, transaction_hash: str, at: int) -> None:
        """A node took it, or has it already."""
        self._mark(transaction_hash, AttemptState.BROADCAST, at, {})

    def mark_mined(
        self, transaction_hash: str, block_number: int, block_hash: str, status: int, gas_used: int, at: int
    ) -> None:
        """It stands in a block; whatever else had its nonce is replaced by it. `status` as in the receipt: 1 or 0.

        Mined again in another block, after a reorg, the new block counts.
        """
        if status not in (0, 1):
            raise BadInput("not the status of a receipt", value=status, limit="0 or 1")
        receipt = {
            "block_number": whole("a block number", block_number),
            "block_hash": hash_of("block", block_hash),
            "status": status,
            "gas_used": whole("gas", gas_used),
            "replaced_by": None,
        }
        with self._database.write("mark_mined") as connection:
            row = self._change(connection, transaction_hash, AttemptState.MINED, at, receipt)
            rivals = select(attempts.c.transaction_hash).where(
                *_at_nonce(row.chain_id, row.sender, row.sender_nonce),
                attempts.c.transaction_hash != row.transaction_hash,
            )
            for rival in connection.execute(rivals).scalars().all():
                self._change(connection, rival, AttemptState.REPLACED, at, _replaced_by(row.transaction_hash))

    def mark_replaced(self, transaction_hash: str, at: int, replaced_by: str | None = None) -> None:
        """Another transaction took its nonce; None when nobody knows which."""
        other = hash_of("transaction", replaced_by) if replaced_by is not None else None
        self._mark(transaction_hash, AttemptState.REPLACED, at, _replaced_by(other))

    def mark_dropped(self, transaction_hash: str, at: int) -> None:
        """No node has it any more, and its nonce is still free. It may come back."""
        self._mark(transaction_hash, AttemptState.DROPPED, at, {})

    def attempts(self, proposal_id: str) -> tuple[StoredAttempt, ...]:
        """All of a proposal, in the order of their planning."""
        return self._attempts(attempts.c.proposal_id == proposal_id)

    def attempts_at(self, sender: str, sender_nonce: int, *, chain_id: int | None = None) -> tuple[StoredAttempt, ...]:
        """All that compete for one nonce of a sender, in the order of their planning."""
        of_chain = () if chain_id is None else (attempts.c.chain_id == chain_id,)
        return self._attempts(
            attempts.c.sender == parse_address(sender), attempts.c.sender_nonce == sender_nonce, *of_chain
        )

    def unsettled_attempts(self, *, chain_id: int | None = None) -> tuple[StoredAttempt, ...]:
        """Planned or broadcast ones: what a restart must look for on the chain first."""
        of_chain = () if chain_id is None else (attempts.c.chain_id == chain_id,)
        return self._attempts(attempts.c.state.in_(_MAY_HAPPEN[:2]), *of_chain)

    def _mark(self, transaction_hash: str, state: AttemptState, at: int, values: dict[str, Any]) -> None:
        with self._database.write(f"mark_{state.value}") as connection:
            self._change(connection, transaction_hash, state, at, values)

    def _change(
        self, connection: Connection, transaction_hash: str, state: AttemptState, at: int, values: dict[str, Any]
    ) -> Row[Any]:
        return change_attempt(connection, self._codec, transaction_hash, state, at, values)

    def _attempts(self, *conditions: Any) -> tuple[StoredAttempt, ...]:
        query = select(attempts).where(*conditions).order_by(attempts.c.number)
        with self._database.read() as connection:
            rows = connection.execute(query).all()
        return tuple(self._stored_attempt(row) for row in rows)

    def _stored_attempt(self, row: Row[Any]) -> StoredAttempt:
        return StoredAttempt(
            transaction_hash=row.transaction_hash,
            proposal_id=row.proposal_id,
            chain_id=row.chain_id,
            sender=Address(row.sender),
            sender_nonce=row.sender_nonce,
            raw=row.raw,
            fees=self._codec.decode(row.fees, Fees),
            state=AttemptState(row.state),
            planned_at=row.planned_at,
            changed_at=row.changed_at,
            block_number=row.block_number,
            block_hash=row.block_hash,
            status=row.status,
            gas_used=row.gas_used,
            replaced_by=row.replaced_by,
        )


def change_attempt(
    connection: Connection,
    codec: Codec,
    transaction_hash: str,
    state: AttemptState,
    at: int,
    values: Mapping[str, Any],
) -> Row[Any]:
    """Put an attempt into `state` with its event; nothing when it is so already."""
    row = connection.execute(
        select(attempts).where(attempts.c.transaction_hash == hash_of("transaction", transaction_hash))
    ).first()
    if row is None:
        raise NotFound("no attempt was recorded with this transaction", value=transaction_hash)
    changed = {"state": state.value, **values}
    if any(getattr(row, name) != value for name, value in changed.items()):
        connection.execute(
            update(attempts)
            .where(attempts.c.transaction_hash == row.transaction_hash)
            .values(**changed, changed_at=whole("the time of a change", at))
        )
        told = {"transaction_hash": row.transaction_hash, **values}
        append_event(connection, codec, row.proposal_id, f"attempt {state.value}", at, told)
    return row


def return_to_broadcast(connection: Connection, codec: Codec, proposal_id: str, at: int) -> None:
    """After a reorg: mined attempts of the proposal are in no block, and may get into one again."""
    query = select(attempts.c.transaction_hash).where(
        attempts.c.proposal_id == proposal_id, attempts.c.state == AttemptState.MINED.value
    )
    gone = {"block_number": None, "block_hash": None, "status": None, "gas_used": None}
    for transaction_hash in connection.execute(query).scalars().all():
        change_attempt(connection, codec, transaction_hash, AttemptState.BROADCAST, at, gone)


def _replaced_by(transaction_hash: str | None) -> dict[str, Any]:
    gone = {"block_number": None, "block_hash": None, "status": None, "gas_used": None}
    return {**gone, "replaced_by": transaction_hash}


def _at_nonce(chain_id: int, sender: str, sender_nonce: int) -> tuple[Any, Any, Any]:
    return attempts.c.chain_id == chain_id, attempts.c.sender == sender, attempts.c.sender_nonce == sender_nonce


def _is_known(connection: Connection, row: Mapping[str, Any]) -> bool:
    known = connection.execute(select(attempts).where(attempts.c.transaction_hash == row["transaction_hash"])).first()
    if known is not None and any(getattr(known, name) != value for name, value in row.items()):
        raise Conflict("this transaction was planned otherwise before", value=row["transaction_hash"])
    return known is not None


def _require_free(connection: Connection, row: Mapping[str, Any]) -> None:
    """One nonce of the sender serves one proposal, unless the other's transaction is out of the way."""
    rival = connection.execute(
        select(attempts.c.proposal_id, attempts.c.transaction_hash).where(
            *_at_nonce(row["chain_id"], row["sender"], row["sender_nonce"]),
            attempts.c.proposal_id != row["proposal_id"],
            attempts.c.state.in_(_MAY_HAPPEN),
        )
    ).first()
    if rival is not None:
        raise Conflict(
            "another proposal's transaction may still take this nonce of the sender",
            value=f"nonce {row['sender_nonce']}, transaction {rival.transaction_hash}",
            limit=f"proposal {rival.proposal_id}",
            next_step="Read the sender's nonce from the chain again",
        )
