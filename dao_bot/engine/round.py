"""One round: every strategy that is due, one after another, then the keeper's tick. Trouble stays where it arose."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dao_bot.domain.errors import Conflict, DaoBotError
from dao_bot.domain.runs import RunId
from dao_bot.engine.bugs import in_words
from dao_bot.engine.fleet import hold
from dao_bot.engine.keeper import Keeper
from dao_bot.engine.ladder import judge_results
from dao_bot.engine.rhythm import Rhythm
from dao_bot.engine.runs import RunReport, give_up_run, run_once
from dao_bot.engine.schedule import Due, due_run
from dao_bot.engine.seat import Seat
from dao_bot.engine.services import Services, StrategyPlan
from dao_bot.store.store import Store
from dao_bot.store.values import RunResult

_LOCK_SECONDS = 900
_LATE = "the keeper was stopped before this run ended, and a newer one is due"


@dataclass(frozen=True, slots=True)
class Told:
    """One line of what happened.

    Attributes:
        subject: the strategy, the part of the program, or the proposal by its whole id.
        result: None for what is no run's end.
        run, proposal: which it was about, where it was about one.
    """

    subject: str
    words: str
    result: RunResult | None = None
    run: RunId | None = None
    proposal: str | None = None


class Round:
    """What the process does each time it wakes.

    Args:
        seat: who this keeper is, and its right to work now.
        stop: when it is set, what is being done is finished and nothing more is begun.
        after: gets what each round told, in the round's own thread.
    """

    def __init__(
        self,
        services: Services,
        store: Store,
        keeper: Keeper,
        seat: Seat,
        stop: threading.Event | None = None,
        after: Callable[[list[Told]], None] | None = None,
        rhythm: Rhythm | None = None,
    ) -> None:
        self._after = after
        self._services = services
        self._store = store
        self._keeper = keeper
        self._seat = seat
        self._stop = stop or threading.Event()
        self._lock = f"runs:{services.treasury.safe}"
        self._is_first = True
        self._rhythm = rhythm or Rhythm(services, store)

    def stop(self) -> None:
        """Finish what is being done and begin nothing more."""
        self._stop.set()

    @property
    def stopping(self) -> bool:
        return self._stop.is_set()

    def is_due(self) -> bool:
        """Whether there may be something to do: a look at the record, not at the chain."""
        return self._rhythm.is_due()

    def play(self) -> list[Told]:
        """One pass. The chain's time decides what is due. Whatever goes wrong is told, never raised."""
        told: list[Told] = []
        try:
            self._rhythm.begin()
            told += self._play_strategies()
        except Conflict as error:
            self._rhythm.hurry()
            told.append(Told("strategies", f"wait: {error}"))
        except Exception as error:  # noqa: BLE001 - the keeper's tick must not wait for it
            told.append(Told("strategies", f"nothing was run: {in_words(error)}", RunResult.FAILED))
        if not self.stopping:
            told += self._tick()
            told += self._judge()
        self._rhythm.end()
        if self._after is not None:
            self._after(told)
        return told

    def _judge(self) -> list[Told]:
        """Up and down the ladder, by what became of earlier batches."""
        if all(plan.autonomy is None for plan in self._services.strategies.values()):
            return []
        try:
            now = self._services.endpoints.pin().timestamp
            return [Told(strategy, words) for strategy, words in judge_results(self._services, self._store, now)]
        except Exception as error:  # noqa: BLE001 - the next round judges again
            return [Told("ladder", f"nobody was judged: {in_words(error)}", RunResult.FAILED)]

    def _play_strategies(self) -> list[Told]:
        now = self._services.endpoints.pin().timestamp
        told: list[Told] = []
        with self._seat.taken():
            try:
                for plan in self._services.strategies.values():
                    if self.stopping:
                        break
                    self._hold(now)
                    told.extend(self._play_strategy(plan, now))
                self._is_first = False
            finally:
                self._store.release(self._lock, self._seat.name)
        return told

    def _hold(self, now: int) -> None:
        """Strategies of one treasury run one after another, also when several keepers share the record."""
        hold(self._services, self._store, self._seat, self._lock, now, _LOCK_SECONDS)

    def _play_strategy(self, plan: StrategyPlan, now: int) -> Iterator[Told]:
        """One strategy; its errors stop no other."""
        try:
            for report in self._run_if_due(plan, now):
                made = report.proposal.id if report.proposal is not None else None
                yield Told(plan.name, f"{report.result}: {report.detail}", report.result, report.run, made)
            state = self._store.strategy_state(plan.name)
            if plan.enabled and state.paused:
                yield Told(plan.name, f"paused: {state.reason} To go on: `dao-bot resume {plan.name}`.")
        except Exception as error:  # noqa: BLE001 - the other strategies must not wait for it
            yield Told(plan.name, f"could not be run: {in_words(error)}", RunResult.FAILED)

    def _run_if_due(self, plan: StrategyPlan, now: int) -> Iterator[RunReport]:
        if not plan.enabled or self._store.strategy_state(plan.name).paused:
            return
        due = self._due(plan, now)
        restarted = self._seat.name if self._is_first else None
        for run in self._store.abandoned_runs(now, restarted):
            if run.strategy == plan.name:
                yield from _some(self._take_over(plan, run, due, now))
        if due is not None and not self._store.strategy_state(plan.name).paused:
            yield from _some(
                run_once(self._services, self._store, plan, due.run, self._seat.name, now, missed=due.missed)
            )

    def _take_over(self, plan: StrategyPlan, run: RunId, due: Due | None, now: int) -> RunReport | None:
        """A run that somebody began and did not end: done again, unless it is too late for it."""
        if due is not None and run.nominal < due.run.nominal:
            return give_up_run(self._store, plan, run, self._seat.name, now, _LATE)
        return run_once(self._services, self._store, plan, run, self._seat.name, now)

    def _due(self, plan: StrategyPlan, now: int) -> Due | None:
        latest = self._store.last_runs(plan.name, 1)
        decision = latest[0].decision if latest else None
        return due_run(
            plan.name,
            plan.schedule,
            plan.jitter,
            latest[0].run.nominal if latest else None,
            decision.wake_at if decision else None,
            now,
        )

    def _tick(self) -> list[Told]:
        try:
            return [
                Told(step.proposal_id, step.told, run=step.run, proposal=step.proposal_id)
                for step in self._keeper.tick()
            ]
        except Conflict as error:
            self._rhythm.hurry()
            return [Told("keeper", f"waits: {error}")]
        except DaoBotError as error:
            return [Told("keeper", f"could not go on: {error}", RunResult.FAILED)]
        except Exception as error:  # noqa: BLE001 - the next tick begins from the record and the chain
            return [Told("keeper", f"could not go on: {in_words(error)}", RunResult.FAILED)]


def _some(report: RunReport | None) -> list[RunReport]:
    return [] if report is None else [report]
