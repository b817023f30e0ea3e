"""The card of a proposal in the record: what it was made of, and what has become of it."""

from __future__ import annotations

import dataclasses

from dao_bot.cards.model import CardModel, SafeTransactionHashes, Times
from dao_bot.cards.story import tell
from dao_bot.domain.lifecycle import State
from dao_bot.engine.examine import Examined
from dao_bot.engine.services import Services
from dao_bot.engine.signing import transaction_of
from dao_bot.safe.hashes import safe_hashes
from dao_bot.store.store import Store
from dao_bot.store.values import StoredOutcome, StoredProposal

_SIGNABLE = frozenset({State.QUEUED, State.READY, State.EXECUTING, State.EXECUTED, State.CANCELED, State.STALE})


def card_of(
    services: Services, store: Store, stored: StoredProposal, now: int | None = None, seen: Examined | None = None
) -> CardModel:
    """With its hashes, signatures and outcome as they are now.

    Args:
        now: chain time from which ages and the time left are told; when not given, that of the last change.
        seen: its bytes as they were decoded and simulated again; what was recorded of them is then not told.
    """
    proposal = stored.proposal
    if seen is not None:
        proposal = dataclasses.replace(
            proposal,
            calls=seen.calls,
            decoded=seen.decoded,
            simulation=seen.simulation,
            verdict=seen.verdict,
            holdings=seen.holdings,
        )
    outcome = store.outcome(stored.id)
    hashes = _hashes(services, stored)
    signed = store.signatures(hashes.safe_tx_hash) if hashes else ()
    at = outcome.at if outcome else stored.changed_at if now is None else now
    return tell(
        proposal,
        state=stored.state,
        signed=[each.owner for each in signed],
        hashes=hashes,
        outcome=outcome.outcome if outcome else None,
        times=_times(store, stored, outcome) if outcome else None,
        now=at,
    )


def _times(store: Store, stored: StoredProposal, known: StoredOutcome) -> Times:
    approved = [each.at for each in store.approvals(stored.id)]
    return Times(min(approved, default=None), known.at, known.final_at)


def _hashes(services: Services, stored: StoredProposal) -> SafeTransactionHashes | None:
    if stored.nonce is None or stored.state not in _SIGNABLE:
        return None
    treasury = services.treasury
    hashes = safe_hashes(treasury.chain_id, treasury.safe, transaction_of(stored))
    return SafeTransactionHashes(stored.nonce, hashes.domain, hashes.message, hashes.safe_tx)
