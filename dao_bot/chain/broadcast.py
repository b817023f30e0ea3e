"""Handing signed bytes to a node, once, and what the node said to it: a state, never a reason to try blindly again."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from dao_bot.chain.answers import RpcFault
from dao_bot.chain.hexes import to_data
from dao_bot.chain.rpc import Endpoint
from dao_bot.chain.transactions import Signed
from dao_bot.domain.errors import RpcUnavailable


class BroadcastState(enum.StrEnum):
    """What is known after sending. Only the chain knows the rest."""

    ACCEPTED = "accepted"
    ALREADY_KNOWN = "already known"
    NONCE_TOO_LOW = "nonce too low"
    UNDERPRICED = "underpriced"
    NO_FUNDS = "the sender cannot pay"
    REFUSED = "refused"
    UNKNOWN = "unknown"

    @property
    def may_be_mined(self) -> bool:
        """The bytes are, or may be, in a pool or a block: they have to be followed."""
        return self in (BroadcastState.ACCEPTED, BroadcastState.ALREADY_KNOWN, BroadcastState.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Broadcast:
    """The state, and the node's words for it."""

    state: BroadcastState
    message: str


_WORDS = (
    (BroadcastState.ALREADY_KNOWN, ("already known", "alreadyknown", "already imported", "known transaction")),
    (BroadcastState.NONCE_TOO_LOW, ("nonce too low", "nonce is too low", "oldnonce", "invalid nonce")),
    (BroadcastState.UNDERPRICED, ("underpriced", "feetoolow", "less than block base fee", "too low to replace")),
    (BroadcastState.NO_FUNDS, ("insufficient funds", "insufficientfunds", "upfront cost exceeds")),
)
"""How geth, Nethermind, Erigon, Besu, reth and anvil say it."""


def broadcast(endpoint: Endpoint, signed: Signed) -> Broadcast:
    """Send once. A time-out, or any answer that says neither yes nor no, is `UNKNOWN`: follow the hash."""
    try:
        answer = endpoint.request("eth_sendRawTransaction", to_data(signed.raw))
    except RpcFault as fault:
        return Broadcast(_state(fault.message), fault.message)
    except RpcUnavailable as error:
        return Broadcast(BroadcastState.UNKNOWN, error.what)
    if answer != signed.hash:
        return Broadcast(BroadcastState.UNKNOWN, f"{endpoint.name} answered with another hash: {str(answer)[:80]}")
    return Broadcast(BroadcastState.ACCEPTED, f"{endpoint.name} took it")


def _state(message: str) -> BroadcastState:
    words = message.lower()
    return next((state for state, phrases in _WORDS if any(p in words for p in phrases)), BroadcastState.REFUSED)
