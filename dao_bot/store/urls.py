"""The store's URL: which databases are allowed, and how a URL is shown without its password."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from dao_bot.domain.errors import BadInput

_DRIVERS = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_EXAMPLES = "sqlite:///dao-bot.sqlite3 or postgresql://user@host:5432/database"


def parse_url(text: str) -> URL:
    """The URL with its driver settled.

    Raises:
        BadInput: for anything that is not a SQLite file or a PostgreSQL database; never repeats the URL, which may
            hold a password.
    """
    try:
        url = make_url(text)
        driver = _DRIVERS.get(url.drivername)
    except (ArgumentError, ValueError):
        raise BadInput("the URL of the store cannot be read", limit=_EXAMPLES) from None
    if driver is None:
        raise BadInput("no such kind of store", value=url.drivername, limit=_EXAMPLES)
    if driver.startswith("sqlite") and url.database in (None, "", ":memory:"):
        raise BadInput(
            "the store must be a file: one in memory would forget what was sent", value="no path", limit=_EXAMPLES
        )
    if driver.startswith("sqlite") and (url.database or "").startswith("file:"):
        raise BadInput("the store must be a plain path, not a SQLite URI", value=url.database, limit=_EXAMPLES)
    if driver.startswith("postgresql") and not url.database:
        raise BadInput("the URL of the store names no database", value=describe(url), limit=_EXAMPLES)
    return url.set(drivername=driver)


def describe(url: URL) -> str:
    """For people: where the store is, without user, password and options."""
    if url.drivername.startswith("sqlite"):
        return f"the SQLite file {Path(url.database or '').absolute()}"
    port = f":{url.port}" if url.port else ""
    return f"the PostgreSQL database {url.database} at {url.host or 'the local socket'}{port}"
