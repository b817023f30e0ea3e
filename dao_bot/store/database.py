"""The database behind the store: one writer at a time, consistent reads, every failure in words."""

from __future__ import annotations

import math
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, create_engine, event, text
from sqlalchemy.exc import SQLAlchemyError

from dao_bot.domain.errors import StoreError
from dao_bot.domain.failpoints import reach
from dao_bot.store.errors import in_words, uncertain
from dao_bot.store.schema import REVISIONS, VERSION_TABLE
from dao_bot.store.urls import describe

WRITER_LOCK = 0x64616F2D626F7400
"""Key of PostgreSQL's advisory lock that lets one writer in at a time, as `BEGIN IMMEDIATE` does on SQLite."""

OLDEST_POSTGRESQL = 15
_FROZEN_WRITER_SECONDS = 30
_STATEMENT_SECONDS = 60


@dataclass(slots=True)
class _Open:
    """The write transaction that a thread is in."""

    connection: Connection
    spoiled: bool = False


class Database:
    """Transactions on one SQLite file or PostgreSQL database.

    Attributes:
        where: for people, without user and password.
        file: of SQLite; None on a server.

    Args:
        wait: seconds to wait for another process's write before giving up.
    """

    def __init__(self, url: URL, wait: float = 5.0) -> None:
        self.where = describe(url)
        self.is_postgresql = url.drivername.startswith("postgresql")
        self.file = None if self.is_postgresql else Path(url.database or "").absolute()
        self._inode: tuple[int, int] | None = None
        self._thread = threading.local()
        with in_words(self.where):
            self._engine = create_engine(url, hide_parameters=True, **self._options(wait))
        if self.is_postgresql:
            event.listen(self._engine, "connect", _set_up_postgresql(wait))
        else:
            event.listen(self._engine, "connect", _set_up_sqlite(wait))
            event.listen(self._engine, "begin", _begin_sqlite)

    def _options(self, wait: float) -> dict[str, Any]:
        if not self.is_postgresql:
            return {"connect_args": {"timeout": wait}}
        arguments = {
            "connect_timeout": max(2, math.ceil(wait)),
            "application_name": "dao-bot",
            "keepalives_idle": 10,
            "keepalives_interval": 5,
            "keepalives_count": 3,
        }
        # With the writers' lock, each statement must see what the writer before committed: no older snapshot.
        return {"connect_args": arguments, "isolation_level": "READ COMMITTED", "pool_pre_ping": True}

    def close(self) -> None:
        """Give all connections back. Other threads must be done."""
        self._engine.dispose()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view; inside a write of this thread, what that write has done so far."""
        current = self._current()
        if current is not None:
            yield current.connection
            return
        with in_words(self.where), self._engine.connect() as connection:
            if self.is_postgresql:
                connection.execution_options(isolation_level="REPEATABLE READ")
            self._require_known_version(connection)
            yield connection

    @contextmanager
    def write(self, name: str) -> Iterator[Connection]:
        """One transaction, alone among all processes; inside another write of this thread, a part of that one.

        Failpoints: `store.<name>.before_commit`, `store.<name>.after_commit`.

        Raises:
            StoreError: nothing was recorded, unless it says that the connection broke during the commit.
        """
        current = self._current()
        if current is not None:
            try:
                yield current.connection
            except BaseException:
                current.spoiled = True
                raise
            return
        with self._transaction(name) as connection:
            self._require_known_version(connection)
            yield connection

    @contextmanager
    def peek(self) -> Iterator[Connection]:
        """A read that expects no version of the schema; the file that is there now is the file from now on."""
        if self.file is not None:
            create_private_file(self.file)
        with in_words(self.where), self._engine.connect() as connection:
            self._inode = _inode(self.file)
            yield connection

    @contextmanager
    def migration(self) -> Iterator[Connection]:
        """A write that expects no version of the schema."""
        with self._transaction("migrate") as connection:
            yield connection

    @contextmanager
    def _transaction(self, name: str) -> Iterator[Connection]:
        with in_words(self.where), self._engine.connect() as connection:
            transaction = connection.execution_options(**{_WRITES: True}).begin()
            opened = self._thread.open = _Open(connection)
            try:
                self._let_in(connection)
                yield connection
                if opened.spoiled:
                    raise StoreError(
                        "a part of the transaction failed and the error was passed over; nothing was recorded",
                        value=name,
                        next_step="This is a bug to report",
                    )
                reach(f"store.{name}.before_commit")
                with uncertain(self.where):
                    transaction.commit()
            except BaseException:
                # A server that is gone has rolled back by itself.
                with suppress(SQLAlchemyError):
                    transaction.rollback()
                raise
            finally:
                self._thread.open = None
        reach(f"store.{name}.after_commit")

    def _let_in(self, connection: Connection) -> None:
        """Wait to be the only writer."""
        if self.is_postgresql:
            connection.execute(
                text("SELECT pg_advisory_xact_lock(:key), set_config(:name, :value, true)"),
                {
                    "key": WRITER_LOCK,
                    "name": "idle_in_transaction_session_timeout",
                    "value": f"{_FROZEN_WRITER_SECONDS}s",
                },
            )
        else:
            self._require_same_file()

    def _require_same_file(self) -> None:
        """An open SQLite file that was moved away or replaced would take what is recorded with it, unseen."""
        if self._inode is None or _inode(self.file) != self._inode:
            raise StoreError(
                "the database file was moved, deleted or replaced while this program ran; nothing was recorded",
                value=self.file,
                next_step="Stop this program, put the file in place, start again",
            )

    def _require_known_version(self, connection: Connection) -> None:
        """Also in mid-life: another process may have migrated the database to a newer program's schema."""
        require_known(connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar(), self.where)

    def _current(self) -> _Open | None:
        return getattr(self._thread, "open", None)


