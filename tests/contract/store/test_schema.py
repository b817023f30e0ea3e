"""The migrations must make exactly the tables that the program works with, and opening must stay cheap."""

from __future__ import annotations

from collections.abc import Callable

from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from dao_bot.store.migrate import MIGRATIONS
from dao_bot.store.schema import REVISIONS, VERSION_TABLE, metadata
from dao_bot.store.store import Store


def test_the_migrations_make_the_tables_of_the_program(store: Store) -> None:
    with store._database.read() as connection:
        context = MigrationContext.configure(connection, opts={"version_table": VERSION_TABLE})
        assert compare_metadata(context, metadata) == []


def test_the_program_knows_every_migration_in_order() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    scripts = ScriptDirectory.from_config(config)
    assert tuple(reversed([script.revision for script in scripts.walk_revisions()])) == REVISIONS


def test_every_commit_on_sqlite_is_written_through_to_the_disk(sqlite_url: str, opened: Callable[..., Store]) -> None:
    store = opened(sqlite_url)
    with store._database.read() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_every_commit_on_postgresql_is_written_through_to_the_disk(
    postgresql_url: str, opened: Callable[..., Store]
) -> None:
    store = opened(f"{postgresql_url}?options=-c%20synchronous_commit%3Doff")
    with store._database.read() as connection:
        assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"


def test_a_store_of_the_first_schema_is_brought_up_to_date_with_all_that_it_holds(
    url: str, opened: Callable[..., Store]
) -> None:
    before = opened(url)
    before.append("keeper", "started", 1, {})
    with before._database.migration() as connection:
        for table in ("posts", "sightings", "acts", "service_requests"):
            connection.exec_driver_sql(f"DROP TABLE {table}")
        connection.exec_driver_sql("ALTER TABLE outcomes DROP COLUMN final_at")
        connection.exec_driver_sql(f"UPDATE {VERSION_TABLE} SET version_num = '{REVISIONS[0]}'")
    store = opened(url)
    assert [event.kind for event in store.events()] == ["started"]
    assert store.record_act("ballot", "voted", "0xaa", "click", 2, {})[1]
    assert store.verify().number == 2
