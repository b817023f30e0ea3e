"""Operations: what a strategy wants done, in treasury verbs. An open set; a protocol may bring its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Protocol

from dao_bot.domain.addresses import Address
from dao_bot.domain.tokens import Amount, Token


class Operation(Protocol):
    """A frozen dataclass with a `kind` that no other operation has; its protocol encodes it into calls."""

    kind: ClassVar[str]


@dataclass(frozen=True, slots=True)
class Swap:
    """Sell exactly `sell` for `buy` along a quoted route.

    Attributes:
        expected: base units of `buy` that the quote promised; the encoder sets the minimum below it.
        venue, path: as in the `Ladder` that was quoted.
        least: base units of `buy` below which the swap must revert; the encoder may ask for more, never for less.
    """

    kind: ClassVar[str] = "swap"
    sell: Amount
    buy: Token
    expected: int
    venue: str
    path: str
    least: int = 0


@dataclass(frozen=True, slots=True)
class Transfer:
    """Send `amount` to an address that the address book names."""

    kind: ClassVar[str] = "transfer"
    amount: Amount
    to: Address


@dataclass(frozen=True, slots=True)
class Burn:
    """Destroy `amount` of a token that the Safe holds, so that its total supply falls by as much."""

    kind: ClassVar[str] = "burn"
    amount: Amount
