"""Segments: whole after any crash, refused when damaged, fast when there are many."""

from __future__ import annotations

import json
import multiprocessing
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from dao_bot import segments as module
from dao_bot.domain import failpoints
from dao_bot.domain.errors import Conflict, StoreError
from dao_bot.segments import Held, Segments

FOREVER = 2**62


class Crash(BaseException):
    """The process ends here."""


@pytest.fixture(autouse=True)
def no_failpoint_left() -> Iterator[None]:
    yield
    failpoints.install(None)


def opened(path: Path, identity: str = "x") -> Segments:
    return Segments(path / "rows", {"of": identity}, "at")


def rows(*keys: int) -> pa.Table:
    return pa.table({"at": pa.array(keys, pa.int64()), "text": [str(key) for key in keys]})


def keys(held: Held, first: int = 0, last: int = FOREVER) -> list[int]:
    table = held.table(first, last)
    return [] if table is None else table.column("at").to_pylist()


def test_rows_and_state_are_there_after_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path).held() as held:
        assert held.state is None
        held.append(rows(1, 2, 2), 5, {"cursor": 5})
        held.append(rows(), 7, {"cursor": 7})
        held.append(rows(8), 8, {"cursor": 8})
    with opened(tmp_path).held() as held:
        assert held.state == {"cursor": 8}
        assert keys(held) == [1, 2, 2, 8]
        assert keys(held, 2, 7) == [2, 2]
        assert held.table(9, 10) is None


def test_rows_may_be_added_before_others_and_come_in_order(tmp_path: Path) -> None:
    with opened(tmp_path).held() as held:
        for start in range(60, 0, -3):
            held.append(rows(start, start + 1), start + 1, {})
        assert keys(held) == sorted(at + step for at in range(60, 0, -3) for step in (0, 1))
        assert keys(held, 10, 16) == [10, 12, 13, 15, 16]
        assert len(held.segments) < 16


def test_what_was_cut_does_not_come_back(tmp_path: Path) -> None:
    with opened(tmp_path).held() as held:
        held.append(rows(1, 4, 6), 6, {})
        held.append(rows(7, 9), 9, {})
        held.cut(4, {"cursor": 4})
        assert keys(held) == [1, 4]
        held.append(rows(5, 6), 6, {"cursor": 6})
    with opened(tmp_path).held() as held:
        assert keys(held) == [1, 4, 5, 6]
        assert len(list((tmp_path / "rows").glob("*.parquet"))) == 2


def test_many_small_segments_become_one(tmp_path: Path) -> None:
    with opened(tmp_path).held() as held:
        for key in range(34):
            held.append(rows(key), key, {"cursor": key})
        held.cut(31, {"cursor": 31})
        assert keys(held) == list(range(32))
        assert len(held.segments) < 20
        assert len(list((tmp_path / "rows").glob("*.parquet"))) == len(held.segments)


def test_large_segments_stay_as_they_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SMALL", 2)
    with opened(tmp_path).held() as held:
        held.append(rows(0, 1), 1, {})
        for key in range(2, 18):
            held.append(rows(key), key, {})
        assert [segment.rows for segment in held.segments] == [2, 16]
        assert keys(held) == list(range(18))


