"""Sending as the keeper: sign, record the intent, broadcast, follow, replace when it is stuck."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from dao_bot.chain import hexes
from dao_bot.chain.broadcast import Broadcast, broadcast
from dao_bot.chain.fate import Attempts, Fate, Finality, Found, look_up, next_nonce
from dao_bot.chain.gas import FeePolicy, Fees, bumped, suggest_fees
from dao_bot.chain.rpc import Endpoint
from dao_bot.chain.transactions import Signed, Signer, Unsigned
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.units import format_units

OnIntent = Callable[[Signed], None]
"""Records the signed transaction durably. Nothing leaves the process before it returns; if it raises, nothing does."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the keeper wants executed."""

    to: Address
    data: bytes
    gas: int
    value: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """A signed transaction and what the node said to it."""

    signed: Signed
    broadcast: Broadcast


@dataclass(frozen=True, slots=True)
class Pacing:
    """Seconds: between two looks at the chain, until a stuck transaction is replaced, until following ends."""

    poll: float = 2.0
    replace_after: float = 90.0
    give_up_after: float = 600.0


@dataclass(frozen=True, slots=True)
class Followed:
    """Where following ended. `attempts` are all that were signed for this nonce, the newest last."""

    found: Found
    attempts: tuple[Signed, ...]
    notes: tuple[str, ...] = field(default=())