def require_known(revision: str | None, where: str) -> None:
    """Refuse a schema that is not exactly this program's.

    Raises:
        StoreError: says which revision was found and which is needed.
    """
    if revision == REVISIONS[-1]:
        return
    if revision in REVISIONS:
        raise StoreError(
            f"{where} has an older schema", value=revision, limit=REVISIONS[-1], next_step="Open it anew to migrate it"
        )
    raise StoreError(
        f"{where} was written by a newer version of this program; nothing was recorded",
        value=f"schema {revision}",
        limit=f"schema {REVISIONS[-1]} and older",
        next_step="Install the newer version here too",
    )


_WRITES = "store_writes"


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _set_up_sqlite(wait: float) -> Any:
    def set_up(connection: sqlite3.Connection, _record: object) -> None:
        # None: the driver begins no transaction by itself; `_begin_sqlite` does.
        connection.isolation_level = None
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA synchronous = FULL")
        _use_write_ahead_log(connection, wait)

    return set_up


def _use_write_ahead_log(connection: sqlite3.Connection, wait: float) -> None:
    """SQLite does not wait for locks when it changes the journal's mode, so this does."""
    if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        return
    give_up = time.monotonic() + wait
    while True:
        try:
            mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
            break
        except sqlite3.OperationalError as error:
            if not error.sqlite_errorname.startswith("SQLITE_BUSY") or time.monotonic() > give_up:
                raise
            time.sleep(0.01)
    if mode != "wal":
        raise StoreError(
            "the database file lies where SQLite cannot keep a write-ahead log",
            value=f"journal mode {mode}",
            limit="wal",
            next_step="Put it on a local disk, or use PostgreSQL",
        )


def _set_up_postgresql(wait: float) -> Any:
    settings = {
        "lock_timeout": f"{math.ceil(wait * 1000)}ms",
        "statement_timeout": f"{_STATEMENT_SECONDS}s",
        # What was committed must survive a crash of the server, whatever its default is.
        "synchronous_commit": "on",
        "client_encoding": "UTF8",
    }

    def set_up(connection: Any, _record: object) -> None:
        version = connection.info.server_version // 10_000
        if version < OLDEST_POSTGRESQL:
            raise StoreError("the PostgreSQL server is too old", value=version, limit=f"{OLDEST_POSTGRESQL} or later")
        with connection.cursor() as cursor:
            for name, value in settings.items():
                cursor.execute("SELECT set_config(%s, %s, false)", (name, value))
        connection.commit()

    return set_up


def create_private_file(path: Path) -> None:
    """A new SQLite file that only its owner can read: it will hold signed transactions before they are sent."""
    # A directory that is missing or read-only is told by the database itself, in its words.
    with suppress(OSError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _inode(path: Path | None) -> tuple[int, int] | None:
    try:
        status = path.stat() if path else None
    except OSError:
        return None
    return (status.st_dev, status.st_ino) if status else None
