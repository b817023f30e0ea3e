"""An owner of the Safe signs a proposal's transaction; the signature goes into the local queue."""

from __future__ import annotations

import threading

from dao_bot.domain.addresses import parse_address
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.engine.look import look_at_safe
from dao_bot.engine.second_look import SecondLook, look_again
from dao_bot.engine.signing import REJECTED, require_signable, take_signature
from dao_bot.engine.telling import card_of
from dao_bot.safe.hashes import safe_hashes
from dao_bot.safe.transaction import SafeTransaction
from dao_bot.safe.typed_data import safe_typed_data
from dao_bot.store.values import StoredProposal
from governance.wallets.signatures import parse_signature
from governance.web.bodies import Offer
from governance.web.desk import WebDesk
from governance.web.errand.port import Json
from governance.web.errand.question import subject_of
from governance.web.sessions import Session
from governance.web.shown import shown_calls, shown_card


class Signing:
    """`dao-bot sign` for wallets in a browser."""

    def __init__(self, desk: WebDesk) -> None:
        self._desk = desk
        self._simulating = threading.Lock()

    def look(self, session: Session) -> Json:
        """The transaction, decoded and simulated now, with the hashes of its typed data."""
        stored, transaction = self._signable(session)
        seen = self._look_again(stored, transaction)
        return {**self._shown(stored, seen), "typed": self._typed(transaction), "reasons": _reasons(stored, seen)}

    def offer(self, session: Session, asked: Offer) -> Json:
        """The typed data, for an owner, if nothing speaks against signing it."""
        stored, transaction = self._signable(session)
        owner = parse_address(asked.wallet)
        _, safe = look_at_safe(self._desk.services)
        if owner not in safe.owners:
            raise BadInput(
                "this wallet is no owner of the Safe",
                value=owner,
                limit=", ".join(safe.owners),
                next_step="Choose an owner's account in your wallet, then look again",
            )
        reasons = _reasons(stored, self._look_again(stored, transaction))
        if reasons:
            raise Refused("there is reason not to sign this", value=" ".join(reasons))
        session.offered = transaction
        return {"typed": self._typed(transaction), **self._hashes(transaction)}

    def take(self, session: Session, signature: str) -> Json:
        """Keep it, if it is an owner's over exactly what was shown."""
        offered = session.last_offered(SafeTransaction)
        stored, transaction = self._signable(session)
        if transaction != offered:
            raise Refused(
                "the transaction has changed since it was shown", next_step="Look again, and sign what is shown then"
            )
        services, store = self._desk.services, self._desk.store
        block, safe = look_at_safe(services)
        made = take_signature(services, store, stored, parse_signature(signature), safe, block)
        known = store.signatures(self._hashes(transaction)["hashes"]["safe_tx"])
        return {
            "owner": made.owner,
            "signed": len([each for each in known if each.owner in safe.owners]),
            "threshold": safe.threshold,
        }

    def _signable(self, session: Session) -> tuple[StoredProposal, SafeTransaction]:
        stored = self._desk.proposal(subject_of(session))
        _, safe = look_at_safe(self._desk.services)
        return stored, require_signable(stored, safe)

    def _look_again(self, stored: StoredProposal, transaction: SafeTransaction) -> SecondLook:
        """One at a time: simulations are the most expensive thing that this page does."""
        batch_of = None if stored.state in REJECTED else stored
        with self._simulating:
            return look_again(self._desk.services, self._desk.store, transaction, batch_of=batch_of)

    def _typed(self, transaction: SafeTransaction) -> Json:
        treasury = self._desk.services.treasury
        return safe_typed_data(treasury.chain_id, treasury.safe, transaction)

    def _hashes(self, transaction: SafeTransaction) -> Json:
        treasury = self._desk.services.treasury
        hashes = safe_hashes(treasury.chain_id, treasury.safe, transaction)
        return {"hashes": {"domain": hashes.domain, "message": hashes.message, "safe_tx": hashes.safe_tx}}

    def _shown(self, stored: StoredProposal, seen: SecondLook) -> Json:
        services, verification = self._desk.services, seen.verification
        examined = None if stored.state in REJECTED else seen.examined
        card = card_of(services, self._desk.store, stored, self._desk.now(), examined)
        hashes = self._hashes(verification.transaction)
        return {
            **hashes,
            "nonce": verification.transaction.nonce,
            "rejection": stored.state in REJECTED,
            "title": card.title,
            "card": shown_card(card),
            "calls": shown_calls(verification.calls, services.labels),
            "notes": list(verification.notes),
            "verify": f"dao-bot verify {hashes['hashes']['safe_tx']}",
            "export": f"dao-bot show {stored.id[2:14]} --transaction transaction.json",
        }


def _reasons(stored: StoredProposal, seen: SecondLook) -> list[str]:
    """Not to sign."""
    reasons = list(seen.verification.dangers)
    examined = seen.examined
    if examined is None:
        reasons.append(f"It cannot be simulated now: {seen.problem}")
    elif not examined.simulation.success:
        reasons.append(f"It would fail: {examined.simulation.revert_reason}.")
    elif stored.state not in REJECTED:
        reasons += [f"The policy refuses it now: {report.message}" for report in examined.verdict.violations]
    return reasons
