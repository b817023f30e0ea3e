"""The tables must say what the events say: a proposal that was changed behind the record's back is found here."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from dao_bot.domain.errors import StoreError
from dao_bot.domain.hashing import keccak
from dao_bot.store.codec import Codec
from dao_bot.store.schema import acts, events, outcomes, proposals

STATE_KEY = "state"
"""Key in an event's body under which a change of a proposal's state stands: `{"before": ..., "after": ...}`."""

ACT_KEY = "act"
"""Key in an event's body under which the store keeps whose act it is: `{"actor": ..., "key": ...}`."""

PROPOSED = "proposed"
NONCE_ASSIGNED = "nonce assigned"
CLOSED = "closed"
REOPENED = "reopened"
RESERVED_KINDS = frozenset({PROPOSED, NONCE_ASSIGNED, CLOSED, REOPENED})
"""Kinds that only the store itself writes, because the audit, or the store itself, relies on what they say."""


def text_digest(text: str) -> str:
    """0x-hex Keccak-256 of a stored text, which goes into the event that tells of it."""
    return "0x" + keccak(text.encode()).hex()


def require_tables_agree(connection: Connection, codec: Codec) -> None:
    """Compare every proposal's body, state, nonce and outcome, and every act, with the events.

    Raises:
        StoreError: names the first proposal or act that differs, and in what.
    """
    told: dict[str, dict[str, Any]] = {}
    known_acts = {row.number: tuple(row)[1:] for row in connection.execute(select(acts))}
    query = select(events.c.number, events.c.subject, events.c.kind, events.c.body).order_by(events.c.number)
    for number, subject, kind, text in connection.execute(query):
        body = codec.decode_free(text)
        if subject in told or kind == PROPOSED:
            _replay(told.setdefault(subject, {}), kind, body)
        act = body.get(ACT_KEY)
        _compare_act(number, known_acts.pop(number, None), (subject, kind, act["actor"], act["key"]) if act else None)
    if known_acts:
        _compare_act(*known_acts.popitem(), None)
    stored = select(
        proposals.c.id, proposals.c.body, proposals.c.state, proposals.c.nonce, outcomes.c.body.label("outcome")
    ).outerjoin(outcomes, outcomes.c.proposal_id == proposals.c.id)
    for row in connection.execute(stored):
        outcome = text_digest(row.outcome) if row.outcome is not None else None
        _compare(
            row.id,
            told.pop(row.id, {}),
            {"body": text_digest(row.body), "state": row.state, "nonce": row.nonce, "outcome": outcome},
        )
    if told:
        raise StoreError("a proposal of the record is missing", value=next(iter(told)), next_step=_RESTORE)


_RESTORE = "Restore the database from a copy whose head was published"


def _compare_act(number: int, stored: tuple[str, ...] | None, told: tuple[str, ...] | None) -> None:
    if stored != told:
        raise StoreError(
            "an act of the record is not listed as it was recorded",
            value=f"event {number}: {stored}",
            limit=told,
            next_step=_RESTORE,
        )


def _replay(known: dict[str, Any], kind: str, body: dict[str, Any]) -> None:
    if kind == PROPOSED:
        known.update(body=body["body"], nonce=None, outcome=None)
    if kind == NONCE_ASSIGNED:
        known["nonce"] = body["nonce"]
    if STATE_KEY in body:
        known["state"] = body[STATE_KEY]["after"]
        known["outcome"] = body.get("outcome_digest")


def _compare(proposal_id: str, told: dict[str, Any], stored: dict[str, Any]) -> None:
    for what, value in stored.items():
        if what not in told or told[what] != value:
            raise StoreError(
                f"the {what} of a proposal was changed without an event",
                value=f"{value} in proposal {proposal_id}",
                limit=told.get(what),
                next_step=_RESTORE,
            )
