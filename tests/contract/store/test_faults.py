"""Faults of databases: each is a clear error in bounded time, nothing is half-recorded, and life goes on."""

from __future__ import annotations

import os
import resource
import sqlite3
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from dao_bot.domain import failpoints
from dao_bot.domain.errors import BadInput, StoreError
from dao_bot.domain.lifecycle import State
from dao_bot.store.database import WRITER_LOCK
from dao_bot.store.schema import REVISIONS
from dao_bot.store.store import Store, open_store
from tests.contract.store.samples import NOW, proposal

Open = Callable[..., Store]
NOBODY = 65534


def tick(store: Store) -> None:
    store.append("keeper", "tick", NOW, {})


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Permissions mean nothing to root, so root steps down for a while."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory that an ordinary user can reach and write to."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        yield Path(name)


def test_a_locked_file_is_told_after_a_bounded_wait_and_reading_goes_on(sqlite_url: str, opened: Open) -> None:
    store = opened(sqlite_url, wait=0.3)
    tick(store)
    other = sqlite3.connect(sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    started = time.monotonic()
    with pytest.raises(StoreError, match="locked by another process"):
        tick(store)
    assert 0.2 < time.monotonic() - started < 3
    assert store.head().number == 1
    other.close()
    tick(store)
    assert store.verify().number == 2


def test_a_file_that_is_locked_while_it_is_created_is_told(empty_sqlite_url: str) -> None:
    other = sqlite3.connect(empty_sqlite_url.removeprefix("sqlite:///"), isolation_level=None)
    other.execute("BEGIN EXCLUSIVE")
    with pytest.raises(StoreError, match="locked by another process"):
        open_store(empty_sqlite_url, wait=0.3)
    other.close()


def test_a_writer_that_holds_postgresql_is_told_after_a_bounded_wait(postgresql_url: str, opened: Open) -> None:
    store = opened(postgresql_url, wait=0.3)
    with psycopg.connect(postgresql_url) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (WRITER_LOCK,))
        with pytest.raises(StoreError, match="locked by another process"):
            tick(store)
        assert store.head().number == 0
    tick(store)


def test_a_read_only_file_can_be_read_and_says_that_it_cannot_be_written(directory: Path, opened: Open) -> None:
    path = directory / "store.sqlite3"
    with ordinary_user():
        tick(open_store(f"sqlite:///{path}"))
        path.chmod(0o444)
        store = opened(f"sqlite:///{path}")
        assert store.verify().number == 1
        with pytest.raises(StoreError, match="read-only"):
            tick(store)
        store.close()


def test_a_read_only_directory_is_told(directory: Path) -> None:
    with ordinary_user():
        open_store(f"sqlite:///{directory / 'there.sqlite3'}").close()
    directory.chmod(0o555)
    with ordinary_user():
        for name in ("there.sqlite3", "new.sqlite3"):
            with pytest.raises(StoreError, match="cannot be opened|read-only"):
                open_store(f"sqlite:///{directory / name}")
    directory.chmod(0o777)


def test_a_missing_directory_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened.*directory exists"):
        open_store(f"sqlite:///{tmp_path / 'missing' / 'store.sqlite3'}")


def test_a_directory_in_place_of_the_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="cannot be opened"):
        open_store(f"sqlite:///{tmp_path}")


def test_a_new_file_is_readable_by_its_owner_only(empty_sqlite_url: str, opened: Open) -> None:
    tick(opened(empty_sqlite_url))
    path = Path(empty_sqlite_url.removeprefix("sqlite:///"))
    assert [file.stat().st_mode & 0o077 for file in path.parent.glob("new.*")] == [0, 0, 0]


