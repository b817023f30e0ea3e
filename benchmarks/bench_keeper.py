"""The keeper: blocks to an execution on both routes and in `dao-bot run`, and a tick over a thousand open proposals."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from dao_bot.app.keeping import make_keeper, make_seat
from dao_bot.app.wiring import open_desk
from dao_bot.devnet.running import start_world
from dao_bot.devnet.toolchain import ensure_toolchain
from dao_bot.domain.lifecycle import State
from dao_bot.domain.proposals import Outcome
from dao_bot.domain.runs import RunId
from tests.integration.engine.kit import KEEPER_VARIABLE, SIGNER_VARIABLE, STRATEGY, Office, write_config
from tests.integration.engine.module_kit import give_role, through_the_module

BLOCKS = 2
OPEN = 1_000
TICK_SECONDS = 1.0
ROUND_TRIPS = 10
REPEATS = 5
RUNS, QUIET, PHASE = 9, 1.0, 0.7
"""Proposals, and the seconds from the round that queues one to its signatures: those, and so many more for each."""

PATIENCE = 120.0


def latency(office: Office) -> dict[str, Any]:
    """Blocks, one each second, from the block that the proposal was made at to the one that it was executed in; gas."""
    return _latency(office, office.sign)


def module_latency(office: Office) -> dict[str, Any]:
    """The same through the module, where nobody is asked and no owner signs."""
    give_role(office)
    return _latency(office, lambda _: None)


def _latency(office: Office, sign: Callable[[str], None]) -> dict[str, Any]:
    blocks, gas = [], []
    with a_block_a_second(office):
        keeper = make_keeper(office.desk)
        for number in range(REPEATS):
            proposal = office.propose(office.payment("USDC", 10), nominal=number)
            keeper.tick()
            sign(proposal)
            while office.state(proposal) is not State.EXECUTED:
                keeper.tick()
            outcome = outcome_of(office, proposal)
            blocks.append(outcome.block_number - office.stored(proposal).proposal.block.number)
            gas.append(outcome.gas_used)
    return {**judged(blocks), "gas": max(gas)}


def run_latency(office: Office) -> dict[str, Any]:
    """The same of `dao-bot run`, from the block in which the last signature was recorded, at changing moments."""
    store, blocks = office.desk.store, []
    store.pause(STRATEGY, "proposals are made by the benchmark", office.anvil.timestamp())
    command = [sys.executable, "-m", "dao_bot.app.main", "run", "-c", str(office.desk.config.path)]
    with a_block_a_second(office), subprocess.Popen(command, stdout=subprocess.DEVNULL) as keeper:
        try:
            for number in range(RUNS):
                proposal = office.propose(office.payment("USDC", 10), nominal=number)
                wait_for(office, proposal, State.QUEUED)
                time.sleep(QUIET + number * PHASE)
                office.sign(proposal)
                signed_in = int(office.anvil.rpc("eth_blockNumber"), 16)
                wait_for(office, proposal, State.EXECUTED)
                blocks.append(outcome_of(office, proposal).block_number - signed_in)
        finally:
            keeper.terminate()
    return judged(blocks)


@contextmanager
def a_block_a_second(office: Office) -> Iterator[None]:
    office.anvil.rpc("evm_setAutomine", False)
    office.anvil.rpc("evm_setIntervalMining", 1)
    try:
        yield
    finally:
        office.anvil.rpc("evm_setIntervalMining", 0)
        office.anvil.rpc("evm_setAutomine", True)


def wait_for(office: Office, proposal: str, state: State) -> None:
    ends = time.monotonic() + PATIENCE
    while office.state(proposal) is not state:
        assert time.monotonic() < ends, f"{proposal} is {office.state(proposal)}"
        time.sleep(0.05)


def outcome_of(office: Office, proposal: str) -> Outcome:
    known = office.desk.store.outcome(proposal)
    assert known is not None
    return known.outcome


def judged(blocks: list[int]) -> dict[str, Any]:
    median = sorted(blocks)[len(blocks) // 2]
    return {"blocks": blocks, "median": median, "limit": BLOCKS, "ok": median <= BLOCKS}


def crowd(office: Office) -> dict[str, Any]:
    """A tick that finds nothing to do for a thousand open proposals; trying them again after an execution is apart."""
    store = office.desk.store
    first = office.stored(office.propose(office.payment("USDC", 1), nominal=10_000)).proposal
    with store.transaction("crowd"):
        for number in range(1, OPEN):
            another = dataclasses.replace(first, run=RunId(first.run.strategy, 10_000 + number))
            store.add_proposal(another, State.PENDING, office.anvil.timestamp())
    keeper = make_keeper(office.desk, make_seat(office.desk))
    while keeper.tick():
        keeper._unexamined.clear()
    nodes, seconds, trips = office.desk.services.endpoints, [], []
    for _ in range(REPEATS):
        before, began = nodes.round_trips, time.perf_counter()
        assert keeper.tick() == []
        seconds.append(time.perf_counter() - began)
        trips.append(nodes.round_trips - before)
    assert len(store.open_proposals(office.world.safe)) == OPEN
    median = sorted(seconds)[REPEATS // 2]
    return {
        "open": OPEN,
        "seconds": round(median, 3),
        "seconds_limit": TICK_SECONDS,
        "round_trips": max(trips),
        "round_trips_limit": ROUND_TRIPS,
        "ok": median <= TICK_SECONDS and max(trips) <= ROUND_TRIPS,
    }


def main() -> int:
    failed = False
    with tempfile.TemporaryDirectory() as directory, start_world(ensure_toolchain()) as running:
        world = running.world
        os.environ |= {KEEPER_VARIABLE: world.keeper_key, SIGNER_VARIABLE: world.module_signer_key}
        for bench in (latency, run_latency, module_latency, crowd):
            home = Path(directory) / bench.__name__
            home.mkdir()
            running.anvil.set_time(max(int(time.time()), running.anvil.timestamp() + 1))
            change = partial(through_the_module, world) if bench is module_latency else None
            with open_desk(write_config(home, running.anvil.url, change)) as desk:
                result = bench(Office(desk, world, running.anvil))
            print(json.dumps({"benchmark": f"keeper {bench.__name__}", **result}), flush=True)
            failed |= not result["ok"]
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