CHANGES = {
    "append": lambda held: held.append(rows(50, 51), 51, {"cursor": 51}),
    "merge": lambda held: held.append(rows(50), 50, {"cursor": 51}),
    "cut": lambda held: held.cut(9, {"cursor": 9}),
    "empty": lambda held: held.append(rows(), 60, {"cursor": 60}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_crash_anywhere_leaves_the_rows_before_or_after_the_change(tmp_path: Path, change: str) -> None:
    """Every place where the process can end around a file's replacement, one after another."""
    with opened(tmp_path / "before").held() as held:
        for key in range(15 if change == "merge" else 12):
            held.append(rows(key), key, {"cursor": key})
        before = (held.state, keys(held))
    for place in range(100):
        directory = tmp_path / str(place)
        shutil.copytree(tmp_path / "before", directory)
        passed: list[str] = []

        def crash(name: str, place: int = place, passed: list[str] = passed) -> None:
            passed.append(name)
            if len(passed) > place:
                raise Crash

        failpoints.install(crash)
        try:
            with opened(directory).held() as held:
                CHANGES[change](held)
        except Crash:
            failpoints.install(None)
        else:
            failpoints.install(None)
            assert place == len(passed) >= 2
            return
        with opened(directory).held() as held:
            assert held.state in (before[0], {"cursor": {"append": 51, "merge": 51, "cut": 9, "empty": 60}[change]})
            if held.state == before[0]:
                assert keys(held) == before[1]
                CHANGES[change](held)
            expected = before[1][:10] if change == "cut" else before[1]
            expected = expected + {"append": [50, 51], "merge": [50]}.get(change, [])
            assert keys(held) == expected
            held.append(rows(70), 70, {})
            assert len(list((directory / "rows").glob("*.parquet"))) == len(held.segments)
            assert not list((directory / "rows").glob("*.tmp"))
    raise AssertionError("the change never came to its end")


def _append_in_turns(path: str, name: int, count: int) -> None:
    for _ in range(count):
        with opened(Path(path)).held() as held:
            cursor = (held.state or {"cursor": 0})["cursor"] + 1
            held.append(pa.table({"at": [cursor], "by": [name]}), cursor, {"cursor": cursor})


def test_two_processes_that_write_at_once_lose_and_repeat_nothing(tmp_path: Path) -> None:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["dao_bot.segments", "pyarrow.parquet", "pyarrow.compute"])
    both = [context.Process(target=_append_in_turns, args=(str(tmp_path), name, 12)) for name in (1, 2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
        assert process.exitcode == 0
    with opened(tmp_path).held() as held:
        assert keys(held) == list(range(1, 25))
        table = held.table(0, FOREVER)
        assert table is not None
        assert sorted(table.column("by").to_pylist()) == [1] * 12 + [2] * 12


def test_whoever_waits_too_long_is_told(tmp_path: Path) -> None:
    with opened(tmp_path).held(), pytest.raises(Conflict, match="another process"), opened(tmp_path).held(0.05):
        pass


def _manifest(tmp_path: Path) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((tmp_path / "rows" / "manifest.json").read_text())
    return read


@pytest.mark.parametrize(
    "damage",
    [
        lambda directory, file: file.write_bytes(file.read_bytes()[:-1]),
        lambda directory, file: file.write_bytes(file.read_bytes().replace(b"1", b"2", 1)),
        lambda directory, file: file.unlink(),
        lambda directory, file: (directory / "manifest.json").write_text("{"),
        lambda directory, file: (directory / "manifest.json").write_text("[]"),
        lambda directory, file: (directory / "manifest.json").write_text('{"format": 2}'),
    ],
)
def test_what_was_damaged_is_refused_with_what_to_do(tmp_path: Path, damage: Any) -> None:
    with opened(tmp_path).held() as held:
        held.append(rows(1, 2), 2, {})
    (file,) = (tmp_path / "rows").glob("*.parquet")
    damage(tmp_path / "rows", file)
    with pytest.raises(StoreError, match="Remove the directory"), opened(tmp_path).held() as held:
        held.table(0, FOREVER)


def test_a_directory_of_something_else_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path).held() as held:
        held.append(rows(1), 1, {})
    with pytest.raises(StoreError, match="something else"), opened(tmp_path, "y").held():
        pass


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "rows").write_text("a file")
    with pytest.raises(StoreError, match="rows"), opened(tmp_path).held():
        pass
    if os.geteuid():
        (tmp_path / "rows").unlink()
        (tmp_path / "rows").mkdir(mode=0o500)
        with pytest.raises(StoreError), opened(tmp_path).held():
            pass