def test_a_full_disk_records_nothing_and_loses_nothing(sqlite_url: str, opened: Open) -> None:
    store = opened(sqlite_url)
    tick(store)
    with store._database.write("limit") as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")
    with pytest.raises(StoreError, match="disk is full"):
        store.append("keeper", "large", NOW, {"text": "x" * 100_000})
    with store._database.write("limit") as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    tick(store)
    assert [event.kind for event in store.events()] == ["tick", "tick"]
    assert store.verify().number == 2


def test_a_disk_that_fails_to_write_records_nothing_and_loses_nothing(sqlite_url: str, opened: Open) -> None:
    store = opened(sqlite_url)
    tick(store)
    allowed = resource.getrlimit(resource.RLIMIT_FSIZE)
    log = Path(sqlite_url.removeprefix("sqlite:///") + "-wal")
    resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 5_000, allowed[1]))
    try:
        with pytest.raises(StoreError, match="disk"):
            store.append("keeper", "large", NOW, {"text": "x" * 100_000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, allowed)
    tick(store)
    assert [event.kind for event in store.events()] == ["tick", "tick"]
    assert store.verify().number == 2


def test_a_full_disk_of_the_server_is_told(postgresql_url: str, opened: Open) -> None:
    store = opened(postgresql_url)
    # The server's own code for it; filling a server's disk is no test to run beside others.
    with psycopg.connect(postgresql_url) as other:
        other.execute(
            "CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = '53100'; END $$"
        )
        other.execute("CREATE TRIGGER full_disk BEFORE INSERT ON leases EXECUTE FUNCTION full_disk()")
    try:
        with pytest.raises(StoreError, match="disk of the database server is full"):
            store.lease("safe", "alice", NOW, 5)
    finally:
        with psycopg.connect(postgresql_url) as other:
            other.execute("DROP FUNCTION full_disk CASCADE")
    assert store.lease("safe", "alice", NOW, 5)


def test_a_newer_schema_is_refused_and_says_which(url: str, opened: Open) -> None:
    store = opened(url)
    with store._database.write("tamper") as connection:
        connection.exec_driver_sql("UPDATE dao_bot_version SET version_num = '0042'")
    with pytest.raises(StoreError, match=rf"newer version.*schema 0042.*schema {REVISIONS[-1]}"):
        open_store(url)
    for action in (lambda: tick(store), store.head):
        with pytest.raises(StoreError, match="newer version"):
            action()
    with store._database.peek() as connection:
        connection.exec_driver_sql(f"UPDATE dao_bot_version SET version_num = '{REVISIONS[-1]}'")
        connection.commit()
    assert store.head().number == 0


def test_a_file_that_is_no_database_is_told(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("shopping list\n" * 100)
    with pytest.raises(StoreError, match="not a SQLite database"):
        open_store(f"sqlite:///{path}")
    assert path.read_text().startswith("shopping list")


def test_a_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "places.sqlite"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE moz_places (id INTEGER)")
    other.close()
    with pytest.raises(StoreError, match="another program.*moz_places"):
        open_store(f"sqlite:///{path}")
    with sqlite3.connect(path) as other:
        assert other.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)
    other.close()


def test_a_damaged_file_is_told(sqlite_url: str) -> None:
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    with open_store(sqlite_url) as store:
        for n in range(40):
            store.append("keeper", "tick", NOW, {"text": f"{n}" * 3_000})
    content = bytearray(path.read_bytes())
    for page in range(len(content) // 3 // 4096, len(content) // 4096):
        content[page * 4096 : page * 4096 + 200] = b"\xff" * 200
    path.write_bytes(content)
    with open_store(sqlite_url) as store, pytest.raises(StoreError, match="damaged"):
        store.verify()


def test_a_file_that_was_moved_away_takes_nothing_with_it(sqlite_url: str, opened: Open) -> None:
    store = opened(sqlite_url)
    tick(store)
    path = Path(sqlite_url.removeprefix("sqlite:///"))
    path.rename(path.with_suffix(".old"))
    with pytest.raises(StoreError, match="moved, deleted or replaced"):
        tick(store)
    path.write_bytes(path.with_suffix(".old").read_bytes())
    with pytest.raises(StoreError, match="moved, deleted or replaced"):
        tick(store)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "nonsense",
        "sqlite://",
        "sqlite:///:memory:",
        "sqlite:///file:x?uri=true",
        "mysql://root:hunter2@localhost/x",
        "postgresql+asyncpg://root:hunter2@localhost/x",
        "postgresql://root:hunter2@localhost",
        "postgresql://root:hunter2@localhost:port/x",
        "root:hunter2@localhost/x",
    ],
)
def test_a_wrong_url_is_bad_input_and_its_password_is_not_shown(url: str) -> None:
    with pytest.raises(BadInput) as caught:
        open_store(url)
    assert "hunter2" not in str(caught.value) + repr(caught.value.__cause__)
    assert "sqlite:///" in str(caught.value)


