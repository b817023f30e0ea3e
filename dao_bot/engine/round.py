"""One round: every strategy that is due, one after another, then the keeper's tick. Trouble stays where it arose."""

from __future__ import annotations

import threading
from dataclasses import dataclass

from dao_bot.domain.errors import DaoBotError
from dao_bot.engine.keeper import Keeper
from dao_bot.engine.runs import run_once
from dao_bot.engine.schedule import due_run
from dao_bot.engine.services import Services, StrategyPlan
from dao_bot.store.store import Store
from dao_bot.store.values import RunResult

_LOCK_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Told:
    """One line of what happened. `result` is None for what is no run."""

    subject: str
    words: str
    result: RunResult | None = None


class Round:
    """What the process does each time it wakes.

    Args:
        name: of this keeper.
    """

    def __init__(self, services: Services, store: Store, keeper: Keeper, name: str) -> None:
        self._services = services
        self._store = store
        self._keeper = keeper
        self._name = name
        self._stop = threading.Event()

    def stop(self) -> None:
        """Finish what is being done and begin nothing more."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def play(self) -> list[Told]:
        """One pass. The chain's time decides what is due."""
        try:
            now = self._services.endpoints.pin().timestamp
        except DaoBotError as error:
            return [Told("chain", f"nothing was done: {error}", RunResult.FAILED)]
        lock = f"runs:{self._services.treasury.safe}"
        if not self._store.lease(lock, self._name, now, _LOCK_SECONDS):
            return []
        told: list[Told] = []
        try:
            for plan in self._services.strategies.values():
                if not self.stopping:
                    told.extend(self._run_if_due(plan, now))
        finally:
            self._store.release(lock, self._name)
        if not self.stopping:
            told.extend(self._tick())
        return told

    def _run_if_due(self, plan: StrategyPlan, now: int) -> list[Told]:
        if not plan.enabled or self._store.strategy_state(plan.name).paused:
            return []
        latest = self._store.last_runs(plan.name, 1)
        decision = latest[0].decision if latest else None
        abandoned = [run for run in self._store.abandoned_runs(now) if run.strategy == plan.name]
        due = due_run(
            plan.name,
            plan.schedule,
            plan.jitter,
            self._store.latest_nominal(plan.name),
            decision.wake_at if decision else None,
            now,
        )
        told: list[Told] = []
        for run in [*abandoned, *([due.run] if due else [])]:
            try:
                report = run_once(self._services, self._store, plan, run, self._name, now)
            except DaoBotError as error:
                told.append(Told(plan.name, f"could not be recorded: {error}", RunResult.FAILED))
                continue
            if report is not None:
                told.append(Told(plan.name, f"{report.result}: {report.detail}", report.result))
        state = self._store.strategy_state(plan.name)
        if told and state.paused:
            told.append(Told(plan.name, f"paused: {state.reason}", RunResult.FAILED))
        return told

    def _tick(self) -> list[Told]:
        try:
            return [Told(step.proposal_id[2:14], step.told) for step in self._keeper.tick()]
        except DaoBotError as error:
            return [Told("keeper", f"could not go on: {error}")]
