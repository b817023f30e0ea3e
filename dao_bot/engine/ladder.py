"""The ladder of autonomy: how much a strategy may do by itself. Up only by an approved proposal, down by itself.

The rung in force is read from the record, so that no edit of a file raises it; the file only says how high it may get.
"""

from __future__ import annotations

import dataclasses
import enum
from collections.abc import Iterator

from dao_bot.domain.calls import MULTISIG
from dao_bot.domain.lifecycle import OPEN_STATES, State
from dao_bot.domain.promises import promises
from dao_bot.domain.runs import LADDER
from dao_bot.domain.verdict import Verdict
from dao_bot.engine.services import Services, StrategyPlan
from dao_bot.store.store import Store
from dao_bot.store.values import StoredProposal


class Rung(enum.StrEnum):
    """From the lowest to the highest.

    SHADOW: decides and records, and nobody is asked. PROPOSE: people approve and owners sign each batch. DELAYED:
    through the module after a veto window. INSTANT: through the module, inside its limits.
    """

    SHADOW = "shadow"
    PROPOSE = "propose"
    DELAYED = "delayed"
    INSTANT = "instant"

    @property
    def height(self) -> int:
        return list(Rung).index(self)


PROMOTION_PROPOSED = "promotion proposed"
PROMOTED = "promoted"
DEMOTED = "demoted"
_AFTER_A_DEMOTION = Rung.PROPOSE
_ORACLE_RULES = frozenset({"price_quality", "pool_against_oracle"})
_STOPPED = frozenset({State.STALE, State.FAILED})
_LOOKED_AT = 50
"""Newest proposals of a strategy that are looked at in each round."""


def subject_of(strategy: str) -> str:
    """Of the events that tell of a strategy's rungs."""
    return f"{LADDER}{strategy}"


def rung_of(store: Store, plan: StrategyPlan) -> Rung:
    """The rung in force; without `autonomy` in the configuration people are always asked."""
    autonomy = plan.autonomy
    if autonomy is None:
        return Rung.PROPOSE
    rung = Rung(autonomy.begin)
    for event in store.events(subject_of(plan.name)):
        if event.kind in (PROMOTED, DEMOTED):
            rung = Rung(str(event.body["to"]))
    return min(rung, Rung(autonomy.most), key=lambda each: each.height)


def at_rung(plan: StrategyPlan, rung: Rung) -> StrategyPlan:
    """The plan with the route and the approval of its rung."""
    autonomy = plan.autonomy
    approvals = {} if autonomy is None else {Rung.DELAYED: autonomy.delayed, Rung.INSTANT: autonomy.instant}
    approval = approvals.get(rung)
    return plan if approval is None else dataclasses.replace(plan, route="module", approval=approval)


def ways_of(plan: StrategyPlan, *, promotion: bool = False) -> tuple[tuple[str, str], ...]:
    """Every (route, approval rule) that batches of a strategy may go by on its rungs; its promotions are signed."""
    if promotion:
        return ((MULTISIG, plan.approval),)
    most = Rung.PROPOSE if plan.autonomy is None else Rung(plan.autonomy.most)
    reached = [at_rung(plan, rung) for rung in Rung if rung.height <= most.height]
    return tuple(dict.fromkeys((each.route, each.approval) for each in (plan, *reached)))


def why_demoted(verdict: Verdict) -> str:
    """What a refused batch says about its strategy."""
    rules = {report.rule for report in verdict.violations}
    kind = "a policy violation"
    if rules & _ORACLE_RULES:
        kind = "an oracle halt"
    elif "simulation" in rules:
        kind = "a failed simulation"
    return f"{kind}: " + "; ".join(report.message for report in verdict.violations)


def demote(store: Store, plan: StrategyPlan, now: int, reason: str, proposal: str | None = None) -> bool:
    """Down to `propose`, with the open batches that no human saw; False where it is not above that.

    Runs inside the caller's transaction, if there is one.
    """
    before = rung_of(store, plan)
    if before.height <= _AFTER_A_DEMOTION.height:
        return False
    body: dict[str, object] = {"from": before, "to": _AFTER_A_DEMOTION, "reason": reason}
    with store.transaction("demote"):
        store.append(subject_of(plan.name), DEMOTED, now, body if proposal is None else {**body, "proposal": proposal})
        for stored in _open_through_module(store, plan):
            told = {"reason": f"{plan.name} was demoted: {reason}"}
            store.transition(stored.id, stored.state, State.STALE, now, "stale", told)
    return True


def judge_results(services: Services, store: Store, now: int) -> Iterator[tuple[str, str]]:
    """Demote for what became of batches that nobody had to approve, and settle promotions; (strategy, words)."""
    for plan in services.strategies.values():
        if plan.autonomy is None:
            continue
        yield from ((plan.name, words) for words in settle_promotions(store, plan, now))
        if rung_of(store, plan).height > _AFTER_A_DEMOTION.height:
            yield from ((plan.name, words) for words in _judge(store, plan, now))


def settle_promotions(store: Store, plan: StrategyPlan, now: int) -> Iterator[str]:
    """A promotion counts from its execution on, unless the strategy was demoted after it was proposed."""
    events = store.events(subject_of(plan.name))
    settled = {event.body.get("proposal") for event in events if event.kind == PROMOTED}
    last_demotion = max((event.number for event in events if event.kind == DEMOTED), default=0)
    for event in events:
        proposal = str(event.body.get("proposal"))
        if event.kind != PROMOTION_PROPOSED or event.number < last_demotion or proposal in settled:
            continue
        if store.proposal(proposal).state is State.EXECUTED:
            told = {"from": rung_of(store, plan), "to": event.body["to"], "proposal": proposal}
            store.append(subject_of(plan.name), PROMOTED, now, told)
            yield f"promoted from {told['from']} to {told['to']}"


def _judge(store: Store, plan: StrategyPlan, now: int) -> Iterator[str]:
    since = max((each.number for each in store.events(subject_of(plan.name)) if each.kind == PROMOTED), default=0)
    for stored in store.proposals(strategy=plan.name, limit=_LOOKED_AT):
        if stored.number < since or not _went_through_module(stored):
            continue
        reason = _problem(store, stored)
        if reason is not None and demote(store, plan, now, reason, stored.id):
            yield f"demoted to {_AFTER_A_DEMOTION}: {reason}"
            return


def _problem(store: Store, stored: StoredProposal) -> str | None:
    if stored.state in _STOPPED:
        events = store.events(stored.id)
        return f"a batch did not go through: {next((_reason(each.body) for each in reversed(events)), '')}"
    recorded = store.outcome(stored.id) if stored.state is State.EXECUTED else None
    if recorded is None:
        return None
    broken = [each for each in promises(stored.proposal, recorded.outcome) if not each.kept]
    if not broken:
        return None
    told = (f"{each.token.amount(each.realised)}, at least {each.token.amount(each.least)}" for each in broken)
    return f"an outcome outside its bounds: {'; '.join(told)}"


def _reason(body: object) -> str:
    return str(body.get("reason") or body.get("violations") or "") if isinstance(body, dict) else ""


def _open_through_module(store: Store, plan: StrategyPlan) -> list[StoredProposal]:
    stoppable = OPEN_STATES - {State.EXECUTING}
    found = store.proposals(states=stoppable, strategy=plan.name, limit=None)
    return [stored for stored in found if _went_through_module(stored)]


def _went_through_module(stored: StoredProposal) -> bool:
    return stored.proposal.batch.transaction.route == "module"
