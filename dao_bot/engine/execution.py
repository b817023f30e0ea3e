"""The keeper's hands: sending what was approved, each intent recorded first, and taking up what was begun."""

from __future__ import annotations

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dao_bot.chain.broadcast import BroadcastState
from dao_bot.chain.fate import Fate, Found
from dao_bot.chain.gas import Fees, gas_limit
from dao_bot.chain.receipts import Receipt
from dao_bot.chain.sending import Followed, Request, Sender
from dao_bot.chain.transactions import Signed, unsigned_of
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import ChainError
from dao_bot.engine.services import Services
from dao_bot.engine.settlement import UNSETTLED
from dao_bot.safe.execution import execution_calldata
from dao_bot.safe.transaction import SafeTransaction
from dao_bot.store.store import Store
from dao_bot.store.values import StoredAttempt, StoredProposal

Begin = Callable[[str], None]
"""Records, with the first intent and in its transaction, that the sending has begun; gets the transaction's hash."""


class Standing(enum.Enum):
    """Where the keeper's sends for one purpose stand.

    NOTHING: none of them can be mined any more. DROPPED: signed, but on no node. UNDER_WAY: on a node, or in a block
    that is not final. REVERTED: mined and final, without effect.
    """

    NOTHING = enum.auto()
    DROPPED = enum.auto()
    UNDER_WAY = enum.auto()
    REVERTED = enum.auto()


@dataclass(frozen=True, slots=True)
class Purpose:
    """What a send is for: all sends to `to` whose calldata begins with `beginning` have the same effect, once."""

    to: Address
    beginning: bytes


def purpose_of(safe: Address, transaction: SafeTransaction) -> Purpose:
    """The signatures are the last argument: without their length and bytes the calldata is the transaction's alone."""
    return Purpose(safe, execution_calldata(transaction, b"")[:-32])


@dataclass(frozen=True, slots=True)
class Taken:
    """Where they stand, in words too. `data` is the calldata that was signed last."""

    standing: Standing
    words: str = ""
    data: bytes = b""


