"""The store: every part of it on one database, opened by URL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from dao_bot.domain.operations import Operation
from dao_bot.store.acts import Acts
from dao_bot.store.attempts import Attempts
from dao_bot.store.codec import Codec
from dao_bot.store.database import Database
from dao_bot.store.leases import Leases
from dao_bot.store.memory import Memories
from dao_bot.store.migrate import prepare
from dao_bot.store.nonces import Nonces
from dao_bot.store.outcomes import Outcomes
from dao_bot.store.posts import Posts
from dao_bot.store.proposals import Proposals
from dao_bot.store.record import Record
from dao_bot.store.requests import ServiceRequests
from dao_bot.store.runs import Runs
from dao_bot.store.signatures import Signatures
from dao_bot.store.spending import Spending
from dao_bot.store.urls import parse_url


class Store(
    Runs,
    Proposals,
    Nonces,
    Signatures,
    Attempts,
    Outcomes,
    Spending,
    Memories,
    Leases,
    Acts,
    Posts,
    ServiceRequests,
    Record,
):
    """All that is remembered. Safe for several threads and several processes; not across a fork.

    Every write is one transaction, which appends to the record what it did. Times are handed in: chain time.
    """

    @property
    def where(self) -> str:
        """For people: which database this is, without user and password."""
        return self._database.where

    @property
    def file(self) -> Path | None:
        """The SQLite file; None on a server."""
        return self._database.file

    @contextmanager
    def transaction(self, name: str) -> Iterator[None]:
        """All writes inside are one: they happen together or not at all. Reads inside see them.

        Keep it short and do no I/O inside: every other writer waits. When one of the writes fails, all are given up,
        also if its error is caught. Failpoints: `store.<name>.before_commit`, `store.<name>.after_commit`.
        """
        with self._database.write(name):
            yield

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_store(url: str, *, operations: Iterable[type[Operation]] = (), wait: float = 5.0) -> Store:
    """Open a store, and bring its schema up to date if it is older than this program.

    Args:
        url: `sqlite:///file` or `postgresql://user@host/database`.
        operations: those of the configured protocols, besides `Swap` and `Transfer`.
        wait: seconds to wait for another process's write before giving up.

    Raises:
        BadInput: the URL, or an operation, cannot be used.
        StoreError: the database cannot be reached, is damaged, another program's, or newer than this program.
    """
    codec = Codec(operations)
    database = Database(parse_url(url), wait)
    try:
        prepare(database)
    except BaseException:
        database.close()
        raise
    return Store(database, codec)
