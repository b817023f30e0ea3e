"""What one run may spend."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.strategy import Token


@dataclass(frozen=True, slots=True)
class Room:
    """What this run may spend.

    Attributes:
        usd: WAD, the least of the budget's rest, the limit of a run, and what the Safe holds.
        price: WAD USD of one whole token.
        bound_by: which of them it is, in words.
    """

    token: Token
    usd: int
    price: int
    bound_by: str

    def usd_of(self, units: int) -> int:
        """WAD, rounded up: what is spent counts in full."""
        return int(-(-units * self.price // 10**self.token.decimals))
