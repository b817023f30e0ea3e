"""Killing a keeper at a failpoint and starting it again; what must hold on the chain and in the record afterwards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from dao_bot.domain.lifecycle import State
from dao_bot.store.store import Store, open_store
from dao_bot.store.values import AttemptState
from tests.integration.engine import life
from tests.integration.engine.kit import EXECUTION_SUCCESS, GRANTEE

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World
    from tests.integration.engine.zygote import Zygote


@dataclass(frozen=True)
class Point:
    """The n-th time, from 1, that a failpoint is reached."""

    name: str
    occurrence: int

    def __str__(self) -> str:
        return f"{self.name} #{self.occurrence}"


def points(trace: Sequence[str]) -> Iterator[Point]:
    """Every place of a trace."""
    reached: Counter[str] = Counter()
    for name in trace:
        reached[name] += 1
        yield Point(name, reached[name])


def firsts_and_lasts(trace: Sequence[str]) -> list[Point]:
    """The first and the last place of each name."""
    most = Counter(trace)
    return [point for point in points(trace) if point.occurrence in (1, most[point.name])]


@dataclass
class Killer:
    """Kills and restarts, each time on the chain as it is now and on a copy of the record as it is now."""

    zygote: Zygote
    anvil: Anvil
    world: World
    directory: Path
    _copies: int = field(default=0)

    def kill_at_each(self, step: str, original: Path, chosen: Sequence[Point]) -> list[str]:
        """What went wrong at which point; empty when a restart mends every kill."""
        problems = []
        for point in chosen:
            with_problem = self._kill_at(step, original, point)
            problems += [f"killed at {point}: {problem}" for problem in with_problem]
        return problems

    def _kill_at(self, step: str, original: Path, point: Point) -> list[str]:
        snapshot = self.anvil.snapshot()
        try:
            config = self.copy(original)
            ended = self.zygote.kill(step, config, point.name, point.occurrence)
            if ended != -9:
                return [f"it was not reached; the process ended with {ended}"]
            return self.problems(config, self.zygote.play("live", config))
        finally:
            self.anvil.revert(snapshot)

    def copy(self, original: Path) -> Path:
        self._copies += 1
        return life.copy_of(original, self.directory / f"copy {self._copies}")

    def problems(self, config: Path, told: list[str]) -> list[str]:
        """Whatever is not as if nothing had happened, after a restart that told this."""
        with open_store(f"sqlite:///{config.with_name('dao-bot.sqlite3')}") as store:
            store.verify()
            facts = {
                "executions on the chain": len(self._executions()),
                "tokens paid": self._paid() / life.PAID,
                "transactions of the keeper": self._keeper_nonce(),
                "proposals": len(store.proposals()),
                "executed ones": len(store.proposals(states=[State.EXECUTED])),
                "outcomes of what is on the chain": self._true_outcomes(store),
                "mined attempts": sum(
                    attempt.state is AttemptState.MINED
                    for stored in store.proposals()
                    for attempt in store.attempts(stored.id)
                ),
                "finished runs": sum(run.finished_at is not None for run in store.last_runs("pay")),
                "changes of memory": (store.memory("pay") or (0, None))[0],
            }
            wrong = [f"{count} {what} instead of one" for what, count in facts.items() if count != 1]
            if store.unsettled_attempts():
                wrong.append("unsettled attempts")
        wrong += [line for line in told if "This is a bug" in line]
        return [*wrong, *(["it was told: " + "; ".join(told)] if wrong else [])]

    def _executions(self) -> list[str]:
        query = {"address": self.world.safe, "topics": [EXECUTION_SUCCESS], "fromBlock": "0x0", "toBlock": "latest"}
        return [log["transactionHash"] for log in self.anvil.rpc("eth_getLogs", query)]

    def _paid(self) -> int:
        data = f"0x70a08231{GRANTEE[2:].lower():0>64}"
        usdc = self.world.tokens["USDC"].address
        return int(self.anvil.rpc("eth_call", {"to": usdc, "data": data}, "latest"), 16)

    def _keeper_nonce(self) -> int:
        return int(self.anvil.rpc("eth_getTransactionCount", self.world.keeper, "latest"), 16)

    def _true_outcomes(self, store: Store) -> int:
        outcomes = [store.outcome(stored.id) for stored in store.proposals()]
        return sum(each.outcome.transaction_hash in self._executions() for each in outcomes if each is not None)
