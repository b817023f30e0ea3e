"""Proposals shown to the owners where they sign, and what they signed brought back; the record stays the truth."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from dao_bot.domain.calls import MULTISIG
from dao_bot.domain.errors import BadInput, DaoBotError, Refused, ServiceRefused, ServiceUnavailable
from dao_bot.domain.lifecycle import State
from dao_bot.engine.bugs import in_words
from dao_bot.engine.look import Look
from dao_bot.engine.polling import Polling, retry_wait
from dao_bot.engine.services import Services
from dao_bot.engine.signing import batch_of, confirmed, hash_of, kind_of, rejection_of, transaction_of
from dao_bot.safe.queue import Listing, OwnersQueue, QueuedTransaction
from dao_bot.safe.signatures import OwnerSignature, parse_signature, signature_bytes, verify_signature
from dao_bot.safe.transaction import SafeTransaction
from dao_bot.safe.transaction_service.budget import month_of
from dao_bot.store.store import Store
from dao_bot.store.values import SignatureKind, StoredProposal

OFFERING, OFFERED, ALARM, RIVAL = "offering", "offered", "alarm", "rival"
"""Kinds of events: the intent, that the queue has it, that it lied, that another transaction waits at the nonce."""

KEEPER = "keeper"
_TROUBLE = (ServiceUnavailable, ServiceRefused, Refused)
_REFUSED_WAIT = 300.0
"""Seconds until something that the queue refused is offered again; somebody has to act in between."""

_MOST_LIES, _MOST_OF_A_KIND = 5, 200
"""Alarms of one look at the queue, and of one subject in all: a flood says no more than these."""


@dataclass(frozen=True, slots=True)
class Brought:
    """What happened to one proposal; `signed` when a signature came in, so that it may go on now."""

    proposal_id: str
    told: str
    signed: bool = False


@dataclass(frozen=True, slots=True)
class _Offer:
    stored: StoredProposal
    transaction: SafeTransaction
    safe_tx_hash: str


class Collection:
    """Between the record and an `OwnersQueue`, which is never believed.

    Hashes are computed here, signatures verified here, and what was executed is read from the chain. What it remembers
    is only when to ask again; a keeper that starts anew asks at once.

    Args:
        spent: requests of this month so far.
        clock: epoch seconds.
    """

    def __init__(
        self,
        services: Services,
        store: Store,
        queue: OwnersQueue,
        polling: Polling,
        spent: Callable[[], int],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._services = services
        self._store = store
        self._queue = queue
        self._polling = polling
        self._spent = spent
        self._clock = clock
        self._next_at = float("-inf")
        self._failures = 0
        self._trouble: DaoBotError | None = None
        self._refused: dict[str, float] = {}
        self._lies: list[str] = []

    def next_nonce(self, seen: Look) -> int:
        """max(the chain's nonce, the highest one that waits in the queue + 1), others' transactions included.

        This treasury's own transactions do not count: the record knows which of its nonces are taken, and the nonce of
        a canceled proposal is free for the one that replaces it.

        Raises:
            ServiceUnavailable, ServiceRefused: it cannot be told now.
        """
        if self._is_put_off():
            raise ServiceUnavailable(f"no nonce is taken before others' transactions are known: {self._trouble}")
        listing = self._ask(seen)
        own = {
            self._hash(make(stored))
            for stored in self._store.with_nonce_from(self._services.treasury.safe, seen.safe.nonce)
            for make in (batch_of, rejection_of)
        }
        others = [each.transaction.nonce for each in listing.waiting if each.safe_tx_hash not in own]
        return max((nonce + 1 for nonce in others), default=seen.safe.nonce)

    def propose(self, transaction: SafeTransaction, seen: Look, note: str) -> None:
        """Show owners a transaction that is no proposal of the record.

        Raises:
            ServiceUnavailable, ServiceRefused, Refused: it cannot be shown now.
        """
        self._queue.propose(transaction, seen.safe.owners, note)

    def exchange(self, seen: Look) -> Iterator[Brought]:
        """Offer what owners should sign, and bring in what they signed. At most one list is asked for.

        Trouble with the queue is told and delays only what depends on it.
        """
        offers = list(self._offers(seen))
        if not offers:
            return
        yield from self._tell_lies(offers[0], seen)
        if self._is_put_off():
            yield from (Brought(offer.stored.id, str(self._trouble)) for offer in offers)
            return
        fresh = [offer for offer in offers if OFFERED not in self._kinds(offer)]
        try:
            for offer in fresh:
                yield from self._offer(offer, seen)
            if len(fresh) < len(offers) and self._clock() >= self._next_at:
                yield from self._bring_all(offers, seen)
        except Exception as error:  # noqa: BLE001 - whatever it is, what is signed here goes on without the queue
            yield from (Brought(offer.stored.id, in_words(error)) for offer in offers)

    def _bring_all(self, offers: list[_Offer], seen: Look) -> Iterator[Brought]:
        listing = self._ask(seen)
        yield from self._tell_lies(offers[0], seen)
        for offer in offers:
            yield from self._bring(offer, listing, seen)
        self._schedule(offers, seen)

    def _offers(self, seen: Look) -> Iterator[_Offer]:
        """Queued batches; and rejections of canceled and stale ones that owners may have signed, unless replaced."""
        safe = self._services.treasury.safe
        open_ = [each for each in self._store.open_proposals(safe) if each.nonce is not None]
        taken = {each.nonce for each in open_ if each.state in (State.QUEUED, State.READY, State.EXECUTING)}
        given = [each for each in self._store.left_open(safe) if each.nonce is not None]
        left = [each for each in given if each.nonce not in taken and self._may_be_signed(each)]
        for stored in (*(each for each in open_ if each.state is State.QUEUED), *left):
            if stored.proposal.batch.transaction.route == MULTISIG and (stored.nonce or 0) >= seen.safe.nonce:
                transaction = transaction_of(stored)
                yield _Offer(stored, transaction, self._hash(transaction))

    def _may_be_signed(self, stored: StoredProposal) -> bool:
        batch = self._hash(batch_of(stored))
        offered = any(event.kind == OFFERING for event in self._store.events(stored.id))
        return offered or bool(self._store.signatures(batch))

    def _offer(self, offer: _Offer, seen: Look) -> Iterator[Brought]:
        """The intent is recorded first. After a time-out or a kill the same is offered again, which changes nothing."""
        now = seen.block.timestamp
        if self._was_refused(offer.safe_tx_hash):
            return
        told = {"safe_tx_hash": offer.safe_tx_hash, "queue": self._queue.name}
        if OFFERING not in self._kinds(offer):
            self._store.append(offer.stored.id, OFFERING, now, told)
        try:
            self._propose(offer, seen)
        except (ServiceRefused, Refused) as error:
            self._remember_refusal(offer.safe_tx_hash)
            yield Brought(offer.stored.id, f"owners cannot see it in {self._queue.name}: {error}")
            return
        self._store.append(offer.stored.id, OFFERED, now, told)
        what = "its rejection" if offer.stored.state in (State.CANCELED, State.STALE) else "it"
        yield Brought(offer.stored.id, f"{what} waits for signatures in {self._queue.name}")

    def _propose(self, offer: _Offer, seen: Look) -> None:
        try:
            self._queue.propose(offer.transaction, seen.safe.owners, f"dao-bot {offer.stored.id[2:14]}")
        except ServiceUnavailable as error:
            raise self._put_off(error) from None
        self._failures = 0

    def _bring(self, offer: _Offer, listing: Listing, seen: Look) -> Iterator[Brought]:
        for other in listing.waiting:
            if other.transaction.nonce == offer.transaction.nonce:
                yield from self._rival(offer, other, seen)
        item = listing.find(offer.safe_tx_hash)
        if item is None:
            yield self._offer_again(offer, seen)
            return
        verified: list[OwnerSignature] = []
        for confirmation in item.confirmations:
            if confirmation.owner not in seen.safe.owners:
                continue  # of an owner who is one no more
            try:
                if confirmation.signature is None:
                    raise BadInput(confirmation.problem)
                digest = bytes.fromhex(offer.safe_tx_hash[2:])
                known = verify_signature(confirmation.signature, digest, seen.safe.owners, claimed=confirmation.owner)
                verified.append(known)
            except BadInput as error:
                forged = f"a confirmation by {confirmation.owner} is none: {error.what}"
                yield from self._alarm(offer.stored.id, offer.stored.id, forged, seen)
        yield from self._keep(offer, verified, seen)
        yield from self._hand_on(offer, item, seen)

    def _keep(self, offer: _Offer, verified: list[OwnerSignature], seen: Look) -> Iterator[Brought]:
        for known in confirmed(self._services, offer.transaction, seen.safe, tuple(verified), seen.block):
            new = self._store.add_signature(
                offer.safe_tx_hash,
                known.owner,
                kind_of(known.signature),
                signature_bytes(known.signature),
                seen.block.timestamp,
                proposal_id=offer.stored.id,
            )
            if new:
                yield Brought(offer.stored.id, f"{known.owner} signed in {self._queue.name}", signed=True)

    def _hand_on(self, offer: _Offer, item: QueuedTransaction, seen: Look) -> Iterator[Brought]:
        """Owners' signatures that were given here show there too; approved hashes it reads from the chain itself."""
        there = {confirmation.owner for confirmation in item.confirmations}
        for known in self._store.signatures(offer.safe_tx_hash):
            handed_on = f"{offer.safe_tx_hash} by {known.owner}"
            if known.owner in there or known.owner not in seen.safe.owners or self._was_refused(handed_on):
                continue
            if known.kind is not SignatureKind.APPROVED_HASH:
                try:
                    self._queue.confirm(offer.safe_tx_hash, parse_signature(known.signature))
                except (ServiceUnavailable, ServiceRefused) as error:
                    self._remember_refusal(handed_on)
                    yield Brought(offer.stored.id, f"{known.owner}'s signature does not show there yet: {error}")

    def _offer_again(self, offer: _Offer, seen: Look) -> Brought:
        """It was taken away, or this is an old answer; the same again changes nothing where it is still there."""
        try:
            self._propose(offer, seen)
        except _TROUBLE as error:
            return Brought(offer.stored.id, f"{self._queue.name} does not list it: {error}")
        return Brought(offer.stored.id, f"{self._queue.name} did not list it; it was offered again")

    def _rival(self, offer: _Offer, other: QueuedTransaction, seen: Look) -> Iterator[Brought]:
        if other.safe_tx_hash in (self._hash(batch_of(offer.stored)), self._hash(rejection_of(offer.stored))):
            return
        words = f"another transaction waits at its nonce {offer.transaction.nonce}: {other.safe_tx_hash}"
        if self._once(offer.stored.id, RIVAL, {"safe_tx_hash": other.safe_tx_hash}, seen):
            yield Brought(offer.stored.id, f"{words}; only one of them can be executed")

    def _tell_lies(self, offer: _Offer, seen: Look) -> Iterator[Brought]:
        """What was found out while asking; many at once are one lie, lest the record be flooded."""
        found, self._lies = self._lies, []
        for lie in found[:_MOST_LIES]:
            yield from self._alarm(offer.stored.id, KEEPER, lie, seen)
        if len(found) > _MOST_LIES:
            yield from self._alarm(offer.stored.id, KEEPER, f"more than {_MOST_LIES} such statements at once", seen)

    def _alarm(self, proposal_id: str, subject: str, words: str, seen: Look) -> Iterator[Brought]:
        told = {"queue": self._queue.name, "what": words}
        if self._once(subject, ALARM, told, seen):
            yield Brought(proposal_id, f"ALARM: {self._queue.name} is not to be trusted: {words}. It was not used")

    def _once(self, subject: str, kind: str, body: Mapping[str, object], seen: Look) -> bool:
        """Record it, unless exactly this is in the record already, or so many of its kind that no more are needed."""
        known = [event.body for event in self._store.events(subject) if event.kind == kind]
        if body in known or len(known) >= _MOST_OF_A_KIND:
            return False
        self._store.append(subject, kind, seen.block.timestamp, body)
        return True

    def _kinds(self, offer: _Offer) -> set[str]:
        """What was recorded of offering exactly this transaction."""
        return {
            event.kind
            for event in self._store.events(offer.stored.id)
            if event.body.get("safe_tx_hash") == offer.safe_tx_hash
        }

    def _ask(self, seen: Look) -> Listing:
        try:
            listing = self._queue.waiting(seen.safe.nonce)
        except (ServiceUnavailable, ServiceRefused) as error:
            raise self._put_off(error) from None
        self._failures = 0
        self._lies += listing.lies
        return listing

    def _was_refused(self, what: str) -> bool:
        return self._clock() < self._refused.get(what, float("-inf"))

    def _remember_refusal(self, what: str) -> None:
        self._refused[what] = self._clock() + _REFUSED_WAIT

    def _is_put_off(self) -> bool:
        return self._failures > 0 and self._clock() < self._next_at

    def _put_off(self, error: DaoBotError) -> DaoBotError:
        """Leave the queue alone for a while after trouble."""
        self._failures += 1
        self._trouble = error
        self._next_at = self._clock() + retry_wait(self._failures)
        return error

    def _schedule(self, offers: list[_Offer], seen: Look) -> None:
        changed = max(
            at
            for offer in offers
            for at in (offer.stored.changed_at, *(each.at for each in self._store.signatures(offer.safe_tx_hash)))
        )
        now = self._clock()
        month = month_of(now)
        unchanged = max(seen.block.timestamp - changed, 0)
        self._next_at = now + self._polling.wait(
            unchanged, self._spent(), now - month.begins, month.ends - month.begins
        )

    def _hash(self, transaction: SafeTransaction) -> str:
        return "0x" + hash_of(self._services, transaction).hex()
