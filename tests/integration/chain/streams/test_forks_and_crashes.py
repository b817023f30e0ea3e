"""Whatever the chain does and wherever the process dies, a stream is in the end what the chain says."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Iterator
from multiprocessing.context import ForkServerContext
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dao_bot.chain.rpc import Endpoint
from dao_bot.chain.streams.event import parse_event
from dao_bot.chain.streams.stream import EventStream, StreamSource
from dao_bot.devnet.anvil import CHAIN_ID, Anvil
from dao_bot.domain import failpoints
from dao_bot.domain.addresses import Address
from tests.examples import examples
from tests.integration.chain.streams.kit import TRANSFER, Emitter, chain_of, new_emitter, rows, stream_of

EMIT = st.tuples(st.just("emit"), st.integers(0, 3))
FORK = st.tuples(st.just("fork"), st.integers(1, 9), st.lists(st.integers(0, 3), max_size=4))
READ = st.tuples(st.just("read"), st.integers(0, 4))
CRASH = st.tuples(st.just("crash"), st.integers(0, 6))
GO_BACK = st.tuples(st.just("go back"))
HISTORIES = st.lists(st.one_of(EMIT, FORK, READ, CRASH, GO_BACK), min_size=1, max_size=14)


class Crash(BaseException):
    """The process ends here."""


@pytest.fixture(scope="module")
def shared(toolchain: object) -> Iterator[Emitter]:
    with Anvil(toolchain.anvil) as anvil:  # type: ignore[attr-defined]  # devnet's Toolchain
        yield new_emitter(anvil)


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.integration.chain.streams.kit", "pyarrow.parquet", "pyarrow.compute"])
    return context


@settings(max_examples=examples(30), deadline=None)
@given(history=HISTORIES)
def test_after_any_history_the_columns_are_what_the_chain_says(shared: Emitter, history: list[tuple]) -> None:  # type: ignore[type-arg]
    anvil = shared.anvil
    beginning, earlier = anvil.snapshot(), None
    endpoint = Endpoint(str(anvil.ipc), "local")
    with TemporaryDirectory() as home:
        try:
            for step in history:
                earlier = _play(shared, endpoint, Path(home), step, earlier)
            assert rows(stream_of(shared, Path(home)).columns(chain_of(endpoint))) == shared.truth()
        finally:
            failpoints.install(None)
            endpoint.close()
            anvil.revert(beginning)


def _play(emitter: Emitter, endpoint: Endpoint, home: Path, step: tuple, earlier: str | None) -> str | None:  # type: ignore[type-arg]
    height = int(emitter.anvil.rpc("eth_blockNumber"), 16)
    if step[0] == "emit":
        emitter.emit(step[1])
    elif step[0] == "fork":
        if step[1] < height:
            emitter.replace(step[1], step[2])
            return None  # anvil cannot go back to a block that a fork replaced
    elif step[0] == "read":
        pinned = max(height - step[1], 0)
        columns = stream_of(emitter, home).columns(chain_of(endpoint, pinned))
        assert rows(columns) == [row for row in emitter.truth() if row[0] <= pinned]
    elif step[0] == "crash":
        _die_while_reading(emitter, endpoint, home, step[1])
    elif earlier is None:
        return emitter.anvil.snapshot()
    else:
        emitter.anvil.revert(earlier)
        return None
    return earlier


def _die_while_reading(emitter: Emitter, endpoint: Endpoint, home: Path, place: int) -> None:
    passed: list[str] = []

    def crash(name: str) -> None:
        if name.startswith("file:"):
            passed.append(name)
            if len(passed) > place:
                raise Crash

    failpoints.install(crash)
    try:
        stream_of(emitter, home).columns(chain_of(endpoint))
    except Crash:
        pass
    finally:
        failpoints.install(None)


def _read(ipc: str, address: Address, home: str, places: int | None) -> None:
    """Reads the stream in many small steps, and is killed at the given place."""
    passed: list[str] = []

    def kill(name: str) -> None:
        if name.startswith("file:"):
            passed.append(name)
            if places is not None and len(passed) > places:
                os.kill(os.getpid(), signal.SIGKILL)

    failpoints.install(kill)
    source = StreamSource(CHAIN_ID, address, parse_event(TRANSFER), 0)
    EventStream("transfers", source, Path(home), span=5).columns(chain_of(Endpoint(ipc, "local")))


def test_a_process_that_is_killed_anywhere_loses_and_repeats_nothing(
    shared: Emitter, processes: ForkServerContext, tmp_path: Path
) -> None:
    for _ in range(30):
        shared.emit(2)
    for place in range(0, 28, 4):
        arguments = (str(shared.anvil.ipc), shared.address, str(tmp_path), place % 9)
        process = processes.Process(target=_read, args=arguments)
        process.start()
        process.join(60)
        assert process.exitcode in (-signal.SIGKILL, 0)
    endpoint = Endpoint(str(shared.anvil.ipc), "local")
    assert rows(stream_of(shared, tmp_path).columns(chain_of(endpoint))) == shared.truth()
    endpoint.close()


def test_processes_that_read_at_once_share_the_work(
    shared: Emitter, processes: ForkServerContext, tmp_path: Path
) -> None:
    for _ in range(40):
        shared.emit(2)
    arguments = (str(shared.anvil.ipc), shared.address, str(tmp_path), None)
    several = [processes.Process(target=_read, args=arguments) for _ in range(3)]
    for process in several:
        process.start()
    for process in several:
        process.join(60)
        assert process.exitcode == 0
    endpoint = Endpoint(str(shared.anvil.ipc), "local")
    assert rows(stream_of(shared, tmp_path).columns(chain_of(endpoint))) == shared.truth()
    endpoint.close()
