"""`dao-bot proposals`, `show`, `sign`, `execute`, `cancel`: people at work on the record."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from dao_bot.app.exits import DONE, FAILED
from dao_bot.app.keeping import make_keeper
from dao_bot.app.keys import read_key
from dao_bot.app.output import print_json, print_shown, print_text, short_id
from dao_bot.app.showing import card_of, terminal_width, write_file, write_page
from dao_bot.app.wiring import Desk, open_desk
from dao_bot.cards.data import as_json
from dao_bot.cards.tables import Column, table
from dao_bot.cards.terminal import renderable
from dao_bot.cards.text import SHORT, clean, utc
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.lifecycle import OPEN_STATES, TRANSITIONS, State
from dao_bot.engine.look import look_at_safe
from dao_bot.engine.signing import require_signable, take_signature, transaction_of
from dao_bot.safe.hashes import safe_hashes
from dao_bot.safe.signatures import signature_bytes
from dao_bot.safe.signing import sign_safe_transaction
from dao_bot.safe.transaction_file import write_transaction_file
from dao_bot.store.values import StoredProposal

if TYPE_CHECKING:
    from rich.console import RenderableType

_WAITS_FOR = {
    State.ACTIVE: "It waits for people's approval: `dao-bot inbox`.",
    State.SUCCEEDED: "It waits for the proposal before it.",
    State.QUEUED: "It waits for signatures of the Safe's owners: `dao-bot sign`, or Safe{Wallet} with a service.",
    State.EXECUTING: "Its transaction is on the way; the keeper follows it.",
}


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
        stored = _proposal(desk, proposal_id)
        card = card_of(desk, stored)
        treasury = desk.services.treasury
        if transaction is not None:
            exported = write_transaction_file(treasury.chain_id, treasury.safe, transaction_of(stored))
            write_file(transaction, exported.decode())
    if as_facts:
        print_json(as_json(card))
    else:
        print_shown(renderable(card, terminal_width()), terminal_width())
    if html is not None:
        write_page(html, card)
    return DONE


def sign(path: Path, proposal_id: str, key_reference: str, yes: bool, as_facts: bool) -> int:
    """Show what is signed, ask, sign it, keep the signature."""
    with open_desk(path) as desk:
        stored = _proposal(desk, proposal_id)
        block, safe = look_at_safe(desk.services)
        transaction = require_signable(stored, safe)
        treasury = desk.services.treasury
        hashes = safe_hashes(treasury.chain_id, treasury.safe, transaction)
        if not yes:
            _ask(desk, stored, hashes.domain, hashes.message, hashes.safe_tx)
        made = sign_safe_transaction(
            read_key(key_reference), treasury.chain_id, treasury.safe, transaction, safe.owners
        )
        raw = signature_bytes(made.signature)
        take_signature(desk.services, desk.store, stored, raw, safe, block)
    if as_facts:
        print_json({"proposal": stored.id, "owner": made.owner, "safe_tx_hash": hashes.safe_tx, "signature": raw})
    else:
        print_text(f"{made.owner} signed {hashes.safe_tx}. The keeper executes it at its next tick once enough have.")
    return DONE


def _ask(desk: Desk, stored: StoredProposal, *hashes: str) -> None:
    print_shown(renderable(card_of(desk, stored), terminal_width()), terminal_width())
    if stored.state in (State.CANCELED, State.STALE):
        print_text("You are about to sign the REJECTION of this proposal: an empty transaction at its nonce.")
    for name, value in zip(("domain hash", "message hash", "safeTxHash"), hashes, strict=True):
        print_text(f"{name:13} {value}")
    if not sys.stdin.isatty():
        raise BadInput("nobody is here to be asked", next_step="Pass --yes if you have compared the hashes")
    if input("Sign exactly this? Type yes: ").strip() != "yes":
        raise Refused("nothing was signed")


def execute(path: Path, proposal_id: str, as_facts: bool) -> int:
    """One pass of the keeper; fails when the proposal is not executed afterwards."""
    with open_desk(path) as desk:
        stored = _proposal(desk, proposal_id)
        steps = [step for step in make_keeper(desk).tick() if step.proposal_id == stored.id]
        after = desk.store.proposal(stored.id)
        outcome = desk.store.outcome(stored.id)
    facts = {
        "proposal": stored.id,
        "state": after.state,
        "steps": [step.told for step in steps],
        "transaction_hash": outcome.outcome.transaction_hash if outcome else None,
    }
    if as_facts:
        print_json(facts)
    else:
        waits = _WAITS_FOR.get(after.state, "")
        print_text("\n".join([*(step.told for step in steps), f"The proposal is {after.state}. {waits}".rstrip()]))
    return DONE if after.state is State.EXECUTED else FAILED


def cancel(path: Path, proposal_id: str, reason: str, as_facts: bool) -> int:
    """Cancel; where owners have signed, only a rejection at the same nonce makes that final."""
    with open_desk(path) as desk:
        stored = _proposal(desk, proposal_id)
        block, _ = look_at_safe(desk.services, any_safe=True)
        if State.CANCELED not in TRANSITIONS[stored.state]:
            raise BadInput(
                "this proposal cannot be canceled",
                value=f"state {stored.state}",
                limit=", ".join(sorted(state for state, after in TRANSITIONS.items() if State.CANCELED in after)),
                next_step="Look at it with `dao-bot show`",
            )
        desk.store.transition(stored.id, stored.state, State.CANCELED, block.timestamp, "canceled", {"reason": reason})
        canceled = desk.store.proposal(stored.id)
        rejection = None
        if canceled.nonce is not None:
            treasury = desk.services.treasury
            rejection = safe_hashes(treasury.chain_id, treasury.safe, transaction_of(canceled)).safe_tx
    if as_facts:
        print_json({"proposal": stored.id, "state": State.CANCELED, "rejection_safe_tx_hash": rejection})
        return DONE
    print_text(f"Canceled {short_id(stored.id)}.")
    if rejection is not None:
        print_text(
            f"It had nonce {canceled.nonce}. Signatures that exist stay valid until the deadline in the bytes. To\n"
            f"make it final now, sign the rejection {rejection}:\n"
            f"  dao-bot sign {short_id(stored.id)} --key …"
        )
    return DONE


def _proposal(desk: Desk, proposal_id: str) -> StoredProposal:
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
