"""`dao-bot run` as people run it: a process of its own, stopped by signals, and several of them at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.domain.lifecycle import State
from dao_bot.store.store import Store, open_store
from tests.integration.engine.kit import GRANTEE, KEEPER_VARIABLE, Office, ready, write_config

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

STOPS_WITHIN = 20.0
"""Seconds from SIGTERM to the end on a busy machine, when no strategy is deciding; else its time comes on top. Less
than any wait that a stop cuts short."""

DECIDES_FOR = 2.0

STRATEGIES = f'''
import time

from dao_bot.strategy import Decision, StrategyParams, Transfer


class Slow:
    name = "slow"
    Params = StrategyParams

    def __init__(self, params):
        pass

    def needs(self):
        return ()

    def decide(self, seen):
        time.sleep({DECIDES_FOR})
        return Decision((Transfer(seen.tokens["USDC"].amount(10**9), "{GRANTEE}"),), "It is due.")


class Broken(Slow):
    name = "broken"

    def decide(self, seen):
        raise RuntimeError("as always")
'''


def _slow_and_broken(data: dict[str, Any]) -> None:
    data["strategies"] = {
        name.lower(): {
            "use": f"./some.py:{name}",
            "schedule": {"every": "3650d"},
            "approval": "two-owners",
            "valid_for": "12h",
            "max_failures": 1,
        }
        for name in ("Broken", "Slow")
    }


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def config(tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    (tmp_path / "some.py").write_text(STRATEGIES)
    return write_config(tmp_path, anvil.url, _slow_and_broken)


@pytest.fixture
def start() -> Iterator[Start]:
    """Starts `dao-bot …`; none is left after the test."""
    started: list[subprocess.Popen[str]] = []

    def start_(*arguments: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "dao_bot.app.main", *map(str, arguments)]
        pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        started.append(subprocess.Popen(command, **pipes, text=True, env=os.environ))
        return started[-1]

    yield start_
    for process in started:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture
def record(config: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{config.with_name('dao-bot.sqlite3')}") as store:
        yield store


def wait_until(happened: Callable[[], object], process: subprocess.Popen[str], seconds: float = 60.0) -> None:
    give_up = time.monotonic() + seconds
    while not happened():
        if process.poll() is not None or time.monotonic() > give_up:
            process.kill()
            pytest.fail(process.communicate()[0])
        time.sleep(0.02)


def end(process: subprocess.Popen[str], within: float) -> str:
    """SIGTERM; what it printed in all its life."""
    process.send_signal(signal.SIGTERM)
    printed, _ = process.communicate(timeout=within)
    assert process.returncode == 0, printed
    return printed


def test_a_stop_lets_what_is_being_done_end_and_a_restart_does_not_repeat_it(
    config: Path, record: Store, start: Start
) -> None:
    process = start("run", "-c", config)
    wait_until(lambda: record.last_runs("slow"), process)
    printed = end(process, STOPS_WITHIN + DECIDES_FOR)
    assert "stopped; nothing was left half done" in printed and "Traceback" not in printed
    assert "broken: failed" in printed and "broken: paused" in printed
    (slow,) = record.last_runs("slow")
    assert slow.result == "proposal", "one strategy's error did not stop the other, and the stop waited for it"
    (proposal,) = record.proposals()
    assert proposal.state is State.DRAFT, "the keeper's tick was not begun any more"
    assert record.lease_holder(f"runs:{proposal.proposal.batch.safe}", slow.claimed_at) is None
    record.verify()

    again = start("run", "--once", "-c", config)
    printed = again.communicate(timeout=60)[0]
    assert again.returncode == 0, printed
    assert "broken: paused" in printed and "slow" not in printed
    assert [stored.state for stored in record.proposals()] == [State.QUEUED]


def test_a_keeper_that_waits_for_its_transaction_stops_at_once_and_goes_on_after_a_restart(
    office: Office, start: Start
) -> None:
    proposal = ready(office)
    office.desk.store.pause("reserve", "only the keeper is looked at", office.anvil.timestamp())
    path = office.desk.config.path
    office.anvil.rpc("evm_setAutomine", False)
    try:
        process = start("run", "-c", path)
        wait_until(lambda: any(each.state == "broadcast" for each in office.desk.store.attempts(proposal)), process)
        end(process, STOPS_WITHIN)
        assert office.state(proposal) is State.EXECUTING
    finally:
        office.anvil.rpc("evm_setAutomine", True)
    office.anvil.mine()
    again = start("run", "--once", "-c", path)
    printed = again.communicate(timeout=60)[0]
    assert office.state(proposal) is State.EXECUTED, printed
    assert (office.executions(), office.keeper_nonce()) == (1, 1)


def test_two_processes_that_execute_at_once_execute_once(office: Office, start: Start) -> None:
    proposal = ready(office)
    both = [start("execute", proposal, "--json", "-c", office.desk.config.path) for _ in range(2)]
    ended = [(process.communicate(timeout=60)[0], process.returncode) for process in both]
    assert (office.executions(), office.keeper_nonce()) == (1, 1), ended
    assert [code for _, code in ended] == [0, 0], ended
    assert {json.loads(printed)["state"] for printed, _ in ended} == {"executed"}
    office.desk.store.verify()
