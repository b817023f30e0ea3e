"""The databases that the store must behave the same on: a SQLite file and a real PostgreSQL server."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from dao_bot.store.schema import metadata
from dao_bot.store.store import Store, open_store

SERVER = os.environ.get("DAO_BOT_TEST_POSTGRESQL", "postgresql://postgres@127.0.0.1:5432/postgres")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[psycopg.Connection]:
    """An administrator's connection; each session of tests makes databases of its own and drops them."""
    try:
        server = psycopg.connect(SERVER, autocommit=True, connect_timeout=3)
    except psycopg.OperationalError as error:
        pytest.skip(f"no PostgreSQL server at {SERVER.rpartition('@')[2]}: {str(error).splitlines()[0]}")
    with server:
        yield server


@pytest.fixture(scope="session")
def migrated(postgresql: psycopg.Connection) -> Iterator[str]:
    """Name of a database with the schema."""
    name = f"dao_bot_test_{uuid.uuid4().hex}"
    postgresql.execute(f"CREATE DATABASE {name}")
    open_store(_url(name)).close()
    yield name
    postgresql.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def postgresql_url(migrated: str) -> str:
    """A store's URL on PostgreSQL, with the schema and without rows."""
    return _emptied(_url(migrated))


@pytest.fixture
def emptied(migrated_file: Path) -> Callable[[str], str]:
    """Empties a store that no process has open, and returns its URL."""

    def empty(url: str) -> str:
        if url.startswith("postgresql"):
            return _emptied(url)
        path = Path(url.removeprefix("sqlite:///"))
        for file in path.parent.glob(f"{path.name}*"):
            file.unlink()
        shutil.copy(migrated_file, path)
        return url

    return empty


def _emptied(url: str) -> str:
    """Also after a test that took the guards of the record away."""
    with psycopg.connect(url) as connection:
        connection.execute("ALTER TABLE events DISABLE TRIGGER USER")
        # Far faster than TRUNCATE, which makes new files.
        for table in reversed(metadata.sorted_tables):
            connection.execute(sql.SQL("DELETE FROM {}").format(sql.Identifier(table.name)))
        connection.execute("ALTER TABLE events ENABLE TRIGGER USER")
    return url


@pytest.fixture
def empty_postgresql_url(postgresql: psycopg.Connection) -> Iterator[str]:
    """A database without anything in it."""
    name = f"dao_bot_test_{uuid.uuid4().hex}"
    postgresql.execute(f"CREATE DATABASE {name}")
    yield _url(name)
    postgresql.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the schema and no rows."""
    path = tmp_path_factory.mktemp("store") / "template.sqlite3"
    open_store(f"sqlite:///{path}").close()
    return path


@pytest.fixture
def sqlite_url(tmp_path: Path, migrated_file: Path) -> str:
    """A store's URL on SQLite, with the schema and without rows."""
    shutil.copy(migrated_file, tmp_path / "store.sqlite3")
    return f"sqlite:///{tmp_path / 'store.sqlite3'}"


@pytest.fixture
def empty_sqlite_url(tmp_path: Path) -> str:
    """A file that is not there yet."""
    return f"sqlite:///{tmp_path / 'new.sqlite3'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty store, on each kind of database."""
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
def opened() -> Iterator[Callable[..., Store]]:
    """`open_store`, and every store is closed after the test."""
    stores: list[Store] = []

    def open_(*arguments: object, **options: object) -> Store:
        stores.append(open_store(*arguments, **options))  # type: ignore[arg-type]  # forwarded as they are
        return stores[-1]

    yield open_
    for store in stores:
        store.close()


@pytest.fixture
def store(url: str, opened: Callable[..., Store]) -> Store:
    """An empty store, on each kind of database."""
    return opened(url)


def _url(database: str) -> str:
    return SERVER.rpartition("/")[0] + f"/{database}"
