"""One recorded run: claim it, draft it, and write down what came of it, whatever that was."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.domain.decisions import Decision, Memory
from dao_bot.domain.errors import Refused, StoreError
from dao_bot.domain.lifecycle import State
from dao_bot.domain.proposals import Proposal
from dao_bot.domain.runs import RunId
from dao_bot.domain.verdict import Verdict
from dao_bot.engine.bugs import in_words
from dao_bot.engine.draft import Draft, draft
from dao_bot.engine.ladder import Rung, at_rung, demote, rung_of, why_demoted
from dao_bot.engine.services import Services, StrategyPlan
from dao_bot.store.store import Store
from dao_bot.store.values import RunResult

_CLAIM_SECONDS = 600
_SHADOW = {"reason": "in the shadow: it was decided and recorded, and nobody is asked"}


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run came to.

    Attributes:
        detail: in words.
        proposal: also one that the policy refused.
    """

    run: RunId
    result: RunResult
    detail: str
    decision: Decision | None = None
    verdict: Verdict | None = None
    proposal: Proposal | None = None


def run_once(
    services: Services, store: Store, plan: StrategyPlan, run: RunId, keeper: str, now: int, *, missed: int = 0
) -> RunReport | None:
    """Claim and do one run; None when it is somebody else's or done.

    An error of the strategy, of a node or of the policy ends in the record, not in the caller; after
    `plan.max_failures` failures in a row the strategy is paused. Everything that a run leaves behind is one
    transaction: a run that was killed before has left nothing, and is done again by whoever claims it next.

    Args:
        now: chain time, for the claim and the record.
        missed: nominal times before this one that nobody ran.

    Raises:
        StoreError: the record cannot be written; the run stays claimed.
    """
    with store.transaction("claim"):
        if not store.claim_run(run, keeper, now, _CLAIM_SECONDS):
            return None
        if missed:
            store.append(plan.name, "fires missed", now, {"missed": missed, "before": run.nominal})
    stored = store.memory(plan.name)
    rung = rung_of(store, plan)
    plan = at_rung(plan, rung)
    try:
        drafted = _draft(services, store, plan, run, stored[1] if stored else None)
        report = _report(drafted)
        if drafted.proposal is not None and not drafted.proposal.verdict.passed:
            demote(store, plan, now, why_demoted(drafted.proposal.verdict), drafted.proposal.id)
        with store.transaction("propose"):
            if drafted.proposal is not None:
                store.add_proposal(drafted.proposal, State.DRAFT, drafted.block.timestamp)
                if rung is Rung.SHADOW and drafted.proposal.verdict.passed:
                    store.transition(
                        drafted.proposal.id, State.DRAFT, State.CANCELED, drafted.block.timestamp, "canceled", _SHADOW
                    )
            if drafted.decision.memory is not None:
                store.swap_memory(plan.name, stored[0] if stored else 0, drafted.decision.memory)
            _finish(store, plan, report, keeper, now)
        return report
    except StoreError:
        raise
    except Refused as error:
        report = RunReport(run, RunResult.REFUSED, str(error))
        demote(store, plan, now, f"a refusal: {error}")
    except Exception as error:  # noqa: BLE001 - whatever it is, it is the end of this run, and of nothing else
        report = RunReport(run, RunResult.FAILED, in_words(error))
    _finish(store, plan, report, keeper, now)
    return report


def give_up_run(store: Store, plan: StrategyPlan, run: RunId, keeper: str, now: int, why: str) -> RunReport | None:
    """End a run that was claimed and never finished, without doing it; None when it is somebody else's."""
    if not store.claim_run(run, keeper, now, _CLAIM_SECONDS):
        return None
    report = RunReport(run, RunResult.FAILED, why)
    _finish(store, plan, report, keeper, now)
    return report


def _draft(services: Services, store: Store, plan: StrategyPlan, run: RunId, memory: Memory | None) -> Draft:
    safe = services.treasury.safe
    return draft(
        services,
        plan,
        run,
        plan.process.describe(),
        committed=store.committed(safe),
        moves=store.moves(safe, run.nominal - services.longest_window),
        memory=memory,
    )


def _finish(store: Store, plan: StrategyPlan, report: RunReport, keeper: str, now: int) -> None:
    with store.transaction("finish"):
        store.finish_run(
            report.run,
            report.result,
            report.detail,
            now,
            keeper=keeper,
            decision=report.decision,
            verdict=report.verdict,
        )
        failures = store.strategy_state(plan.name).failures
        if failures >= plan.max_failures:
            store.pause(plan.name, f"{failures} failures in a row; the last one: {report.detail}", now)


def _report(drafted: Draft) -> RunReport:
    run, decision, proposal = drafted.run, drafted.decision, drafted.proposal
    if proposal is None:
        return RunReport(run, RunResult.NOTHING, decision.reason, decision)
    verdict = proposal.verdict
    if verdict.passed:
        return RunReport(run, RunResult.PROPOSAL, decision.reason, decision, verdict, proposal)
    reasons = "; ".join(report.message for report in verdict.violations)
    return RunReport(run, RunResult.REFUSED, reasons, decision, verdict, proposal)
