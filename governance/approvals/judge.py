"""From what people said to a judgement: the one place where approvals by stewards and members are decided."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from dao_bot.domain.addresses import Address
from dao_bot.domain.lifecycle import State
from dao_bot.domain.proposals import Approval
from dao_bot.domain.runs import Block
from dao_bot.engine.approvals import ApprovalContext, Defeat, Judgement, Waiting
from dao_bot.store.values import StoredProposal
from governance.acts.ballot_box import BallotBox, Counted
from governance.acts.freeze import frozen
from governance.acts.grounds import do_again, empty_store, grounds_of
from governance.acts.kinds import DELEGATIONS, MANDATES, ROLES, WALLETS
from governance.acts.mandates import Mandate, outside, proposed_mandates, record_use, used_mandate
from governance.acts.register import Register
from governance.acts.stands import Stand, Stood, stands
from governance.acts.subject import Subject, subject_of
from governance.acts.terms import BallotTerms, StewardTerms, Terms
from governance.ballots.errors import InvalidBallot
from governance.power.blocks import block_before, is_on_chain
from governance.power.tier import power_snapshot_from_record
from governance.wallets.rfc3339 import format_time

if TYPE_CHECKING:
    from dao_bot.engine.look import Look
    from dao_bot.store.acts import Act


_Evidence = dict[str, object]

LONGEST_FINALITY = 3600
"""Seconds by which the block of voting power may be older than the newest one before a proposal."""


class PeopleRule:
    """Base of rules in which people decide; a rule is its settings turned into terms.

    Attributes:
        terms: what is asked of people.
    """

    def __init__(self, terms: Terms, context: ApprovalContext) -> None:
        self.terms = terms
        self._context = context
        register = Register(context.store)
        self._box = BallotBox(context.treasury, context.endpoints, context.store, register, context.tiers)

    def judge(self, stored: StoredProposal, seen: Look) -> Judgement:
        """See `ApprovalRule`. Opens the ballot that the terms ask for, and closes it when its end has passed."""
        held = frozen(self._context.store)
        if held is not None:
            return Waiting(f"approvals are frozen since {format_time(held.at)}: {held.reason}")
        return self._by_mandate(stored, seen.block) or self.judge_subject(subject_of(stored), seen.block)

    def grounds(self, stored: StoredProposal) -> Mapping[str, object]:
        """What people did about the batch, and about mandates that it may be under."""
        store = self._context.store
        strategy = stored.proposal.run.strategy
        mandates = [each.mandate for each in proposed_mandates(store) if each.mandate.strategy == strategy]
        subjects = [stored.id, *([MANDATES] if mandates else ()), *(mandate.hash for mandate in mandates)]
        voters = (WALLETS, DELEGATIONS, ROLES) if self.terms.ballot is not None else ()
        return grounds_of(store, [*voters, *subjects])

    def judge_again(self, stored: StoredProposal, grounds: Mapping[str, Any], seen: Look) -> Judgement:
        """See `ApprovalRule`: ballots are held again, from what people did and the power that the chain shows."""
        with empty_store() as store:
            again = PeopleRule(self.terms, dataclasses.replace(self._context, store=store))

            def open_ballot(act: Act, voters: frozenset[str]) -> Mapping[str, int]:
                return again._open_again(stored, act, voters, seen.block)

            do_again(store, grounds, open_ballot)
            return again._by_mandate(stored, seen.block) or again.judge_subject(subject_of(stored), seen.block)

    def _open_again(self, stored: StoredProposal, act: Act, voters: frozenset[str], now: Block) -> Mapping[str, int]:
        """The ballot under this rule's terms. Of the record only when it began, and at which block power was read."""
        subjects = (subject_of(stored), *(each.subject for each in proposed_mandates(self._context.store)))
        subject = next((each for each in subjects if each.id == act.subject), None)
        if subject is None or self.terms.ballot is None or not subject.at <= act.at <= now.timestamp:
            return {}
        body: Mapping[str, Any] = act.body
        endpoints, told = self._context.endpoints, power_snapshot_from_record(body["power"]).block
        newest = block_before(endpoints, now, subject.at)
        earliest = newest.timestamp - LONGEST_FINALITY
        is_one_of_the_last = told.number <= newest.number and told.timestamp >= earliest
        if not is_one_of_the_last or told.chain_id != now.chain_id or not is_on_chain(endpoints, told):
            raise InvalidBallot(
                "the record names a block for voting power that is none of the last ones before the proposal",
                value=f"block {told.number} of {told.timestamp}",
                limit=f"a block of {earliest} to {newest.timestamp}",
            )
        begun = block_before(endpoints, now, act.at + 1)
        signed = self.terms.must_be_signed(subject.value)
        opened = self._box.open(subject, self.terms.ballot, begun, signed=signed, power_at=told)
        return self._box.power_of(opened, voters)

    def judge_subject(self, subject: Subject, now: Block) -> Judgement:
        """What the record says of a batch or a mandate at the block `now`."""
        signed = self.terms.must_be_signed(subject.value)
        parts: list[_Evidence | Defeat | Waiting] = []
        if self.terms.stewards is not None:
            parts.append(self._stewards(self.terms.stewards, subject, now, signed=signed))
        if self.terms.ballot is not None:
            parts.append(self._ballot(self.terms.ballot, subject, now, signed=signed))
        for part in parts:
            if isinstance(part, Defeat):
                return part
        waiting = [part.told for part in parts if isinstance(part, Waiting)]
        if waiting:
            return Waiting("; ".join(waiting))
        evidence: _Evidence = {"rule": self._context.name}
        for part in parts:
            assert isinstance(part, dict), "the others have returned"
            evidence |= part
        return Approval(subject.hash, evidence, subject.valid_until)

    def _by_mandate(self, stored: StoredProposal, now: Block) -> Judgement | None:
        """By the mandate that covers the batch: the first approved one, or the one by which it was approved before.

        Stewards can veto the batch itself all the same.
        """
        store = self._context.store
        used = used_mandate(store, stored.id)
        if used is None and stored.state is not State.ACTIVE:
            return None
        vetoed = self._vetoed(subject_of(stored))
        if vetoed is not None:
            return vetoed
        why = "it is not approved any more"
        for proposed in proposed_mandates(store):
            mandate = proposed.mandate
            if mandate.rule != self._context.name or used not in (None, mandate.hash):
                continue
            breach = outside(store, mandate, stored, now.timestamp)
            judged = self.judge_subject(proposed.subject, now) if breach is None else Defeat(breach)
            if isinstance(judged, Approval):
                record_use(store, mandate, stored.id, now.timestamp)
                return _under(mandate, stored, judged)
            why = judged.reason if isinstance(judged, Defeat) else judged.told
        return None if used is None else Defeat(f"the mandate by which it was approved does not cover it: {why}")

    def _vetoed(self, subject: Subject) -> Defeat | None:
        if self.terms.stewards is None:
            return None
        vetoes = [stood for stood in self._stood(subject) if stood.stand is Stand.VETO]
        if len(vetoes) < self.terms.stewards.vetoes:
            return None
        return Defeat(f"vetoed by {', '.join(_with_reason(stood) for stood in vetoes)}")

    def _stewards(
        self, terms: StewardTerms, subject: Subject, now: Block, *, signed: bool
    ) -> _Evidence | Defeat | Waiting:
        vetoed = self._vetoed(subject)
        if vetoed is not None:
            return vetoed
        approvals = [stood for stood in self._stood(subject) if stood.stand is Stand.APPROVE]
        if signed:
            approvals = self._signed(approvals, now)
        missing = terms.approvals - len(approvals)
        if missing > 0:
            how = " with their wallets' signatures" if signed else ""
            return Waiting(f"{missing} more of {terms.approvals} stewards must approve it{how}")
        return {"stewards": [_evidence(stood) for stood in approvals]}

    def _stood(self, subject: Subject) -> tuple[Stood, ...]:
        context = self._context
        return stands(context.store, subject, context.stewards, context.treasury.space)

    def _signed(self, said: Sequence[Stood], now: Block) -> list[Stood]:
        """Those whose wallets signed them; wallets that are contracts are asked (EIP-1271)."""
        asked = [(stood.number, stood.proof) for stood in said if stood.proof is not None]
        plans = {number: signed.holds() for number, signed in asked if signed.proof.contract}
        answers = self._context.endpoints.read(now, list(plans.values())) if plans else []
        denied = {number for number, holds in zip(plans, answers, strict=True) if not holds}
        return [stood for stood in said if stood.signed and stood.number not in denied]

    def _ballot(
        self, terms: BallotTerms, subject: Subject, now: Block, *, signed: bool
    ) -> _Evidence | Defeat | Waiting:
        opened = self._box.find(subject.id)
        if opened is None:
            if terms.duration is not None and now.timestamp + terms.duration >= subject.valid_until:
                return Defeat("a vote on it would end only after its deadline, and no mandate covers it")
            opened = self._box.open(subject, terms, now, signed=signed)
        if opened.subject.hash != subject.hash:
            return Defeat("the vote was about other bytes")
        if opened.ballot.method != terms.method or (signed and not opened.signed):
            return Defeat("the vote was opened under other terms than its rule's")
        counted = self._box.close(opened, now)
        if counted is None:
            ends = opened.ballot.ends
            return Waiting(f"the vote goes on until {format_time(ends)}" if ends else "the veto window still runs")
        outcome = counted.tally.outcome
        return _tally_evidence(counted) if outcome.passed else Defeat(f"the vote is lost: {outcome.reason}")


def _under(mandate: Mandate, stored: StoredProposal, approved: Approval) -> Approval:
    batch = stored.proposal.batch
    budget = {"total": str(mandate.total), "window": mandate.window, "per_window": str(mandate.per_window)}
    evidence = {**approved.evidence, "mandate": mandate.hash, "budget": budget}
    return Approval(batch.batch_hash, evidence, min(batch.valid_until, mandate.expires))


def _with_reason(stood: Stood) -> str:
    return f"{stood.steward} ({stood.reason})" if stood.reason else stood.steward


def _evidence(stood: Stood) -> dict[str, object]:
    wallet: Address = stood.wallet
    return {"steward": stood.steward, "wallet": wallet, "signed": stood.signed, "event": stood.number}


def _tally_evidence(counted: Counted) -> _Evidence:
    tally = counted.tally
    return {
        "ballot": {
            "id": tally.ballot,
            "closed": counted.closed,
            "votes_root": tally.votes_root,
            "input_digest": tally.input_digest,
        }
    }
