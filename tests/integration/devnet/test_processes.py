"""The chain's process and the cache: fast, shared, and nothing left behind."""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from dao_bot.devnet import Anvil, Toolchain, start_world
from dao_bot.devnet import toolchain as toolchain_module
from dao_bot.devnet.errors import DevnetError
from dao_bot.devnet.files import filled_directory
from dao_bot.devnet.toolchain import ensure_toolchain


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A killed orphan stays a zombie where nobody reaps it, as in a container without init.
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def _wait_for_end(pid: int) -> bool:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        if not _alive(pid):
            return True
        time.sleep(0.02)
    return False


def test_a_prepared_world_is_not_deployed_again(toolchain: Toolchain) -> None:
    start_world(toolchain).stop()
    told: list[str] = []
    with start_world(toolchain, progress=told.append) as running:
        assert not told
        assert abs(running.anvil.timestamp() - time.time()) < 5


def test_a_killed_parent_leaves_no_anvil_and_no_directory(toolchain: Toolchain) -> None:
    program = (
        "import sys, time; from pathlib import Path; from dao_bot.devnet import Anvil\n"
        "anvil = Anvil(Path(sys.argv[1])); print(anvil.pid, anvil.ipc, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(toolchain.anvil)], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        pid, ipc = parent.stdout.readline().split()
        assert _alive(int(pid))
        parent.send_signal(signal.SIGKILL)
    assert _wait_for_end(int(pid))
    deadline = time.monotonic() + 5
    while Path(ipc).parent.exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(ipc).parent.exists()


def test_stop_ends_the_process_and_twice_does_no_harm(fresh_anvil: Callable[..., Anvil]) -> None:
    anvil = fresh_anvil()
    anvil.stop()
    anvil.stop()
    assert not _alive(anvil.pid)
    assert not anvil.ipc.parent.exists()
    with pytest.raises(DevnetError, match="did not answer"):
        anvil.rpc("eth_chainId")


def test_a_taken_port_is_named_and_nothing_is_left(fresh_anvil: Callable[..., Anvil]) -> None:
    first = fresh_anvil()
    with pytest.raises(DevnetError, match="ended at its start"):
        fresh_anvil(port=first.port)
    assert first.is_running()


def test_a_revert_restores_the_state_once(fresh_anvil: Callable[..., Anvil]) -> None:
    anvil = fresh_anvil()
    snapshot = anvil.snapshot()
    anvil.mine(3)
    anvil.revert(snapshot)
    assert int(anvil.rpc("eth_blockNumber"), 16) == 0
    with pytest.raises(DevnetError, match="snapshot"):
        anvil.revert(snapshot)


def test_a_fork_sees_the_state_of_its_origin(fresh_anvil: Callable[..., Anvil]) -> None:
    origin = fresh_anvil()
    origin.rpc("anvil_setBalance", "0x" + "ab" * 20, hex(5))
    origin.mine()
    fork = fresh_anvil(fork_url=origin.url)
    assert int(fork.rpc("eth_getBalance", "0x" + "ab" * 20, "latest"), 16) == 5


def test_an_error_in_a_batch_is_told_and_the_connection_lives_on(fresh_anvil: Callable[..., Anvil]) -> None:
    anvil = fresh_anvil()
    with pytest.raises(DevnetError, match="eth_nonsense"):
        anvil.batch([("eth_chainId", ()), ("eth_nonsense", ())])
    assert anvil.batch([("eth_chainId", ())]) == ["0x7a69"]


def test_blocks_come_by_the_clock_where_a_block_time_is_given(toolchain: Toolchain) -> None:
    with start_world(toolchain, block_time=1) as running:
        before = int(running.anvil.rpc("eth_blockNumber"), 16)
        time.sleep(2.2)
        assert int(running.anvil.rpc("eth_blockNumber"), 16) > before


def test_many_tokens_each_have_a_pool_and_a_feed(toolchain: Toolchain) -> None:
    with start_world(toolchain, extra_tokens=3) as running:
        for symbol in ("T001", "T002", "T003"):
            pool = running.world.pool("USDC", symbol, 100)
            assert len(running.anvil.rpc("eth_getCode", pool, "latest")) > 100
            assert symbol in running.world.feeds


def test_a_directory_is_filled_once_by_several_at_the_same_time(tmp_path: Path) -> None:
    fills: list[Path] = []

    def fill(staging: Path) -> None:
        fills.append(staging)
        time.sleep(0.2)
        (staging / "content").write_text("whole")

    def ask() -> None:
        filled_directory(tmp_path / "target", fill, waiting=lambda: None)

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(fills) == 1
    assert (tmp_path / "target" / "content").read_text() == "whole"


def test_a_failed_fill_leaves_nothing_and_can_be_repeated(tmp_path: Path) -> None:
    def fail(staging: Path) -> None:
        (staging / "half").write_text("half")
        raise DevnetError("no network")

    with pytest.raises(DevnetError, match="no network"):
        filled_directory(tmp_path / "target", fail, waiting=lambda: None)
    assert [path.name for path in tmp_path.iterdir()] == ["target.lock"]
    filled_directory(tmp_path / "target", lambda staging: None, waiting=lambda: None)
    assert (tmp_path / "target").is_dir()


def test_a_wrong_anvil_in_the_environment_is_named(toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANVIL", "/nowhere/anvil")
    with pytest.raises(DevnetError, match="/nowhere/anvil"):
        ensure_toolchain()
    assert toolchain.anvil.exists()


def test_an_anvil_of_another_version_on_path_is_not_taken(
    toolchain: Toolchain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "anvil"
    other.write_text("#!/bin/sh\necho 'anvil Version: 0.1.0'\n")
    other.chmod(0o755)
    monkeypatch.delenv("ANVIL", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert ensure_toolchain().anvil == toolchain.anvil
    other.write_text(f"#!/bin/sh\necho 'anvil Version: {toolchain_module.anvil_version()}-stable'\n")
    assert ensure_toolchain().anvil == other


def test_a_platform_without_a_pinned_anvil_is_told_what_to_install(
    toolchain: Toolchain, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANVIL", raising=False)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(DevnetError, match="riscv64"):
        ensure_toolchain()
    assert toolchain.anvil.exists()
