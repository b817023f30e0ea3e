"""Acts of people: votes, approvals, links and the like. Each is an event of the record, found again by who and what."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, Select, func, insert, select, update

from dao_bot.domain.errors import BadInput
from dao_bot.store.audit import ACT_KEY, RESERVED_KINDS, STATE_KEY
from dao_bot.store.checks import name_of, whole
from dao_bot.store.part import Part
from dao_bot.store.record import append_event
from dao_bot.store.schema import acts, events, sightings
from dao_bot.store.values import StoredAct


class Acts(Part):
    """The table holds no more than where each act stands in the record, so it can never say something else."""

    def record_act(
        self, subject: str, kind: str, actor: str, key: str, at: int, body: Mapping[str, object]
    ) -> tuple[StoredAct, bool]:
        """Record an act once; the act, and whether it is new.

        Args:
            subject: what it is about: a proposal's id, a ballot's, or the name of a register.
            actor: whose act it is: a wallet, a person or a program; lower-cased, so that a wallet has one spelling.
            key: identity of this one act (of the click, of the signed message): given again, nothing is recorded.

        Raises:
            BadInput: a name cannot be stored, the body has no form in JSON, or it tells what only the store may tell.
        """
        if kind in RESERVED_KINDS or body.keys() & {STATE_KEY, ACT_KEY}:
            raise BadInput("only the store itself writes such an event", value=kind)
        row = {
            "subject": name_of("subject", subject),
            "kind": name_of("kind of event", kind),
            "actor": name_of("actor", actor).lower(),
            "key": name_of("key of an act", key),
        }
        with self._database.write("record_act") as connection:
            known = self._first_act(connection, _acts().where(acts.c.key == key))
            if known is not None:
                return known, False
            told = {**body, ACT_KEY: {"actor": row["actor"], "key": key}}
            head = append_event(connection, self._codec, subject, kind, at, told)
            connection.execute(insert(acts).values(number=head.number, **row))
            recorded = self._first_act(connection, _acts().where(acts.c.number == head.number))
        assert recorded is not None, "it was just written"
        return recorded, True

    def act(self, key: str) -> StoredAct | None:
        """The act that was recorded under this key."""
        with self._database.read() as connection:
            return self._first_act(connection, _acts().where(acts.c.key == name_of("key of an act", key)))

    def acts(self, subject: str, *kinds: str, actor: str | None = None, after: int = 0) -> tuple[StoredAct, ...]:
        """Acts about a subject in the order of the record: of these kinds, of one actor, with greater numbers."""
        query = _acts().where(acts.c.subject == name_of("subject", subject), acts.c.number > after)
        if kinds:
            query = query.where(acts.c.kind.in_(kinds))
        if actor is not None:
            query = query.where(acts.c.actor == actor.lower())
        with self._database.read() as connection:
            rows = connection.execute(query.order_by(acts.c.number)).all()
        return tuple(self._act(row) for row in rows)

    def last_act(self, subject: str, kind: str, actor: str | None = None) -> StoredAct | None:
        """The newest act of a kind about a subject, of one actor or of anybody."""
        query = _acts().where(acts.c.subject == name_of("subject", subject), acts.c.kind == kind)
        if actor is not None:
            query = query.where(acts.c.actor == actor.lower())
        with self._database.read() as connection:
            return self._first_act(connection, query.order_by(acts.c.number.desc()).limit(1))

    def subjects(self, kind: str) -> tuple[str, ...]:
        """What acts of a kind are about, each subject once, by its first act."""
        query = select(acts.c.subject).where(acts.c.kind == name_of("kind of event", kind)).group_by(acts.c.subject)
        with self._database.read() as connection:
            return tuple(connection.execute(query.order_by(func.min(acts.c.number))).scalars())

    def record_sighting(self, subject: str, at: int, *, good: bool) -> None:
        """That a card was seen, or not to be seen, at a moment; of two at one moment the worse one stays.

        Sightings come every minute, so they are no events; what is counted from them is.
        """
        here = (
            sightings.c.subject == name_of("subject", subject),
            sightings.c.at == whole("the time of a sighting", at),
        )
        with self._database.write("record_sighting") as connection:
            known = connection.execute(select(sightings.c.good).where(*here)).scalar()
            if known is None:
                connection.execute(insert(sightings).values(subject=subject, at=at, good=good))
            elif known and not good:
                connection.execute(update(sightings).where(*here).values(good=False))

    def sightings(self, subject: str) -> tuple[tuple[int, bool], ...]:
        """(chain time, whether all was well) in the order of time."""
        query = select(sightings.c.at, sightings.c.good).where(sightings.c.subject == name_of("subject", subject))
        with self._database.read() as connection:
            return tuple((row.at, row.good) for row in connection.execute(query.order_by(sightings.c.at)))

    def _first_act(self, connection: Connection, query: Select[Any]) -> StoredAct | None:
        row = connection.execute(query).first()
        return None if row is None else self._act(row)

    def _act(self, row: Row[Any]) -> StoredAct:
        body = self._codec.decode_free(row.body)
        told = body.pop(ACT_KEY)
        return StoredAct(row.number, row.subject, row.kind, told["actor"], told["key"], row.at, body)


def _acts() -> Select[Any]:
    return select(events).join(acts, acts.c.number == events.c.number)
