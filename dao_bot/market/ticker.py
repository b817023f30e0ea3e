"""The best bid and ask of a market."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from dao_bot.domain.units import WAD


@dataclass(frozen=True, slots=True)
class Ticker:
    """What an exchange said of one market.

    Attributes:
        bid, ask: prices of one whole base in the quote; `0 < bid <= ask`.
        at: epoch seconds at which it was so, by the exchange's clock.
    """

    source: str
    bid: Decimal
    ask: Decimal
    at: int

    @property
    def mid(self) -> int:
        """WAD, rounded down: halfway between bid and ask, which no single trade can move far."""
        return int((self.bid + self.ask) * WAD / 2)

    @property
    def spread(self) -> int:
        """WAD ratio of the distance to the bid."""
        return int((self.ask - self.bid) * WAD / self.bid)
