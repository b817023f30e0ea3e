"""The keeper: blocks from a proposal to its execution, and a tick over a thousand open proposals."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from dao_bot.app.keeping import make_keeper, make_seat
from dao_bot.app.wiring import open_desk
from dao_bot.devnet.running import start_world
from dao_bot.devnet.toolchain import ensure_toolchain
from dao_bot.domain.lifecycle import State
from dao_bot.domain.runs import RunId
from tests.integration.engine.kit import KEEPER_VARIABLE, Office, write_config

BLOCKS = 2
OPEN = 1_000
TICK_SECONDS = 1.0
ROUND_TRIPS = 10
REPEATS = 5


def latency(office: Office) -> dict[str, Any]:
    """Blocks, one each second, from the block that the proposal was made at to the one that it was executed in."""
    anvil, blocks = office.anvil, []
    anvil.rpc("evm_setAutomine", False)
    anvil.rpc("evm_setIntervalMining", 1)
    keeper = make_keeper(office.desk)
    for number in range(REPEATS):
        proposal = office.propose(office.payment("USDC", 10), nominal=number)
        keeper.tick()
        office.sign(proposal)
        while office.state(proposal) is not State.EXECUTED:
            keeper.tick()
        known = office.desk.store.outcome(proposal)
        assert known is not None
        blocks.append(known.outcome.block_number - office.stored(proposal).proposal.block.number)
    anvil.rpc("evm_setIntervalMining", 0)
    anvil.rpc("evm_setAutomine", True)
    median = sorted(blocks)[REPEATS // 2]
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
        os.environ[KEEPER_VARIABLE] = running.world.keeper_key
        for bench in (latency, crowd):
            home = Path(directory) / bench.__name__
            home.mkdir()
            running.anvil.set_time(max(int(time.time()), running.anvil.timestamp() + 1))
            with open_desk(write_config(home, running.anvil.url)) as desk:
                result = bench(Office(desk, running.world, running.anvil))
            print(json.dumps({"benchmark": f"keeper {bench.__name__}", **result}), flush=True)
            failed |= not result["ok"]
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
