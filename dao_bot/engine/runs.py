"""One recorded run: claim it, draft it, and write down what came of it, whatever that was."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from dao_bot.domain.errors import Conflict, DaoBotError, Refused
from dao_bot.domain.hashing import canonical
from dao_bot.domain.lifecycle import State
from dao_bot.domain.proposals import Proposal
from dao_bot.domain.runs import RunId
from dao_bot.engine.approvals import owners_approval
from dao_bot.engine.draft import Draft, draft
from dao_bot.engine.services import Services, StrategyPlan
from dao_bot.store.store import Store

_CLAIM_SECONDS = 600


class Result(enum.StrEnum):
    """How a run ended."""

    PROPOSAL = "proposal"
    NOTHING = "nothing"
    REFUSED = "refused"
    FAILED = "failed"
    NOT_OURS = "not ours"


@dataclass(frozen=True, slots=True)
class RunReport:
    """What a run came to: `detail` in words, and the proposal if there is one (also a refused one)."""

    run: RunId
    result: Result
    detail: str
    proposal: Proposal | None = None
    wake_at: int | None = None


def run_once(services: Services, store: Store, plan: StrategyPlan, run: RunId, keeper: str, now: int) -> RunReport:
    """Claim and do one run. An error of the strategy or of a node ends in the record, not in the caller.

    Args:
        now: chain time, for the claim and the record.
    """
    if not store.claim_run(run, keeper, now, _CLAIM_SECONDS):
        return RunReport(run, Result.NOT_OURS, "another keeper has this run, or it is done")
    try:
        report = _do(services, store, plan, run)
    except Refused as error:
        report = RunReport(run, Result.REFUSED, str(error))
    except DaoBotError as error:
        report = RunReport(run, Result.FAILED, str(error))
    store.finish_run(run, report.result, _detail(report), now)
    return report


def _do(services: Services, store: Store, plan: StrategyPlan, run: RunId) -> RunReport:
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
    if drafted.decision.memory is not None:
        store.swap_memory(plan.name, stored[0] if stored else 0, drafted.decision.memory)
    if drafted.proposal is None:
        return RunReport(run, Result.NOTHING, drafted.decision.reason, None, drafted.decision.wake_at)
    return _record(store, drafted, drafted.proposal)


def _record(store: Store, drafted: Draft, proposal: Proposal) -> RunReport:
    now = proposal.block.timestamp
    store.add_proposal(proposal, State.DRAFT, now)
    if not proposal.verdict.passed:
        reasons = "; ".join(report.message for report in proposal.verdict.violations)
        store.transition(proposal.id, State.DRAFT, State.FAILED, now, "refused by policy", {"violations": reasons})
        return RunReport(proposal.run, Result.REFUSED, reasons, proposal, drafted.decision.wake_at)
    store.transition(proposal.id, State.DRAFT, State.SIMULATED, now, "simulated and checked", _checked(proposal))
    store.transition(proposal.id, State.SIMULATED, State.PENDING, now, "proposed", {"rule": proposal.approval_rule})
    return RunReport(proposal.run, Result.PROPOSAL, drafted.decision.reason, proposal, drafted.decision.wake_at)


def _checked(proposal: Proposal) -> Mapping[str, object]:
    return {
        "witnesses": [f"{each.method} on {each.endpoint}" for each in proposal.simulation.witnesses],
        "binding": [report.rule for report in proposal.verdict.binding],
    }


def _detail(report: RunReport) -> Mapping[str, object]:
    return {
        "detail": report.detail,
        "proposal": report.proposal.id if report.proposal else None,
        "wake_at": report.wake_at,
    }


def open_to_approval(store: Store, proposal: Proposal, now: int) -> None:
    """Bring a pending proposal under its approval rule; with `owners` the signatures themselves decide."""
    store.transition(
        proposal.id, State.PENDING, State.ACTIVE, now, "open to approval", {"rule": proposal.approval_rule}
    )
    approval = owners_approval(proposal)
    store.add_approval(proposal.id, approval)
    store.transition(
        proposal.id, State.ACTIVE, State.SUCCEEDED, now, "approved", {"evidence": canonical(approval.evidence)}
    )
