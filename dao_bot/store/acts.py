"""Acts of people: votes, approvals, links and the like. Each is an event of the record, found again by who and what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, func, insert, select, update

from dao_bot.domain.errors import BadInput
from dao_bot.domain.record import Event
from dao_bot.store.audit import ACT_KEY, RESERVED_KINDS, STATE_KEY
from dao_bot.store.checks import name_of, whole
from dao_bot.store.part import Part
from dao_bot.store.record import append_events
from dao_bot.store.schema import acts, events, sightings
from dao_bot.store.values import StoredAct

_KEYS_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Act:
    """An act to be recorded.

    Attributes:
        subject: what it is about: a proposal's id, a ballot's, or the name of a register.
        actor: whose act it is: a wallet, a person or a program; lower-cased, so that a wallet has one spelling.
        key: identity of this one act (of the click, of the signed message): given again, nothing is recorded.
        at: chain time.
    """

    subject: str
    kind: str
    actor: str
    key: str
    at: int
    body: Mapping[str, object]


class Acts(Part):
    """The table holds no more than where each act stands in the record, so it can never say something else."""

    def record_act(
        self, subject: str, kind: str, actor: str, key: str, at: int, body: Mapping[str, object]
    ) -> tuple[StoredAct, bool]:
        """Record an act once; the act, and whether it is new. See `Act`.

        Raises:
            BadInput: a name cannot be stored, the body has no form in JSON, or it tells what only the store may tell.
        """
        (recorded,) = self.record_acts([Act(subject, kind, actor, key, at, body)])
        return recorded

    def record_acts(self, told: Sequence[Act]) -> list[tuple[StoredAct, bool]]:
        """Record several acts in this order, all or none; each as `record_act` does, but far faster together.

        Raises:
            BadInput: as `record_act`, for any of them.
        """
        named = [_checked(act) for act in told]
        with self._database.write("record_acts") as connection:
            known = self._known(connection, [act.key for act in named])
            new = {act.key: act for act in reversed(named) if act.key not in known}
            fresh = [act for act in named if new.get(act.key) is act]
            bodies = [{**act.body, ACT_KEY: {"actor": act.actor, "key": act.key}} for act in fresh]
            appended = append_events(
                connection,
                self._codec,
                [(act.subject, act.kind, act.at, body) for act, body in zip(fresh, bodies, strict=True)],
            )
            recorded = {act.key: _stored_act(event) for act, event in zip(fresh, appended, strict=True)}
            rows = [
                {"number": act.number, "subject": act.subject, "kind": act.kind, "actor": act.actor, "key": act.key}
                for act in recorded.values()
            ]
            if rows:
                connection.execute(insert(acts), rows)
        found = known | recorded
        return [(found[act.key], act.key in recorded and new[act.key] is act) for act in named]

    def _known(self, connection: Connection, keys: Sequence[str]) -> dict[str, StoredAct]:
        known: dict[str, StoredAct] = {}
        for start in range(0, len(keys), _KEYS_AT_ONCE):
            query = _acts().where(acts.c.key.in_(keys[start : start + _KEYS_AT_ONCE]))
            known |= {act.key: act for act in map(self._act, connection.execute(query))}
        return known

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

        They are no events; times in which all was well become some, and `forget_sightings` is told.
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

    def forget_sightings(self, subject: str, before: int) -> None:
        """Those of earlier moments are in the record."""
        with self._database.write("forget_sightings") as connection:
            connection.execute(
                delete(sightings).where(sightings.c.subject == name_of("subject", subject), sightings.c.at < before)
            )

    def _first_act(self, connection: Connection, query: Select[Any]) -> StoredAct | None:
        row = connection.execute(query).first()
        return None if row is None else self._act(row)

    def _act(self, row: Row[Any]) -> StoredAct:
        body = self._codec.decode_free(row.body)
        return _stored_act(Event(row.number, row.subject, row.kind, row.at, body, row.previous))


def _checked(act: Act) -> Act:
    if act.kind in RESERVED_KINDS or act.body.keys() & {STATE_KEY, ACT_KEY}:
        raise BadInput("only the store itself writes such an event", value=act.kind)
    name_of("key of an act", act.key)
    return replace(act, actor=name_of("actor", act.actor).lower())


def _stored_act(event: Event) -> StoredAct:
    body = dict(event.body)
    told: Any = body.pop(ACT_KEY)
    return StoredAct(event.number, event.subject, event.kind, told["actor"], told["key"], event.at, body)


def _acts() -> Select[Any]:
    return select(events).join(acts, acts.c.number == events.c.number)
