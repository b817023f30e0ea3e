"""One recorded run: claim it, draft it, and write down what came of it, whatever that was."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.domain.decisions import Decision
from dao_bot.domain.errors import DaoBotError, Refused
from dao_bot.domain.lifecycle import State
from dao_bot.domain.proposals import Proposal
from dao_bot.domain.runs import RunId
from dao_bot.domain.verdict import Verdict
from dao_bot.engine.draft import draft
from dao_bot.engine.services import Services, StrategyPlan
from dao_bot.store.store import Store
from dao_bot.store.values import RunResult

_CLAIM_SECONDS = 600


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
    services: Services, store: Store, plan: StrategyPlan, run: RunId, keeper: str, now: int
) -> RunReport | None:
    """Claim and do one run; None when it is somebody else's or done.

    An error of the strategy, of a node or of the policy ends in the record, not in the caller; after
    `plan.max_failures` failures in a row the strategy is paused.

    Args:
        now: chain time, for the claim and the record.
    """
    if not store.claim_run(run, keeper, now, _CLAIM_SECONDS):
        return None
    try:
        report = _do(services, store, plan, run)
    except Refused as error:
        report = RunReport(run, RunResult.REFUSED, str(error))
    except DaoBotError as error:
        report = RunReport(run, RunResult.FAILED, str(error))
    store.finish_run(
        run, report.result, report.detail, now, keeper=keeper, decision=report.decision, verdict=report.verdict
    )
    failures = store.strategy_state(plan.name).failures
    if failures >= plan.max_failures:
        store.pause(plan.name, f"{failures} failures in a row; the last one: {report.detail}", now)
    return report


def _do(services: Services, store: Store, plan: StrategyPlan, run: RunId) -> RunReport:
    for earlier in store.proposals(run=run):
        return _report(run, earlier.proposal.decision, earlier.proposal)
    stored = store.memory(plan.name)
    safe = services.treasury.safe
    drafted = draft(
        services,
        plan,
        run,
        plan.process.describe(),
        committed=store.committed(safe),
        moves=store.moves(safe, run.nominal - services.longest_window),
        memory=stored[1] if stored else None,
    )
    if drafted.proposal is not None:
        store.add_proposal(drafted.proposal, State.DRAFT, drafted.block.timestamp)
    if drafted.decision.memory is not None:
        store.swap_memory(plan.name, stored[0] if stored else 0, drafted.decision.memory)
    return _report(run, drafted.decision, drafted.proposal)


def _report(run: RunId, decision: Decision, proposal: Proposal | None) -> RunReport:
    if proposal is None:
        return RunReport(run, RunResult.NOTHING, decision.reason, decision)
    verdict = proposal.verdict
    if verdict.passed:
        return RunReport(run, RunResult.PROPOSAL, decision.reason, decision, verdict, proposal)
    reasons = "; ".join(report.message for report in verdict.violations)
    return RunReport(run, RunResult.REFUSED, reasons, decision, verdict, proposal)
