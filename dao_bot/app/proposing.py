"""`dao-bot sign`, `execute`, `cancel`: people act on a proposal."""

from __future__ import annotations

import sys
from pathlib import Path

from dao_bot.app.exits import DONE, FAILED
from dao_bot.app.keeping import make_keeper
from dao_bot.app.keys import read_key
from dao_bot.app.looking import proposal_of
from dao_bot.app.output import print_json, print_shown, print_text, short_id
from dao_bot.app.showing import card_of, terminal_width
from dao_bot.app.wiring import Desk, open_desk
from dao_bot.cards.terminal import renderable
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.lifecycle import TRANSITIONS, State
from dao_bot.engine.look import look_at_safe
from dao_bot.engine.signing import require_signable, take_signature, transaction_of
from dao_bot.safe.hashes import safe_hashes
from dao_bot.safe.signatures import signature_bytes
from dao_bot.safe.signing import sign_safe_transaction
from dao_bot.store.values import StoredProposal

_WAITS_FOR = {
    State.ACTIVE: "It waits for people's approval: `dao-bot inbox`.",
    State.SUCCEEDED: "It waits for the proposal before it.",
    State.QUEUED: "It waits for signatures of the Safe's owners: `dao-bot sign`, or Safe{Wallet} with a service.",
    State.EXECUTING: "Its transaction is on the way; the keeper follows it.",
}


def sign(path: Path, proposal_id: str, key_reference: str, yes: bool, as_facts: bool) -> int:
    """Show what is signed, ask, sign it, keep the signature."""
    with open_desk(path) as desk:
        stored = proposal_of(desk, proposal_id)
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
        stored = proposal_of(desk, proposal_id)
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
        stored = proposal_of(desk, proposal_id)
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