def everything_said(error: BaseException | None) -> str:
    """The error and all that it was caused by."""
    return "" if error is None else f"{error!s} {error!r} {everything_said(error.__cause__ or error.__context__)}"


def test_a_server_that_is_not_there_is_told_without_the_password() -> None:
    for url in (
        "postgresql://root:hunter2@127.0.0.1:1/x",
        "postgresql://root@127.0.0.1:1/x?password=hunter2",
        "postgres://root:hunter2@host.invalid/x",
    ):
        with pytest.raises(StoreError, match="cannot be reached") as caught:
            open_store(url, wait=1)
        assert "hunter2" not in everything_said(caught.value)


def test_a_database_or_a_user_that_the_server_does_not_know_is_told(postgresql_url: str) -> None:
    missing = postgresql_url.rpartition("/")[0] + "/dao_bot_missing"
    with pytest.raises(StoreError, match='"dao_bot_missing" does not exist'):
        open_store(missing)
    stranger = "postgresql://stranger:hunter2@" + postgresql_url.rpartition("@")[2]
    with pytest.raises(StoreError, match="stranger") as caught:
        open_store(stranger)
    assert "hunter2" not in everything_said(caught.value)


def test_a_read_only_server_is_told(postgresql_url: str) -> None:
    with open_store(f"{postgresql_url}?options=-c%20default_transaction_read_only%3Don") as store:
        assert store.head().number == 0
        with pytest.raises(StoreError, match="server is read-only"):
            tick(store)


def end_other_sessions(url: str) -> None:
    """What a restart of the server does to a client."""
    with psycopg.connect(url) as other:
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_a_server_that_goes_away_in_mid_transaction_leaves_nothing_half_recorded(
    postgresql_url: str, opened: Open
) -> None:
    store = opened(postgresql_url)
    with pytest.raises(StoreError, match="shutting down|cannot be reached"), store.transaction("conclude"):
        store.add_proposal(proposal(), State.DRAFT, NOW)
        end_other_sessions(postgresql_url)
        tick(store)
    assert store.proposals() == ()
    assert store.head().number == 0
    tick(store)
    assert store.verify().number == 1


def test_a_server_that_goes_away_at_the_commit_leaves_all_or_nothing_and_says_so(
    postgresql_url: str, opened: Open
) -> None:
    store = opened(postgresql_url)
    failpoints.install(lambda name: end_other_sessions(postgresql_url) if name.endswith("before_commit") else None)
    try:
        with pytest.raises(StoreError, match="either wholly or not at all"):
            store.add_proposal(proposal(), State.DRAFT, NOW)
    finally:
        failpoints.install(None)
    assert store.add_proposal(proposal(), State.DRAFT, NOW)
    assert store.verify().number == 1


def test_a_server_that_was_restarted_between_two_writes_is_not_noticed(postgresql_url: str, opened: Open) -> None:
    store = opened(postgresql_url)
    tick(store)
    end_other_sessions(postgresql_url)
    tick(store)
    assert store.verify().number == 2
