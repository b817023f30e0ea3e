"""The record: appending events to the hash chain, reading them, and finding what was changed or cut off."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from sqlalchemy import Connection, Row, insert, select

from dao_bot.domain.errors import BadInput, StoreError
from dao_bot.domain.record import GENESIS, Event, Head, verify_chain
from dao_bot.store.audit import ACT_KEY, RESERVED_KINDS, STATE_KEY, require_tables_agree
from dao_bot.store.checks import name_of, whole
from dao_bot.store.codec import Codec
from dao_bot.store.part import Part
from dao_bot.store.schema import events


def head_of(connection: Connection) -> Head:
    """The last event, or number 0 of an empty record."""
    row = connection.execute(select(events.c.number, events.c.hash).order_by(events.c.number.desc()).limit(1)).first()
    return Head(row.number, row.hash) if row else Head(0, GENESIS)


def append_event(
    connection: Connection, codec: Codec, subject: str, kind: str, at: int, body: Mapping[str, object]
) -> Head:
    """Append to the record, inside the write that does what the event tells. Numbers have no gaps: one writer."""
    (event,) = append_events(connection, codec, [(subject, kind, at, body)])
    return Head(event.number, event.hash)


def append_events(
    connection: Connection, codec: Codec, told: Iterable[tuple[str, str, int, Mapping[str, object]]]
) -> list[Event]:
    """Several at once, each as (subject, kind, time, body), in this order; as they will be read again."""
    head, appended, rows = head_of(connection), [], []
    for subject, kind, at, body in told:
        text = codec.encode(body)
        event = Event(
            number=head.number + 1,
            subject=name_of("subject", subject),
            kind=name_of("kind of event", kind),
            at=whole("the time of an event", at),
            body=codec.decode_free(text),
            previous=head.hash,
        )
        head = Head(event.number, event.hash)
        appended.append(event)
        rows.append(
            {
                "number": event.number,
                "subject": event.subject,
                "kind": event.kind,
                "at": event.at,
                "body": text,
                "previous": event.previous,
                "hash": head.hash,
            }
        )
    if rows:
        connection.execute(insert(events), rows)
    return appended


class Record(Part):
    """Events in their order, and the head that is published."""

    def append(self, subject: str, kind: str, at: int, body: Mapping[str, object]) -> Head:
        """Record something that changes no table, such as a start of the keeper; `subject` as in `Event`.

        Raises:
            BadInput: the body has no form in JSON, or the event tells what only the store itself may tell.
        """
        if body.keys() & {STATE_KEY, ACT_KEY} or kind in RESERVED_KINDS:
            raise BadInput("only the store itself writes such an event", value=kind)
        with self._database.write("append") as connection:
            return append_event(connection, self._codec, subject, kind, at, body)

    def head(self) -> Head:
        """Number and hash of the last event; number 0 while there is none."""
        with self._database.read() as connection:
            return head_of(connection)

    def events(self, subject: str | None = None, after: int = 0, limit: int | None = None) -> tuple[Event, ...]:
        """Events in their order, of one subject or of all, with numbers greater than `after`."""
        query = select(events).where(events.c.number > after).order_by(events.c.number).limit(limit)
        if subject is not None:
            query = query.where(events.c.subject == name_of("subject", subject))
        with self._database.read() as connection:
            return tuple(self._event(row) for row in connection.execute(query))

    def verify(self, against: Head | None = None) -> Head:
        """The head, after every hash, link and number was computed anew and the tables compared with the events.

        Args:
            against: a head that was published earlier; a record that ends before it or has another hash there was
                cut off or rewritten.

        Raises:
            StoreError: names the first thing that does not fit.
        """
        with self._database.read() as connection:
            rows = connection.execute(select(events).order_by(events.c.number))
            found = verify_chain(self._stored(rows, against))
            if against is not None and found.number < against.number:
                raise StoreError(
                    "the end of the record was cut off",
                    value=f"the record ends with event {found.number}",
                    limit=f"the published head is event {against.number}",
                    next_step="Restore the database from a copy that holds the published head",
                )
            require_tables_agree(connection, self._codec)
            return found

    def _stored(self, rows: Iterator[Row[tuple[object, ...]]], against: Head | None) -> Iterator[tuple[Event, str]]:
        for row in rows:
            if against is not None and row.number == against.number and row.hash != against.hash:
                raise StoreError(
                    f"the record was rewritten at or before event {row.number}",
                    value=row.hash,
                    limit=f"the published head {against.hash}",
                    next_step="Restore the database from a copy that holds the published head",
                )
            yield self._event(row), row.hash

    def _event(self, row: Row[tuple[object, ...]]) -> Event:
        return Event(row.number, row.subject, row.kind, row.at, self._codec.decode_free(row.body), row.previous)
