"""What databases say, in words: locked, full, read-only, corrupt, gone; without statements, values or passwords."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import exc

from dao_bot.domain.errors import Conflict, StoreError

_NOTHING = "nothing was recorded"

_SQLITE = {
    "SQLITE_BUSY": ("the database is locked by another process", "Stop that process, or try again when it is done"),
    "SQLITE_LOCKED": ("the database is locked by another process", "Stop that process, or try again when it is done"),
    "SQLITE_READONLY": (
        "the database file or its directory is read-only",
        "Make both writable for this user; SQLite keeps two more files beside the database",
    ),
    "SQLITE_PERM": ("the database file may not be opened by this user", "Make it readable and writable"),
    "SQLITE_CANTOPEN": (
        "the database file cannot be opened",
        "Check that its directory exists and that this user may write there",
    ),
    "SQLITE_FULL": ("the disk is full", "Free some space, then start again: what was recorded before is kept"),
    "SQLITE_IOERR": ("the disk failed to read or write", "Check the disk and its free space, then run `dao-bot audit`"),
    "SQLITE_CORRUPT": ("the database file is damaged", "Restore it from a copy, then run `dao-bot audit --head`"),
    "SQLITE_NOTADB": ("the file is not a SQLite database", "Check the path under `store` in strategies.yaml"),
}

_POSTGRESQL = {
    "28": ("the database server refused the user or the password", "Check the URL under `store` in strategies.yaml"),
    "3D000": ("the database does not exist on the server", "Create it with `createdb`, or check the URL"),
    "42501": ("the user may not do this in the database", "Grant the user all rights on its schema"),
    "53100": ("the disk of the database server is full", "Free some space there, then start again"),
    "53200": ("the database server is out of memory", "Try again when it has recovered"),
    "53300": ("the database server has no connection left", "Raise its max_connections, or stop other clients"),
    "55P03": ("the database is locked by another process", "Stop that process, or try again when it is done"),
    "57014": ("a statement took too long and was stopped", "Look at the load of the database server, then try again"),
    "57P": ("the database server is shutting down or closed the connection", "Try again when it runs"),
    "25P03": ("the transaction stood still for too long and was ended", "Try again"),
    "25006": ("the database server is read-only", "Use the URL of the primary server"),
    "40": ("the database broke off the transaction because of another one", "Try again"),
    "58": ("the disk of the database server failed", "Check that server, then run `dao-bot audit`"),
    "XX001": ("the database is damaged", "Restore it from a copy, then run `dao-bot audit --head`"),
}


@contextmanager
def in_words(where: str) -> Iterator[None]:
    """Turn SQLAlchemy's errors into `StoreError` or `Conflict`; `where` names the database without its password."""
    try:
        yield
    except exc.IntegrityError as error:
        raise Conflict(
            "another process recorded something that contradicts this, so nothing was recorded",
            value=_first_line(error),
            next_step="Read the record again before going on",
        ) from error
    except exc.TimeoutError as error:
        raise StoreError(
            f"too many threads wait for {where}", value="no free connection", next_step="Run fewer strategies at once"
        ) from error
    except exc.DBAPIError as error:
        what, next_step = _meaning(error)
        raise StoreError(f"{what} ({where}); {_NOTHING}", value=_first_line(error), next_step=next_step) from error
    except exc.SQLAlchemyError as error:
        raise StoreError(f"the database cannot be used ({where}); {_NOTHING}", value=type(error).__name__) from error


@contextmanager
def uncertain(where: str) -> Iterator[None]:
    """Around a commit over a network: when the connection breaks there, nobody knows whether it took place."""
    try:
        yield
    except exc.DBAPIError as error:
        if not error.connection_invalidated:
            raise
        raise StoreError(
            f"the connection to {where} broke during the commit, so this was recorded either wholly or not at all",
            value=_first_line(error),
            next_step="Read the record again before repeating anything",
        ) from error


def _meaning(error: exc.DBAPIError) -> tuple[str, str]:
    name = getattr(error.orig, "sqlite_errorname", None) or ""
    for prefix, words in _SQLITE.items():
        if name.startswith(prefix):
            return words
    state = getattr(error.orig, "sqlstate", None) or ""
    for prefix, words in _POSTGRESQL.items():
        if state.startswith(prefix):
            return words
    if error.connection_invalidated or (isinstance(error, exc.OperationalError) and not name):
        return (
            "the database server cannot be reached, or refuses the connection",
            "Check that it runs and that the URL is right, then try again",
        )
    return "the database refused a statement", "Run `dao-bot audit`; if it finds nothing, this is a bug to report"


def _first_line(error: exc.DBAPIError) -> str:
    """The driver's own words: they hold no statement, no parameter and no password."""
    return (str(error.orig).strip().splitlines() or [type(error.orig).__name__])[0]
