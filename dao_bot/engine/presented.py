"""A proposal as a keeper presents it to the signer: its text, and what the record has for its approval."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from dao_bot.domain.calls import Batch
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.lifecycle import State
from dao_bot.domain.proposals import Approval
from dao_bot.engine.approvals import Defeat
from dao_bot.engine.examine import Examined
from dao_bot.engine.ladder import ways_of
from dao_bot.engine.look import Look
from dao_bot.engine.services import Services
from dao_bot.store.store import Store
from dao_bot.store.values import StoredProposal


@dataclass(frozen=True, slots=True)
class Presented:
    """What somebody says that a record holds. Nothing of it is known until it was examined and judged again."""

    stored: StoredProposal
    grounds: Mapping[str, Any]

    @property
    def batch(self) -> Batch:
        return self.stored.proposal.batch


def present(services: Services, store: Store, stored: StoredProposal) -> dict[str, object]:
    """As plain JSON; `read_presented` is the inverse.

    Raises:
        BadInput: its approval rule is not configured any more.
    """
    name = stored.proposal.approval_rule
    if name not in services.approvals:
        raise BadInput("its approval rule is not configured any more", value=name, limit=", ".join(services.approvals))
    grounds = services.approvals[name].grounds(stored)
    return {"text": store.proposal_text(stored.id), "created_at": stored.created_at, "grounds": grounds}


def read_presented(store: Store, raw: object) -> Presented:
    """Of anything that somebody sent.

    Raises:
        BadInput, StoreError: it is no proposal.
    """
    told = raw if isinstance(raw, Mapping) else {}
    text, created_at, grounds = told.get("text"), told.get("created_at"), told.get("grounds")
    if not isinstance(text, str) or not isinstance(created_at, int) or not isinstance(grounds, Mapping):
        raise BadInput(
            "no proposal was presented for it", limit="its text, its time and the grounds of its approval, as JSON"
        )
    return Presented(StoredProposal(store.proposal_of(text), State.ACTIVE, 0, None, created_at, created_at), grounds)


def require_approved(services: Services, presented: Presented, examined: Examined, seen: Look) -> Approval:
    """The approval of exactly this batch, judged here by the rule that the own configuration has for its strategy.

    Raises:
        Refused: it is not approved, or not any more, or not in a way that its strategy may go.
        ChainError, BadInput: this cannot be known.
    """
    proposal, batch, now = presented.stored.proposal, presented.batch, seen.block.timestamp
    name = proposal.run.promoted or proposal.run.strategy
    plan = services.strategies.get(name)
    if plan is None:
        raise Refused("its strategy is not configured here", value=name, limit=", ".join(services.strategies))
    route, rule = batch.transaction.route, proposal.approval_rule
    ways = ways_of(plan, promotion=proposal.run.promoted is not None)
    if (route, rule) not in ways:
        allowed = "; ".join(" by ".join(way) for way in ways)
        raise Refused("its strategy may not go this way", value=f"{name}: {route} by {rule}", limit=allowed)
    earliest = batch.valid_until - plan.valid_for
    if not earliest <= presented.stored.created_at <= now <= batch.valid_until:
        raise Refused(
            "its deadline has passed, or it was not made as long before as its strategy's batches live",
            value=f"made at {presented.stored.created_at}, now {now}",
            limit=f"{earliest} to {batch.valid_until}",
        )
    # What it is worth and what it moves is what was seen here; the record only says what people did about it.
    own = replace(
        proposal,
        calls=examined.calls,
        decoded=examined.decoded,
        simulation=examined.simulation,
        holdings=examined.holdings,
    )
    judged = services.approvals[rule].judge_again(replace(presented.stored, proposal=own), presented.grounds, seen)
    if not isinstance(judged, Approval):
        told = judged.reason if isinstance(judged, Defeat) else judged.told
        raise Refused(f"by what the record has of it, it is not approved: {told}", value=f"rule {rule}")
    if judged.batch_hash != batch.batch_hash or now > judged.valid_until:
        raise Refused("its approval has run out, or is of another batch", value=judged.batch_hash)
    return judged
