"""Columns of the events that this strategy reads, each found by its name or told to be missing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dao_bot.domain.columns import FixedBytes, Integers
from dao_bot.domain.errors import BadInput
from dao_bot.strategy import EventColumns, Token

Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]

NOBODY = "0x" + "00" * 20
"""Where tokens come from when they are minted, and go to when they are burned."""

TRANSFER = "Transfer(address indexed from, address indexed to, uint256 value)"
SWAP = "Swap(address indexed sender, address indexed recipient, int256 amount0, int256 amount1, …)"


@dataclass(frozen=True, slots=True)
class Transfers:
    """Transfers of one token, n rows in the order of the chain. `exact`: base units."""

    time: Times
    sender: FixedBytes
    receiver: FixedBytes
    exact: Integers

    @property
    def value(self) -> Floats:
        """Base units as floats, for statistics."""
        return self.exact.floats()

    def where(self, mask: npt.NDArray[np.bool_]) -> Transfers:
        """The rows in which `mask` is true."""
        sender, receiver = FixedBytes(self.sender.raw[mask]), FixedBytes(self.receiver.raw[mask])
        return Transfers(self.time[mask], sender, receiver, Integers(self.exact.limbs[mask], self.exact.signed))


def transfers(events: EventColumns) -> Transfers:
    """A stream of transfers.

    Raises:
        BadInput: its columns are not those of `Transfer`.
    """
    sender, receiver, value = (events.fields.get(name) for name in ("from", "to", "value"))
    if not (isinstance(sender, FixedBytes) and isinstance(receiver, FixedBytes) and isinstance(value, Integers)):
        raise _unfit(events, TRANSFER)
    return Transfers(events.time, sender, receiver, value)


def traded(events: EventColumns, token: Token, other: Token) -> Floats:
    """Base units of `token` that each swap in the pool of both moved, in either direction.

    Raises:
        BadInput: its columns are not those of a pool's `Swap`.
    """
    token_is_first = int(token.address, 16) < int(other.address, 16)
    amount = events.fields.get("amount0" if token_is_first else "amount1")
    if not isinstance(amount, Integers):
        raise _unfit(events, SWAP)
    return np.abs(amount.floats())


def _unfit(events: EventColumns, wanted: str) -> BadInput:
    return BadInput(
        f"the stream {events.source} has other columns than this strategy reads",
        value=", ".join(events.fields),
        limit=wanted,
        next_step="Write the event with these names and types under `streams` in strategies.yaml",
    )
