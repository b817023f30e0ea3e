"""Bringing a database to this program's schema; a database that is there already costs one query."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, text

from dao_bot.domain.errors import StoreError
from dao_bot.store.database import Database, require_known
from dao_bot.store.errors import in_words
from dao_bot.store.schema import REVISIONS, VERSION_TABLE

MIGRATIONS = Path(__file__).parent / "migrations"


def prepare(database: Database) -> None:
    """Migrate if need be, in one transaction that holds every other writer off.

    Raises:
        StoreError: the database is newer than the program, or another program's.
    """
    with in_words(database.where), database.peek() as connection:
        found = _revision(connection)
    if found == REVISIONS[-1]:
        return
    if found is not None and found not in REVISIONS:
        require_known(found, database.where)
    with database.migration() as connection:
        # Another process may have been first.
        if _revision(connection) != REVISIONS[-1]:
            _require_own(connection, database)
            _upgrade(connection)


def _revision(connection: Connection) -> str | None:
    if not connection.dialect.has_table(connection, VERSION_TABLE):
        return None
    revision: str | None = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalar()
    return revision


def _require_own(connection: Connection, database: Database) -> None:
    """A SQLite file with tables of another program is a wrong path; a PostgreSQL schema may be shared."""
    if database.is_postgresql or connection.dialect.has_table(connection, VERSION_TABLE):
        return
    table = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'table' LIMIT 1")).scalar()
    if table is not None:
        raise StoreError(
            f"{database.where} belongs to another program",
            value=f"a table named {table}",
            next_step="Check the path under `store` in strategies.yaml",
        )


def _upgrade(connection: Connection) -> None:
    # Alembic takes a quarter of a second to import, and most starts do not need it.
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
