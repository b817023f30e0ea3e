"""From a proposal to its card: every row from the bytes and the simulation, the strategy's words only as its words."""

from __future__ import annotations

from collections.abc import Collection

from dao_bot.cards.calls import call_rows
from dao_bot.cards.concerns import concerns_of
from dao_bot.cards.liquidity import position_rows, worst_of_deposits
from dao_bot.cards.model import (
    CardModel,
    OutcomeFacts,
    RuleRow,
    SafeTransactionHashes,
    Signatures,
    Status,
    Times,
    Tone,
    WitnessRow,
)
from dao_bot.cards.money import cost_of, holding_rows, other_assets, party, payments
from dao_bot.cards.prices import price_rows
from dao_bot.cards.quality import quality_of
from dao_bot.cards.sentences import story_of, title_of
from dao_bot.cards.text import LINE, SHORT, clean, with_moments
from dao_bot.cards.words import words_of
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import MULTISIG
from dao_bot.domain.lifecycle import OPEN_STATES, State
from dao_bot.domain.proposals import Outcome, Proposal

_STATES = {
    State.DRAFT: Status("Simulated, not yet proposed", Tone.NEUTRAL),
    State.SIMULATED: Status("Simulated, not yet proposed", Tone.NEUTRAL),
    State.PENDING: Status("Proposed, approval not yet open", Tone.ACTIVE),
    State.ACTIVE: Status("Waiting for approval", Tone.ACTIVE),
    State.SUCCEEDED: Status("Approved", Tone.ACTIVE),
    State.DEFEATED: Status("Turned down", Tone.NEUTRAL),
    State.QUEUED: Status("Waiting for owners' signatures", Tone.ACTIVE),
    State.READY: Status("Ready to be executed", Tone.ACTIVE),
    State.EXECUTING: Status("Being executed", Tone.ACTIVE),
    State.EXECUTED: Status("Executed", Tone.GOOD),
    State.FAILED: Status("Failed", Tone.DANGER),
    State.STALE: Status("Stale: it no longer works as simulated", Tone.CAUTION),
    State.CANCELED: Status("Canceled", Tone.NEUTRAL),
    State.EXPIRED: Status("Expired", Tone.NEUTRAL),
}


def tell(
    proposal: Proposal,
    *,
    state: State | None = None,
    signed: Collection[Address] = (),
    hashes: SafeTransactionHashes | None = None,
    outcome: Outcome | None = None,
    times: Times | None = None,
    now: int | None = None,
    pegged: Collection[str] | None = None,
) -> CardModel:
    """The card of `proposal`.

    Args:
        signed: owners whose signature over this transaction was verified.
        hashes: once the Safe's nonce is given.
        times: of its approval, execution and finality, once they are known.
        now: chain time from which the time left is told; the pinned block's when not given.
        pegged: symbols of the tokens that aim at one US dollar; when not given, those priced near it.
    """
    labels = proposal.labels
    batch, transaction = proposal.batch, proposal.batch.transaction
    rows = holding_rows(proposal, outcome)
    shown = tuple(row for row in rows if row.changes or row.before)
    paid = payments(proposal)
    positions = position_rows(proposal)
    cost = cost_of(proposal, rows, paid, outcome, positions, worst_of_deposits(proposal))
    signatures = _signatures(proposal, signed)
    safe_after = proposal.simulation.safe_after
    now = proposal.block.timestamp if now is None else now
    is_open = state is None or state in OPEN_STATES
    rules = _rules(proposal, now if is_open else None)
    return CardModel(
        title=title_of(proposal, rows, paid, positions),
        proposal_id=proposal.id,
        status=_status(proposal, state, signatures),
        state=state,
        story=story_of(proposal, rows, paid, positions, cost, outcome),
        concerns=concerns_of(proposal, rows, paid, rules, outcome),
        strategy=clean(proposal.run.strategy, SHORT),
        nominal=proposal.run.nominal,
        attempt=proposal.attempt,
        urgent=proposal.decision.urgent,
        approval_rule=clean(proposal.approval_rule, SHORT),
        valid_until=batch.valid_until,
        now=now,
        block=proposal.block,
        safe=party(batch.safe, labels),
        safe_version=clean(safe_after.version, SHORT) if safe_after else None,
        route=clean(transaction.route, SHORT),
        target=party(transaction.to, labels),
        operation=transaction.operation,
        data_size=len(transaction.data),
        batch_hash=batch.batch_hash,
        policy_hash=batch.policy_hash,
        observation_digest=proposal.observation_digest,
        hashes=hashes,
        signatures=signatures,
        cost=cost,
        payments=paid,
        holdings=shown,
        hidden_empty=len(rows) - len(shown),
        others=other_assets(proposal),
        positions=positions,
        calls=call_rows(proposal),
        rules=rules,
        prices=price_rows(proposal, rows, pegged),
        words=words_of(proposal.decision),
        simulated=proposal.simulation.success,
        revert_reason=clean(proposal.simulation.revert_reason) if proposal.simulation.revert_reason else None,
        witnesses=_witnesses(proposal),
        outcome=_outcome(outcome),
        quality=quality_of(rows, cost, outcome, paid, times or Times()) if outcome and outcome.success else None,
    )


