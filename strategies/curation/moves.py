"""What a run does, as operations and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dao_bot.domain.units import WAD
from dao_bot.strategy import Evidence, Operation
from strategies.curation.grants import Grant, transfers
from strategies.curation.purchases import Purchase
from strategies.curation.room import Room

NAMED = 5


@dataclass(frozen=True, slots=True)
class Move:
    """Operations that belong together.

    Attributes:
        summary: what they do, in one sentence of the card.
        spends: base units of the paying token.
    """

    operations: tuple[Operation, ...]
    summary: str
    evidence: tuple[Evidence, ...]
    spends: int = 0


def of_grants(granted: Sequence[Grant], room: Room) -> Move:
    """One transfer for each recipient."""
    units = sum(each.amount.units for each in granted)
    trial = sum(each.amount.units for each in granted if each.trial)
    operations = transfers(granted)
    shown = _listed([f"{each.amount} for {each.work}{' (on trial)' if each.trial else ''}" for each in granted])
    return Move(
        operations,
        f"Sends {room.token.amount(units)} to {len(operations)} recipients: {shown}.",
        (
            Evidence("granted", round(room.usd_of(units) / WAD, 2), "USD"),
            Evidence("of it on trial", trial * 10_000 // max(units, 1) / 100, "%"),
        ),
        units,
    )


def of_purchases(bought: Sequence[Purchase], room: Room) -> Move:
    """One swap for each token."""
    swaps = [each.swap for each in bought]
    units = sum(swap.sell.units for swap in swaps)
    shown = _listed(
        [
            f"{each.swap.buy.amount(each.swap.expected)} for {each.swap.sell} ({', '.join(each.works)})"
            for each in bought
        ]
    )
    return Move(
        tuple(swaps),
        f"Buys {shown}.",
        (Evidence("bought for", round(room.usd_of(units) / WAD, 2), "USD"),),
        units,
    )


def _listed(shown: Sequence[str]) -> str:
    more = f", and {len(shown) - NAMED} more" if len(shown) > NAMED else ""
    return ", ".join(shown[:NAMED]) + more