class Execution:
    """One key that sends. What it must know after a crash is in the record."""

    def __init__(self, services: Services, store: Store, sender: Sender) -> None:
        self._services = services
        self._store = store
        self._sender = sender

    @property
    def address(self) -> Address:
        """The keeper's account."""
        return self._sender.address

    def send(
        self, stored: StoredProposal, to: Address, data: bytes, gas_used: int, now: int, begin: Begin | None = None
    ) -> str:
        """Sign, record and send once, then follow for a while; `take_up` goes on from there.

        Args:
            data: calldata with all signatures that it needs; just simulated.
            gas_used: in that simulation.

        Raises:
            Refused: gas is above the cap, or the keeper cannot pay for it; nothing was recorded or sent.
            ChainError: the node did not take it; it is on record.
        """
        request = Request(to, data, gas_limit(gas_used))

        def on_intent(signed: Signed) -> None:
            with self._store.transaction("intend"):
                if begin is not None:
                    begin(signed.hash)
                self._plan(stored, signed, now)

        sent = self._sender.send(request, on_intent, self._in_flight())
        if not sent.broadcast.state.may_be_mined:
            raise _not_taken(sent.broadcast.message)
        self._store.mark_broadcast(sent.signed.hash, now)
        return f"sent {sent.signed.hash}: {_words(self._follow(stored, request, [sent.signed], now))}"

    def take_up(self, stored: StoredProposal, purpose: Purpose, now: int, *, follow: bool) -> Taken:
        """Where the sends for this purpose stand, by what the chain says now; the record is brought up to that.

        Args:
            follow: wait for what is pending, and offer more for it when it is stuck.
        """
        why = "nothing was sent"
        while together := self._newest(stored, purpose):
            found, words = self._look_up(stored, together, now, follow=follow)
            if found.fate is Fate.DROPPED:
                return Taken(Standing.DROPPED, "no node has it", unsigned_of(together[-1].raw).data)
            if found.receipt is not None and found.final and not found.receipt.success:
                self._mark_reverted(found.receipt, now)
                return Taken(Standing.REVERTED, f"{found.receipt.transaction_hash} reverted on the chain")
            if found.fate is not Fate.REPLACED or not found.final:
                return Taken(Standing.UNDER_WAY, f"{together[-1].hash} is {words}, not final yet")
            for signed in together:
                self._store.mark_replaced(signed.hash, now)
            why = "the keeper's nonce was used otherwise"
        return Taken(Standing.NOTHING, why)

    def send_again(self, stored: StoredProposal, purpose: Purpose, now: int) -> str:
        """The bytes that were signed last, once more: harmless, because the chain takes a nonce once.

        When fees have risen above what they offer, the same request is signed for the same nonce with more.

        Raises:
            Refused: the cap does not allow more.
            ChainError: the node did not take them.
        """
        together = self._newest(stored, purpose)
        signed, told = together[-1], self._sender.send_again(together[-1])
        if told.state is BroadcastState.UNDERPRICED and signed.sender == self.address:
            replaced = self._sender.replace(_request(signed), together, lambda new: self._plan(stored, new, now))
            signed, told = replaced.signed, replaced.broadcast
        if not told.state.may_be_mined:
            raise _not_taken(told.message)
        self._store.mark_broadcast(signed.hash, now)
        return f"sent {signed.hash} again: {self._look_up(stored, [signed], now, follow=True)[1]}"

    def give_up(self, stored: StoredProposal, purpose: Purpose, now: int) -> None:
        """Record that what was signed for this purpose is on no node; it is not sent again."""
        for attempt in self._under_way(stored):
            if _is_for(attempt, purpose):
                self._store.mark_dropped(attempt.transaction_hash, now)

    def has_reverted(self, stored: StoredProposal, purpose: Purpose) -> bool:
        """Whether an earlier send for this very purpose was mined without effect."""
        return any(each.status == 0 and _is_for(each, purpose) for each in self._store.attempts(stored.id))

    def _newest(self, stored: StoredProposal, purpose: Purpose) -> list[Signed]:
        """What was signed last for this purpose, and whatever competes with it for one nonce of one sender."""
        attempts = [each for each in self._under_way(stored) if _is_for(each, purpose)]
        return [
            _signed(each)
            for each in attempts
            if (each.sender, each.sender_nonce) == (attempts[-1].sender, attempts[-1].sender_nonce)
        ]

    def _under_way(self, stored: StoredProposal) -> list[StoredAttempt]:
        """In the order of their planning."""
        return [each for each in self._store.attempts(stored.id) if each.state in UNSETTLED]

    def _look_up(
        self, stored: StoredProposal, together: Sequence[Signed], now: int, *, follow: bool
    ) -> tuple[Found, str]:
        """Their fate, and in words; another key's transactions are looked at but never replaced."""
        found = self._sender.look_up(together)
        if not follow or found.fate is not Fate.PENDING or together[-1].sender != self.address:
            return found, found.fate
        followed = self._follow(stored, _request(together[-1]), together, now)
        return followed.found, _words(followed)

    def _follow(self, stored: StoredProposal, request: Request, signed: Sequence[Signed], now: int) -> Followed:
        return self._sender.follow(request, signed, lambda replacement: self._plan(stored, replacement, now))

    def _in_flight(self) -> list[int]:
        """Nonces of this key for which something is signed whose fate is open."""
        unsettled = self._store.unsettled_attempts(chain_id=self._services.treasury.chain_id)
        return [attempt.sender_nonce for attempt in unsettled if attempt.sender == self.address]

    def _mark_reverted(self, receipt: Receipt, now: int) -> None:
        self._store.mark_mined(
            receipt.transaction_hash, receipt.block_number, receipt.block_hash, 0, receipt.gas_used, now
        )

    def _plan(self, stored: StoredProposal, signed: Signed, now: int) -> None:
        self._store.plan_attempt(
            stored.id, signed.sender, signed.nonce, signed.raw, signed.hash, signed.fees.as_dict(), now
        )


def _request(signed: Signed) -> Request:
    asked = unsigned_of(signed.raw)
    return Request(asked.to, asked.data, asked.gas, asked.value)


def _words(followed: Followed) -> str:
    return "; ".join([followed.found.fate, *followed.notes])


def _not_taken(message: str) -> ChainError:
    return ChainError(
        "the node did not take the transaction",
        value=message,
        next_step="It is on record; the keeper looks for it on the chain and offers it again at its next tick",
    )


def _is_for(attempt: StoredAttempt, purpose: Purpose) -> bool:
    sent = unsigned_of(attempt.raw)
    return sent.to == purpose.to and sent.data.startswith(purpose.beginning)


def _signed(attempt: StoredAttempt) -> Signed:
    return Signed(
        attempt.raw, attempt.transaction_hash, attempt.sender, attempt.sender_nonce, Fees.from_dict(dict(attempt.fees))
    )
