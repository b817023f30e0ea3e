"""Several real processes and threads on one store, and real kills: nothing lost, nothing doubled, nothing half-done."""

from __future__ import annotations

import multiprocessing
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from multiprocessing.context import ForkServerContext, ForkServerProcess
from typing import Any

import pytest

from dao_bot.domain import failpoints
from dao_bot.domain.lifecycle import State
from dao_bot.store.store import Store, open_store
from tests.contract.store import scenario
from tests.contract.store.samples import NOW, run

Start = Callable[..., ForkServerProcess]


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.contract.store.scenario"])
    return context


@pytest.fixture
def start(processes: ForkServerContext) -> Iterator[Start]:
    """Starts a function in a process of its own; none is left after the test."""
    started: list[ForkServerProcess] = []

    def start_(target: Callable[..., None], *arguments: Any) -> ForkServerProcess:
        process = processes.Process(target=target, args=arguments)
        process.start()
        started.append(process)
        return process

    yield start_
    for process in started:
        process.kill()
        process.join()
        process.close()


def test_two_processes_that_append_at_once_make_one_record(
    url: str, start: Start, opened: Callable[..., Store]
) -> None:
    both = [start(scenario.append_many, url, keeper, 40) for keeper in ("alice", "bob")]
    for process in both:
        process.join(60)
        assert process.exitcode == 0
    store = opened(url)
    assert store.verify().number == 80
    for keeper in ("alice", "bob"):
        assert [event.body["n"] for event in store.events(keeper)] == list(range(40))


def test_processes_that_open_a_new_store_at_once_agree_on_its_schema(
    empty_sqlite_url: str, empty_postgresql_url: str, start: Start, opened: Callable[..., Store]
) -> None:
    for url in (empty_sqlite_url, empty_postgresql_url):
        several = [start(scenario.append_many, url, f"keeper {n}", 1) for n in range(3)]
        for process in several:
            process.join(60)
            assert process.exitcode == 0
        store = opened(url)
        assert store.verify().number == 3
        store.close()


def test_threads_share_one_store(store: Store) -> None:
    def work(number: int) -> bool:
        store.append(f"thread {number}", "tick", NOW, {})
        return store.claim_run(run(), f"thread {number}", NOW, 60)

    with ThreadPoolExecutor(4) as threads:
        claims = list(threads.map(work, range(12)))
    assert sum(claims) == 1
    assert store.verify().number == 12


@pytest.fixture
def ends(tmp_path: Any) -> tuple[str, int]:
    """How the scenario's record ends when nothing goes wrong, and how many failpoints it passes."""
    reached: list[str] = []
    with open_store(f"sqlite:///{tmp_path / 'reference.sqlite3'}") as store:
        failpoints.install(reached.append)
        try:
            head = scenario.keep(store)
        finally:
            failpoints.install(None)
    return str(head), len(reached)


def test_a_keeper_killed_at_any_failpoint_and_started_again_ends_with_the_same_record(
    url: str, start: Start, ends: tuple[str, int], emptied: Callable[[str], str]
) -> None:
    head, count = ends
    assert count >= 30
    # A server takes a tenth of a second for each: there every third one, before and after commits in turn.
    for failpoint in range(1, count + 1, 3 if url.startswith("postgresql") else 1):
        killed = start(scenario.keep_until_killed, emptied(url), failpoint)
        killed.join(60)
        assert killed.exitcode == -signal.SIGKILL
        with open_store(url) as store:
            store.verify()
            assert str(scenario.keep(store)) == head
            assert str(store.verify()) == head


def test_a_keeper_killed_at_any_moment_leaves_no_half_recorded_thing(
    url: str, start: Start, opened: Callable[..., Store]
) -> None:
    store = opened(url)
    for round_ in range(4):
        before = store.head().number
        victim = start(scenario.keep_forever, url, NOW + 1_000_000 * round_)
        while store.head().number < before + 20:
            time.sleep(0.005)
            assert victim.is_alive()
        time.sleep(0.013 * round_)
        victim.kill()
        victim.join(60)
        store.verify()
    stored = store.proposals(limit=None)
    assert len(stored) >= 4
    for kept in stored:
        finished = store.run(kept.proposal.run)
        assert finished is not None
        assert finished.result == "proposal"
        assert (store.outcome(kept.id) is not None) == (kept.state is State.EXECUTED)
    scenario.keep(store, NOW + 9_000_000)
    store.verify()