class Sender:
    """One key on one chain. Keeps nothing in memory that is needed after a crash: that is what `on_intent` records.

    Args:
        node: which one to read from now; it also takes the transactions unless there is a relay.
        relay: a private endpoint for transactions. When it does not answer nothing goes anywhere else.
        stop: when it is set, following ends at once; what was signed is on record.
    """

    def __init__(
        self,
        node: Callable[[], Endpoint],
        signer: Signer,
        chain_id: int,
        fee_policy: FeePolicy,
        *,
        finality: Finality | None = None,
        pacing: Pacing | None = None,
        relay: Endpoint | None = None,
        stop: threading.Event | None = None,
    ) -> None:
        self._node = node
        self._signer = signer
        self._chain_id = chain_id
        self._fee_policy = fee_policy
        self._finality = finality or Finality()
        self._pacing = pacing or Pacing()
        self._relay = relay
        self._stop = stop or threading.Event()

    @property
    def address(self) -> Address:
        """The key's."""
        return self._signer.address

    def send(self, request: Request, on_intent: OnIntent, in_flight: Sequence[int] = ()) -> Sent:
        """Sign for the next free nonce, record, broadcast.

        Args:
            in_flight: nonces of this key for which something is signed whose fate is open.

        Raises:
            Refused: gas is above the cap, or the key cannot pay for it; nothing was signed.
            BadInput: the relay is on another chain; nothing was signed.
            RpcUnavailable, RpcFault: fees or nonce cannot be read, or the relay does not answer; nothing was signed.
                After `on_intent` nothing is raised: what happened is in the state of the broadcast.
        """
        self._require_relay()
        fees = suggest_fees(self._node(), self._fee_policy)
        nonce = next_nonce(self._node(), self.address, in_flight)
        self._require_funds(request, fees)
        return self._sign_and_send(request, nonce, fees, on_intent)

    def send_again(self, signed: Signed) -> Broadcast:
        """The same bytes once more: harmless, because the chain takes a nonce once. For what was dropped."""
        return broadcast(self._relay or self._node(), signed)

    def replace(self, request: Request, attempts: Sequence[Signed], on_intent: OnIntent) -> Sent:
        """The same request for the same nonce with higher fees: at most one of all attempts can be mined.

        Raises:
            BadInput: there is nothing to replace.
            Refused: the cap does not allow higher fees; the old attempts stay as they are.
        """
        if not attempts:
            raise BadInput("there is no transaction to replace")
        dearest = max(attempts, key=lambda signed: signed.fees.max_fee_per_gas)
        suggestion = suggest_fees(self._node(), self._fee_policy)
        fees = bumped(dearest.fees, suggestion, self._fee_policy)
        if fees is None:
            raise Refused(
                "a stuck transaction cannot be replaced under the cap for gas",
                value=f"{dearest.fees.max_fee_per_gas} wei offered by {dearest.hash}",
                limit=f"{self._fee_policy.cap} wei",
                next_step="Wait until gas is cheaper, or raise the cap in strategies.yaml",
            )
        return self._sign_and_send(request, dearest.nonce, fees, on_intent)

    def look_up(self, attempts: Sequence[Signed]) -> Found:
        """What became of all attempts for one nonce. Two round trips; reads only."""
        return look_up(self._node(), self._chain_id, [_together(attempts)], self._finality)[0]

    def follow(self, request: Request, attempts: Sequence[Signed], on_intent: OnIntent) -> Followed:
        """Look until one of them is mined, or the time is up. Sends again what was dropped, replaces what is stuck.

        What was mined may not be final yet: `look_up` tells later. A nonce that somebody else took ends it only when
        that is final.

        Raises:
            RpcUnavailable, RpcFault: the node does not tell; the attempts are on record, look again later.
        """
        pacing, signed = self._pacing, list(attempts)
        notes: list[str] = []
        end = time.monotonic() + pacing.give_up_after
        replace_at = time.monotonic() + pacing.replace_after
        while True:
            found = self.look_up(signed)
            now = time.monotonic()
            if found.fate is Fate.MINED or found.final or now >= end or self._stop.is_set():
                return Followed(found, tuple(signed), tuple(notes))
            if found.fate in (Fate.PENDING, Fate.DROPPED) and now >= replace_at:
                replace_at = now + pacing.replace_after
                notes.append(self._try_to_replace(request, signed, on_intent))
            elif found.fate is Fate.DROPPED:
                told = f"sent again: {self.send_again(signed[-1]).message}"
                notes += [told] if told not in notes else []
            self._stop.wait(min(pacing.poll, max(end - now, 0.0)))

    def balance(self) -> int:
        """Of the key, in base units of the chain's own coin, at the newest block."""
        node = self._node()
        return hexes.quantity(node.request("eth_getBalance", self.address, "latest"), f"a balance of {node.name}")

    def _require_relay(self) -> None:
        if self._relay is None:
            return
        answer = self._relay.request("eth_chainId")
        chain_id = hexes.quantity(answer, f"the chain id of {self._relay.name}")
        if chain_id != self._chain_id:
            raise BadInput(
                "the relay is on another chain",
                value=f"chain id {chain_id} of {self._relay.name}",
                limit=self._chain_id,
                next_step="Nothing was sent. Correct treasury.keeper.relay in strategies.yaml",
            )

    def _require_funds(self, request: Request, fees: Fees) -> None:
        balance = self.balance()
        needed = request.value + request.gas * fees.max_fee_per_gas
        if balance < needed:
            raise Refused(
                "the keeper cannot pay for the gas",
                value=f"{format_units(balance, 18, 6)} coins",
                limit=f"at least {format_units(needed, 18, 6)}",
                next_step=f"Nothing was sent. Send coins to {self.address}",
            )

    def _try_to_replace(self, request: Request, signed: list[Signed], on_intent: OnIntent) -> str:
        try:
            sent = self.replace(request, signed, on_intent)
        except Refused as error:
            return str(error)
        signed.append(sent.signed)
        return f"replaced: {sent.broadcast.message}"

    def _sign_and_send(self, request: Request, nonce: int, fees: Fees, on_intent: OnIntent) -> Sent:
        signed = self._signer.sign(
            Unsigned(self._chain_id, nonce, request.to, request.data, request.value, request.gas, fees)
        )
        on_intent(signed)
        return Sent(signed, self.send_again(signed))


def _together(attempts: Sequence[Signed]) -> Attempts:
    sender, nonce = {(signed.sender, signed.nonce) for signed in attempts}.pop()
    return Attempts(sender, nonce, tuple(signed.hash for signed in attempts))