def _status(proposal: Proposal, state: State | None, signatures: Signatures | None) -> Status:
    if state is State.EXECUTED:
        return _STATES[state]
    if proposal.verdict.violations:
        return Status("Refused by the policy", Tone.DANGER)
    if not proposal.verdict.passed:
        return Status("Not checked by any rule of the policy", Tone.DANGER)
    if not proposal.simulation.success:
        return Status("Fails in simulation", Tone.DANGER)
    if state is None:
        return _STATES[State.SIMULATED]
    if state is State.QUEUED and signatures:
        return Status(f"{_STATES[state].words}: {len(signatures.signed)} of {signatures.threshold}", Tone.ACTIVE)
    return _STATES[state]


def _signatures(proposal: Proposal, signed: Collection[Address]) -> Signatures | None:
    """None where owners sign nothing, and where the Safe is not known."""
    safe = proposal.simulation.safe_after
    if safe is None or proposal.batch.transaction.route != MULTISIG:
        return None
    return Signatures(
        threshold=safe.threshold,
        owners=tuple(party(owner, proposal.labels) for owner in safe.owners),
        signed=tuple(party(owner, proposal.labels) for owner in safe.owners if owner in signed),
    )


def _rules(proposal: Proposal, now: int | None) -> tuple[RuleRow, ...]:
    """Broken rules first, then the ones at their limit; otherwise in the order of the policy.

    `now` is the time from which it is told how far moments are; None where that matters no more.
    """

    def said(text: str, limit: int = LINE) -> str:
        return clean(with_moments(text, now), limit)

    rows = [
        RuleRow(
            rule=clean(report.rule, SHORT),
            subject=said(report.subject),
            before=said(report.before),
            after=said(report.after),
            limit=said(report.limit),
            binds=report.binds,
            violated=report.violated,
            message=said(report.message, 400),
        )
        for report in proposal.verdict.reports
    ]
    return tuple(sorted(rows, key=lambda row: (not row.violated, not row.binds)))


def _witnesses(proposal: Proposal) -> tuple[WitnessRow, ...]:
    return tuple(
        WitnessRow(
            method=clean(witness.method, SHORT),
            endpoint=clean(witness.endpoint, SHORT),
            success=witness.success,
            gas_used=witness.gas_used,
            revert_reason=clean(witness.revert_reason) if witness.revert_reason else None,
        )
        for witness in proposal.simulation.witnesses
    )


def _outcome(outcome: Outcome | None) -> OutcomeFacts | None:
    if outcome is None:
        return None
    return OutcomeFacts(
        transaction_hash=outcome.transaction_hash,
        block_number=outcome.block_number,
        block_hash=outcome.block_hash,
        success=outcome.success,
        gas_used=outcome.gas_used,
        gas_cost=outcome.gas_cost,
    )
