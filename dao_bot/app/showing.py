"""Cards on the screen and in files, from a draft or from the record."""

from __future__ import annotations

import shutil
from pathlib import Path

from dao_bot.app.wiring import Desk
from dao_bot.cards.model import CardModel, SafeTransactionHashes
from dao_bot.cards.page import as_page
from dao_bot.cards.story import tell
from dao_bot.domain.errors import BadInput
from dao_bot.domain.lifecycle import State
from dao_bot.engine.signing import transaction_of
from dao_bot.safe.hashes import safe_hashes
from dao_bot.store.values import StoredProposal

_SIGNABLE = frozenset({State.QUEUED, State.READY, State.EXECUTING, State.EXECUTED, State.CANCELED, State.STALE})


def terminal_width() -> int:
    """Columns for a card, within what is comfortable to read."""
    return max(60, min(shutil.get_terminal_size((100, 24)).columns, 120))


def write_page(path: Path, card: CardModel) -> None:
    """The card as one self-contained HTML file."""
    write_file(path, as_page(card))


def write_file(path: Path, text: str) -> None:
    """A file that the user named.

    Raises:
        BadInput: it cannot be written.
    """
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}", next_step="Name another file") from error


def card_of(desk: Desk, stored: StoredProposal) -> CardModel:
    """The card of a proposal in the record, with its hashes, signatures and outcome as they are now."""
    outcome = desk.store.outcome(stored.id)
    hashes = _hashes(desk, stored)
    signed = desk.store.signatures(hashes.safe_tx_hash) if hashes else ()
    return tell(
        stored.proposal,
        state=stored.state,
        signed=[each.owner for each in signed],
        hashes=hashes,
        outcome=outcome.outcome if outcome else None,
        now=outcome.at if outcome else stored.changed_at,
    )


def _hashes(desk: Desk, stored: StoredProposal) -> SafeTransactionHashes | None:
    if stored.nonce is None or stored.state not in _SIGNABLE:
        return None
    treasury = desk.services.treasury
    hashes = safe_hashes(treasury.chain_id, treasury.safe, transaction_of(stored))
    return SafeTransactionHashes(stored.nonce, hashes.domain, hashes.message, hashes.safe_tx)
