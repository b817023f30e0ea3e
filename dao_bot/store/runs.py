"""Runs: each claimed once among all keepers, with how it ended; and the failures and pauses of strategies."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from dao_bot.domain.decisions import Decision
from dao_bot.domain.errors import BadInput, Conflict, NotFound
from dao_bot.domain.runs import RunId
from dao_bot.domain.verdict import Verdict
from dao_bot.store.checks import name_of, whole
from dao_bot.store.part import Part
from dao_bot.store.record import append_event
from dao_bot.store.schema import runs, strategies
from dao_bot.store.values import RunResult, StoredRun, StrategyState


class Runs(Part):
    """One row for each run. `now` is chain time everywhere."""

    def claim_run(self, run: RunId, keeper: str, now: int, lease: int) -> bool:
        """Whether `keeper` may do this run, for `lease` seconds: nobody else has it, or whoever had it ran out of time.

        A keeper that claims again what it holds gets a new lease.
        """
        claim = {
            "keeper": name_of("keeper", keeper),
            "claimed_at": whole("the time of a claim", now),
            "lease_until": whole("the end of a lease", now + whole("a lease", lease)),
        }
        with self._database.write("claim_run") as connection:
            row = _row(connection, run)
            if row is None:
                connection.execute(
                    insert(runs).values(
                        strategy=run.strategy,
                        nominal=run.nominal,
                        detail=self._codec.encode(""),
                        **claim,
                    )
                )
                return True
            if row.finished_at is not None or (row.keeper != keeper and now < row.lease_until):
                return False
            connection.execute(update(runs).where(*_is(run)).values(claim))
            return True

    def finish_run(
        self,
        run: RunId,
        result: str,
        detail: str,
        now: int,
        *,
        keeper: str | None = None,
        decision: Decision | None = None,
        verdict: Verdict | None = None,
    ) -> None:
        """Record how a run ended, in words, and what was decided: also a decision to do nothing is kept.

        `failed` counts as a failure in a row of the strategy; any other result ends the row. The same end again
        changes nothing.

        Args:
            result: `proposal`, `nothing`, `refused` or `failed`.
            keeper: when given, it must still hold the claim.

        Raises:
            NotFound: nobody claimed the run.
            Conflict: it has ended otherwise, or another keeper took it over.
        """
        end = {
            "result": _result(result).value,
            "detail": self._codec.encode(detail),
            "finished_at": whole("the end of a run", now),
            "decision": None if decision is None else self._codec.encode(decision, Decision),
            "verdict": None if verdict is None else self._codec.encode(verdict, Verdict),
        }
        with self._database.write("finish_run") as connection:
            row = _row(connection, run)
            if row is None:
                raise NotFound("nobody claimed this run", value=f"{run.strategy} at {run.nominal}")
            if row.finished_at is not None:
                if (row.result, row.detail) == (end["result"], end["detail"]):
                    return
                raise Conflict(
                    "this run has ended already", value=f"{run.strategy} at {run.nominal}", limit=f"{row.result}"
                )
            if keeper is not None and row.keeper != keeper:
                raise Conflict("another keeper took this run over", value=keeper, limit=row.keeper)
            connection.execute(update(runs).where(*_is(run)).values(end))
            self._count(connection, run.strategy, failed=result == RunResult.FAILED)
            append_event(
                connection, self._codec, run.strategy, "run finished", now, _told(run, result, detail, decision)
            )

    def run(self, run: RunId) -> StoredRun | None:
        """One run, or None if nobody claimed it."""
        with self._database.read() as connection:
            row = _row(connection, run)
        return None if row is None else self._stored_run(row)

    def last_runs(self, strategy: str, limit: int = 20) -> tuple[StoredRun, ...]:
        """The latest runs, newest first, those among them that are not finished included."""
        query = (
            select(runs)
            .where(runs.c.strategy == name_of("strategy", strategy))
            .order_by(runs.c.nominal.desc())
            .limit(limit)
        )
        with self._database.read() as connection:
            return tuple(self._stored_run(row) for row in connection.execute(query))

    def latest_nominal(self, strategy: str) -> int | None:
        """Nominal time of the latest run that anybody claimed, finished or not; None before the first."""
        query = (
            select(runs.c.nominal)
            .where(runs.c.strategy == name_of("strategy", strategy))
            .order_by(runs.c.nominal.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            nominal: int | None = connection.execute(query).scalar()
            return nominal

    def abandoned_runs(self, now: int, restarted: str | None = None) -> tuple[RunId, ...]:
        """Runs whose keeper did not finish them within its lease, oldest first: anyone may claim them.

        Args:
            restarted: a keeper that has just begun anew; what it has not finished it will not finish, whatever the
                lease says.
        """
        lost = or_(runs.c.lease_until <= now, runs.c.keeper == restarted) if restarted else runs.c.lease_until <= now
        query = select(runs.c.strategy, runs.c.nominal).where(runs.c.finished_at.is_(None), lost)
        with self._database.read() as connection:
            return tuple(RunId(row.strategy, row.nominal) for row in connection.execute(query.order_by(runs.c.nominal)))

    def strategy_state(self, strategy: str) -> StrategyState:
        """Failures in a row, and whether the strategy is paused; none and no for one that never ran."""
        with self._database.read() as connection:
            return self._strategy_state(connection, strategy)

    def pause(self, strategy: str, reason: str, at: int) -> None:
        """Pause until `resume`; a second pause changes nothing, so that the first reason stays."""
        since = whole("the time of a pause", at)
        with self._database.write("pause") as connection:
            state = self._strategy_state(connection, strategy)
            if not state.paused:
                self._save(
                    connection, StrategyState(strategy, state.failures, paused=True, reason=reason, paused_at=since)
                )
                append_event(connection, self._codec, strategy, "paused", at, {"reason": reason})

    def resume(self, strategy: str, at: int) -> None:
        """End a pause and forget the failures in a row."""
        with self._database.write("resume") as connection:
            if self._strategy_state(connection, strategy).paused:
                self._save(connection, StrategyState(strategy))
                append_event(connection, self._codec, strategy, "resumed", at, {})

    def _count(self, connection: Connection, strategy: str, *, failed: bool) -> None:
        state = self._strategy_state(connection, strategy)
        failures = state.failures + 1 if failed else 0
        if failures != state.failures:
            self._save(connection, StrategyState(strategy, failures, state.paused, state.reason, state.paused_at))

    def _strategy_state(self, connection: Connection, strategy: str) -> StrategyState:
        row = connection.execute(select(strategies).where(strategies.c.name == name_of("strategy", strategy))).first()
        if row is None:
            return StrategyState(strategy)
        return StrategyState(strategy, row.failures, row.paused, self._codec.decode(row.reason, str), row.paused_at)

    def _save(self, connection: Connection, state: StrategyState) -> None:
        values = {
            "failures": state.failures,
            "paused": state.paused,
            "reason": self._codec.encode(state.reason),
            "paused_at": state.paused_at,
        }
        known = connection.execute(update(strategies).where(strategies.c.name == state.strategy).values(values))
        if not known.rowcount:
            connection.execute(insert(strategies).values(name=state.strategy, **values))

    def _stored_run(self, row: Row[Any]) -> StoredRun:
        return StoredRun(
            run=RunId(row.strategy, row.nominal),
            keeper=row.keeper,
            claimed_at=row.claimed_at,
            lease_until=row.lease_until,
            result=RunResult(row.result) if row.result is not None else None,
            finished_at=row.finished_at,
            detail=self._codec.decode(row.detail, str),
            decision=None if row.decision is None else self._codec.decode(row.decision, Decision),
            verdict=None if row.verdict is None else self._codec.decode(row.verdict, Verdict),
        )


def _is(run: RunId) -> tuple[Any, Any]:
    nominal = whole("the nominal time of a run", run.nominal)
    return runs.c.strategy == name_of("strategy", run.strategy), runs.c.nominal == nominal


def _row(connection: Connection, run: RunId) -> Row[Any] | None:
    return connection.execute(select(runs).where(*_is(run))).first()


def _result(result: str) -> RunResult:
    try:
        return RunResult(result)
    except ValueError:
        raise BadInput("no such end of a run", value=result, limit=", ".join(RunResult)) from None


def _told(run: RunId, result: str, detail: str, decision: Decision | None) -> dict[str, object]:
    """What goes into the record of a run: short, because most runs decide to do nothing."""
    told: dict[str, object] = {"nominal": run.nominal, "result": result, "detail": detail}
    if decision is not None:
        told["reason"] = decision.reason
        told["evidence"] = [[item.name, item.value, item.unit] for item in decision.evidence]
    return told
