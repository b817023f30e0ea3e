"""Changes of a proposal's state, in words."""

from __future__ import annotations

from dao_bot.domain.lifecycle import State
from dao_bot.engine.look import Look
from dao_bot.store.store import Store
from dao_bot.store.values import StoredProposal


def move(store: Store, stored: StoredProposal, after: State, seen: Look, kind: str, body: dict[str, object]) -> str:
    """Record the transition at the block that was seen."""
    store.transition(stored.id, stored.state, after, seen.block.timestamp, kind, body)
    return f"{stored.state} ▸ {after}: {kind}"


def stale(store: Store, stored: StoredProposal, seen: Look, reason: str) -> str:
    """It no longer works as it was approved, so that nobody signs it."""
    return f"{move(store, stored, State.STALE, seen, 'stale', {'reason': reason})}: {reason}"
