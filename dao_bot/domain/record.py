"""The record: a hash chain of events for each proposal, so that no event can be changed or cut out unseen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dao_bot.domain.errors import StoreError
from dao_bot.domain.hashing import digest

GENESIS = "0x" + "0" * 64


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened to a proposal (or to the keeper, whose subject is `keeper`).

    Attributes:
        number: position in the whole record, from 1, without gaps.
        subject: proposal id, strategy name or `keeper`.
        at: epoch seconds; chain time where the event came from the chain.
        previous: hash of the event before it in the whole record.
    """

    number: int
    subject: str
    kind: str
    at: int
    body: Mapping[str, object]
    previous: str

    @property
    def hash(self) -> str:
        return digest(
            {
                "number": self.number,
                "subject": self.subject,
                "kind": self.kind,
                "at": self.at,
                "body": self.body,
                "previous": self.previous,
            }
        )


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the record at some moment; published, so that a cut-off tail shows."""

    number: int
    hash: str

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


def verify_chain(events: Iterable[tuple[Event, str]]) -> Head:
    """Head of a record given as (event, stored hash) in order.

    Raises:
        StoreError: names the first event whose number, link or hash is wrong.
    """
    head = Head(0, GENESIS)
    for event, stored in events:
        if event.number != head.number + 1:
            raise StoreError(
                "the record has a gap", value=f"event {event.number} after event {head.number}", limit=head.number + 1
            )
        if event.previous != head.hash or event.hash != stored:
            raise StoreError(
                f"event {event.number} of the record was changed",
                value=event.hash,
                limit=stored,
                next_step="Restore the database from a copy whose head was published",
            )
        head = Head(event.number, stored)
    return head
