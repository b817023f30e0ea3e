"""A promotion as a proposal: no call but the deadline, approved and signed as every other, with the record so far."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from dao_bot.domain.calls import MULTISIG, Batch
from dao_bot.domain.decisions import Decision, Evidence
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.hashing import digest
from dao_bot.domain.lifecycle import State
from dao_bot.domain.promises import promises
from dao_bot.domain.proposals import Proposal
from dao_bot.domain.runs import RunId
from dao_bot.engine.draft import deadline_call
from dao_bot.engine.examine import examine
from dao_bot.engine.ladder import DEMOTED, PROMOTION_PROPOSED, Rung, at_rung, rung_of, subject_of
from dao_bot.engine.look import look
from dao_bot.engine.services import Services, StrategyPlan
from dao_bot.store.store import Store
from dao_bot.store.values import RunResult

_LOOKED_AT = 500


@dataclass(frozen=True, slots=True)
class TrackRecord:
    """What a strategy did so far.

    Attributes:
        runs: how its last runs ended, by result.
        proposals: where its proposals stand, by state.
        unkept: executions that came out outside the bounds that their bytes promised.
        demotions: so far.
    """

    runs: dict[str, int]
    proposals: dict[str, int]
    unkept: int
    demotions: int

    def in_words(self) -> str:
        """One sentence."""
        runs = ", ".join(f"{count} {result}" for result, count in sorted(self.runs.items())) or "none"
        proposals = ", ".join(f"{count} {state}" for state, count in sorted(self.proposals.items())) or "none"
        return (
            f"Runs: {runs}. Proposals: {proposals}. Executions outside what was promised: {self.unkept}. "
            f"Demotions: {self.demotions}."
        )


def track_record(store: Store, plan: StrategyPlan) -> TrackRecord:
    """From its last 500 runs and proposals."""
    runs = Counter(str(run.result) for run in store.last_runs(plan.name, _LOOKED_AT) if run.result is not None)
    proposals = store.proposals(strategy=plan.name, limit=_LOOKED_AT)
    outcomes = [(stored.proposal, store.outcome(stored.id)) for stored in proposals if stored.state is State.EXECUTED]
    unkept = sum(
        any(not promise.kept for promise in promises(proposal, recorded.outcome))
        for proposal, recorded in outcomes
        if recorded is not None
    )
    demotions = sum(event.kind == DEMOTED for event in store.events(subject_of(plan.name)))
    return TrackRecord(dict(runs), dict(Counter(str(stored.state) for stored in proposals)), unkept, demotions)


def propose_promotion(services: Services, store: Store, plan: StrategyPlan, to: Rung) -> Proposal:
    """Record a proposal after whose execution the strategy stands on the rung.

    Raises:
        BadInput: the rung is not above the one in force, or above what the configuration allows.
        Refused: the policy does not let the empty batch pass.
    """
    before = rung_of(store, plan)
    most = Rung.PROPOSE if plan.autonomy is None else Rung(plan.autonomy.most)
    if not before.height < to.height <= most.height:
        raise BadInput(
            f"{plan.name} cannot be promoted there",
            value=f"from {before} to {to}",
            limit=f"above {before}, at most {most}",
            next_step=f"Set autonomy.most of {plan.name} in the configuration" if to.height > most.height else None,
        )
    if to.height > Rung.PROPOSE.height and at_rung(plan, to) is plan:
        raise BadInput(
            f"the configuration has no approval for the rung {to} of {plan.name}",
            next_step=f"Name one under strategies.{plan.name}.autonomy.{to}",
        )
    record = track_record(store, plan)
    proposal = _proposal(services, store, plan, before, to, record)
    if not proposal.verdict.passed:
        reasons = "; ".join(report.message for report in proposal.verdict.violations)
        raise Refused("the policy refuses the promotion", value=reasons)
    now = proposal.block.timestamp
    with store.transaction("propose"):
        store.add_proposal(proposal, State.DRAFT, now)
        told = {"from": before, "to": to, "proposal": proposal.id, "record": record.in_words()}
        store.append(subject_of(plan.name), PROMOTION_PROPOSED, now, told)
    return proposal


def _proposal(
    services: Services, store: Store, plan: StrategyPlan, before: Rung, to: Rung, record: TrackRecord
) -> Proposal:
    seen = look(services, RunId(subject_of(plan.name), 0))
    run = RunId(subject_of(plan.name), seen.block.timestamp)
    valid_until = seen.block.timestamp + plan.valid_for
    wrapped = services.route(MULTISIG).wrap([deadline_call(services, valid_until)])
    batch = Batch(services.treasury.chain_id, services.treasury.safe, wrapped, services.policy_hash, valid_until)
    examined = examine(services, seen, batch, ())
    decision = Decision(
        (),
        f"Promote {plan.name} from {before} to {to}. It moves nothing by itself.",
        summary=(_MEANING[to], record.in_words(), "It is demoted again at the first violation, without being asked."),
        evidence=(
            Evidence("runs", sum(record.runs.values())),
            Evidence("refused runs", record.runs.get(RunResult.REFUSED, 0)),
            Evidence("failed runs", record.runs.get(RunResult.FAILED, 0)),
            Evidence("executed proposals", record.proposals.get(State.EXECUTED, 0)),
            Evidence("executions outside what was promised", record.unkept),
            Evidence("demotions", record.demotions),
        ),
    )
    return Proposal(
        run=run,
        attempt=len(store.proposals(run=run)),
        observation_digest=digest({"promotion": plan.name, "to": to, "block": seen.block.hash}),
        block=seen.block,
        safe_nonce=seen.safe.nonce,
        batch=batch,
        calls=examined.calls,
        decoded=examined.decoded,
        decision=decision,
        holdings=examined.holdings,
        simulation=examined.simulation,
        verdict=examined.verdict,
        approval_rule=plan.approval,
        labels=services.labels,
    )


_MEANING = {
    Rung.SHADOW: "It then only decides and records.",
    Rung.PROPOSE: "Its batches are then proposed to people.",
    Rung.DELAYED: "Its batches then go through the module after a veto window, without the owners.",
    Rung.INSTANT: "Its batches then go through the module at once, inside the limits on the chain, without anybody.",
}
