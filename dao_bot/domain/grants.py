"""What a strategy may do without asking anybody each time; from these the module's role is derived."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.domain.addresses import Address
from dao_bot.domain.tokens import Token


@dataclass(frozen=True, slots=True)
class MaySwap:
    """Sell one token for another, through the configured pools, to the Safe."""

    sell: Token
    buy: Token


@dataclass(frozen=True, slots=True)
class MayBurn:
    """Destroy a token."""

    token: Token


@dataclass(frozen=True, slots=True)
class MaySend:
    """Send a token to one recipient of the address book."""

    token: Token
    to: Address


@dataclass(frozen=True, slots=True)
class MayCollect:
    """Take the fees of the Safe's own positions."""


Grant = MaySwap | MayBurn | MaySend | MayCollect
