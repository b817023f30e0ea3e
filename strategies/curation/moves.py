"""What a run does, as operations and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dao_bot.domain.units import WAD
from dao_bot.strategy import Evidence, GaugeWeights, Operation, VoteForGauge
from strategies.curation.grants import Grant, transfers
from strategies.curation.params import Params
from strategies.curation.purchases import Purchase
from strategies.curation.room import Room

NAMED = 5


@dataclass(frozen=True, slots=True)
class Move:
    """Operations that belong together.

    Attributes:
        summary: what they do, in one sentence of the card.
        usd: WAD, what it takes of the budget.
    """

    operations: tuple[Operation, ...]
    summary: str
    evidence: tuple[Evidence, ...]
    usd: int = 0


def of_grants(granted: Sequence[Grant], room: Room) -> Move:
    """One transfer for each recipient."""
    units = sum(each.amount.units for each in granted)
    usd = room.usd_of(units)
    trial = sum(each.amount.units for each in granted if each.trial)
    operations = transfers(granted)
    shown = _listed([f"{each.amount} for {each.work}{' (on trial)' if each.trial else ''}" for each in granted])
    return Move(
        operations,
        f"Sends {room.token.amount(units)} to {len(operations)} recipients: {shown}.",
        (
            Evidence("granted", round(usd / WAD, 2), "USD"),
            Evidence("of it on trial", trial * 10_000 // max(units, 1) / 100, "%"),
        ),
        usd,
    )


def of_purchases(bought: Sequence[Purchase], room: Room) -> Move:
    """One swap for each token."""
    swaps = [each.swap for each in bought]
    usd = room.usd_of(sum(swap.sell.units for swap in swaps))
    shown = _listed(
        [
            f"{each.swap.buy.amount(each.swap.expected)} for {each.swap.sell} ({', '.join(each.works)})"
            for each in bought
        ]
    )
    return Move(
        tuple(swaps),
        f"Buys {shown}.",
        (Evidence("bought for", round(usd / WAD, 2), "USD"),),
        usd,
    )


def of_votes(voted: Sequence[VoteForGauge], seen: GaugeWeights, params: Params) -> Move:
    """One call for each gauge whose weight changes."""
    works = [(name, work.gauge) for name, work in params.works.items()]
    shown = [
        f"{vote.weight / 100:.2f}% for {', '.join(name for name, gauge in works if gauge == vote.gauge)} "
        f"(so far {seen.gauges[vote.gauge].weight / 100:.2f}%)"
        for vote in voted
    ]
    given = seen.used + sum(vote.weight - seen.gauges[vote.gauge].weight for vote in voted)
    return Move(
        tuple(voted),
        f"Votes for gauges, as parts of the Safe's voting power: {_listed(shown)}.",
        (Evidence("voting power in use afterwards", given / 100, "%"),),
    )


def _listed(shown: Sequence[str]) -> str:
    more = f", and {len(shown) - NAMED} more" if len(shown) > NAMED else ""
    return ", ".join(shown[:NAMED]) + more
