"""`dao-bot proposals`, `show`: proposals as they stand in the record."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dao_bot.app.exits import DONE
from dao_bot.app.output import print_json, print_shown, print_text, short_id
from dao_bot.app.showing import card_of, show_card, terminal_width, write_file
from dao_bot.app.wiring import Desk, open_desk
from dao_bot.cards.tables import Column, table
from dao_bot.cards.text import SHORT, clean, utc
from dao_bot.domain.errors import BadInput
from dao_bot.domain.lifecycle import OPEN_STATES, State
from dao_bot.engine.signing import transaction_of
from dao_bot.safe.transaction_file import write_transaction_file
from dao_bot.store.values import StoredProposal

if TYPE_CHECKING:
    from rich.console import RenderableType


def proposals(path: Path, as_facts: bool, everything: bool) -> int:
    """One line each, newest first."""
    with open_desk(path) as desk:
        states = None if everything else OPEN_STATES | {State.STALE}
        found = desk.store.proposals(states=states)
    if as_facts:
        print_json([_line(stored) for stored in found])
    elif not found:
        print_text("No proposals." if everything else "No open proposals; --all shows those that are over.")
    else:
        print_shown(_table(found), terminal_width())
    return DONE


def _table(found: Sequence[StoredProposal]) -> RenderableType:
    columns = [
        Column("proposal", style="bold"),
        Column("state"),
        Column("strategy", keep=6),
        Column("until/since", keep=5),
        Column("why, in the strategy's words", flexible=True),
    ]
    rows = [
        (
            short_id(stored.id),
            str(stored.state),
            clean(stored.proposal.run.strategy, SHORT),
            _when(stored),
            clean(stored.proposal.decision.reason),
        )
        for stored in found
    ]
    return table(columns, rows, terminal_width())


def _when(stored: StoredProposal) -> str:
    """Until when it can be executed, or since when it is over; UTC."""
    at = stored.proposal.batch.valid_until if stored.state in OPEN_STATES else stored.changed_at
    return utc(at).removesuffix(" UTC")


def _line(stored: StoredProposal) -> dict[str, object]:
    proposal = stored.proposal
    return {
        "id": stored.id,
        "state": stored.state,
        "strategy": proposal.run.strategy,
        "reason": proposal.decision.reason,
        "nominal": proposal.run.nominal,
        "nonce": stored.nonce,
        "batch_hash": proposal.batch.batch_hash,
        "valid_until": proposal.batch.valid_until,
        "changed_at": stored.changed_at,
    }


def show(path: Path, proposal_id: str, as_facts: bool, html: Path | None, transaction: Path | None) -> int:
    """The card as it stands now."""
    with open_desk(path) as desk:
        stored = proposal_of(desk, proposal_id)
        card = card_of(desk, stored)
        treasury = desk.services.treasury
        if transaction is not None:
            exported = write_transaction_file(treasury.chain_id, treasury.safe, transaction_of(stored))
            write_file(transaction, exported.decode())
    show_card(card, as_facts=as_facts, html=html)
    return DONE


def proposal_of(desk: Desk, proposal_id: str) -> StoredProposal:
    """By its id, with or without 0x; only of the Safe that is configured, because hashes are made for that one.

    Raises:
        BadInput: it is of another Safe or chain.
    """
    stored = desk.store.proposal(proposal_id if proposal_id.startswith("0x") else f"0x{proposal_id}")
    treasury, batch = desk.services.treasury, stored.proposal.batch
    if (batch.chain_id, batch.safe) != (treasury.chain_id, treasury.safe):
        raise BadInput(
            "this proposal was made for another Safe",
            value=f"{batch.safe} on chain {batch.chain_id}",
            limit=f"{treasury.safe} on chain {treasury.chain_id}",
            next_step="Use the configuration that it was made with",
        )
    return stored
