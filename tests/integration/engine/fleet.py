"""Several keepers as people run them: `dao-bot run` in processes of their own, on one PostgreSQL, killed at random."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dao_bot.domain.errors import BadInput
from dao_bot.domain.lifecycle import OPEN_STATES, State
from tests.integration.engine.kit import EXECUTION_SUCCESS, Office

KEEPERS = 2
_SECONDS_BETWEEN_BLOCKS = 12
"""Of the chain's time; a block comes every second of ours, so that leases end in a tenth of their time."""


def on_server(url: str) -> Any:
    """A change of the configuration: the record on a server, and no strategy that decides by itself."""

    def change(data: dict[str, Any]) -> None:
        data["store"]["url"] = url
        for strategy in data["strategies"].values():
            strategy["enabled"] = False

    return change


@dataclass
class Fleet:
    """Keepers, and the owners who sign what is queued."""

    office: Office
    chance: random.Random
    log: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    kills: int = 0

    def __enter__(self) -> Fleet:
        anvil = self.office.anvil
        anvil.rpc("evm_setAutomine", False)
        anvil.rpc("anvil_setBlockTimestampInterval", _SECONDS_BETWEEN_BLOCKS)
        anvil.rpc("evm_setIntervalMining", 1)
        self.processes = [self._start() for _ in range(KEEPERS)]
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.processes:
            process.kill()
            process.wait()
        anvil = self.office.anvil
        anvil.rpc("evm_setIntervalMining", 0)
        anvil.rpc("anvil_removeBlockTimestampInterval")
        anvil.rpc("evm_setAutomine", True)

    def kill_one(self) -> None:
        """As by `kill -9`; another one takes its place."""
        victim = self.chance.randrange(len(self.processes))
        self.processes[victim].kill()
        self.processes[victim].wait()
        self.processes[victim] = self._start()
        self.kills += 1

    def sign_queued(self) -> None:
        """Owners sign what has a nonce. A keeper may have moved it on meanwhile."""
        for stored in self.office.desk.store.open_proposals(self.office.world.safe):
            if stored.state is State.QUEUED:
                for owner in range(self.office.world.threshold):
                    try:
                        self.office.sign(stored.id, owner)
                    except BadInput:  # it is signed, or on its way already
                        continue

    def work(self, until: float, kill_every: tuple[float, float] | None) -> None:
        """Sign, and kill, until all is executed or the time (`time.monotonic`) has come."""
        next_kill = time.monotonic() + (self.chance.uniform(*kill_every) if kill_every else 0)
        while time.monotonic() < until and self.open_count():
            self.sign_queued()
            if kill_every and time.monotonic() >= next_kill:
                self.kill_one()
                next_kill = time.monotonic() + self.chance.uniform(*kill_every)
            time.sleep(0.2)

    def open_count(self) -> int:
        return len(self.office.desk.store.open_proposals(self.office.world.safe))

    def require_each_once(self, proposals: list[str], amount: int) -> None:
        """None lost, none doubled; the record says what the chain says."""
        store, world = self.office.desk.store, self.office.world
        states = Counter(str(store.proposal(each).state) for each in proposals)
        assert states == {"executed": len(proposals)}, (states, self.log.read_text()[-4000:])
        query = {"address": world.safe, "topics": [EXECUTION_SUCCESS], "fromBlock": "0x0", "toBlock": "latest"}
        on_chain = [log["transactionHash"] for log in self.office.anvil.rpc("eth_getLogs", query)]
        recorded = [outcome.outcome.transaction_hash for each in proposals if (outcome := store.outcome(each))]
        assert sorted(on_chain) == sorted(recorded), self._differences(proposals, on_chain)
        assert self.office.received() == len(proposals) * amount
        assert self.office.safe_nonce() == len(proposals)
        assert not store.unsettled_attempts()
        assert not [each for each in store.open_proposals(world.safe) if each.state in OPEN_STATES]
        store.verify()

    def _differences(self, proposals: list[str], on_chain: list[str]) -> str:
        store = self.office.desk.store
        outcomes = {each: store.outcome(each) for each in proposals}
        recorded = Counter(outcome.outcome.transaction_hash for outcome in outcomes.values() if outcome)
        executed = Counter(on_chain)
        return "\n".join(
            [
                f"{len(on_chain)} executions, Safe nonce {self.office.safe_nonce()}, {self.office.received()} received",
                f"without an outcome: {[each for each, outcome in outcomes.items() if outcome is None]}",
                f"executed but not recorded: {executed - recorded}",
                f"recorded but not executed: {recorded - executed}",
                f"more than once: {[each for each, count in (executed | recorded).items() if count > 1]}",
            ]
        )

    def _start(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "dao_bot.app.main", "run", "-c", str(self.office.desk.config.path)]
        with self.log.open("ab") as log:
            return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=os.environ)
