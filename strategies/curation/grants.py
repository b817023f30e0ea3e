"""Who is paid how much in this run: the highest ranking works, and new works on trial, inside every limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dao_bot.domain.addresses import Address
from dao_bot.domain.units import mul_down
from dao_bot.strategy import Amount, Transfer, units_worth
from strategies.curation.allocation import split
from strategies.curation.learned import Learned
from strategies.curation.params import Params
from strategies.curation.room import Room
from strategies.curation.winners import appeal, winners


@dataclass(frozen=True, slots=True)
class Grant:
    """`trial`: whether it comes out of the exploration budget."""

    work: str
    to: Address
    amount: Amount
    trial: bool


def grants(learned: Learned, params: Params, room: Room) -> tuple[Grant, ...]:
    """Best first, those on trial last; nothing that is smaller than the smallest grant."""
    listed = list(params.works.values())
    trial = [work for work in learned.trial.chosen.tolist() if listed[work].pay is not None]
    explored = mul_down(room.usd, params.exploration) if trial else 0
    # a work on trial is paid from the exploration budget alone
    paid = {at for at, work in enumerate(listed) if work.pay is not None and at not in trial}
    chosen = winners(learned, params, paid)
    caps = {
        str(listed[work].pay): units_worth(room.token, mul_down(room.usd, params.recipient_cap), room.price)
        for work in {*chosen, *trial}
    }
    exploited = _granted(chosen, appeal(learned, chosen), room.usd - explored, caps, params, room, trial=False)
    for each in exploited:
        caps[each.to] -= each.amount.units
    return exploited + _granted(trial, [1.0] * len(trial), explored, caps, params, room, trial=True)


def _granted(
    works: Sequence[int],
    weights: Sequence[float],
    usd: int,
    caps: dict[str, int],
    params: Params,
    room: Room,
    *,
    trial: bool,
) -> tuple[Grant, ...]:
    named = list(params.works.items())
    recipients = [str(named[work][1].pay) for work in works]
    units = split(units_worth(room.token, usd, room.price), weights, recipients, caps)
    least = max(units_worth(room.token, params.smallest, room.price), 1)
    return tuple(
        Grant(named[work][0], Address(recipient), room.token.amount(each), trial)
        for work, recipient, each in zip(works, recipients, units, strict=True)
        if each >= least
    )


def transfers(granted: Sequence[Grant]) -> tuple[Transfer, ...]:
    """One for each recipient, in the order in which they first appear."""
    summed: dict[Address, Amount] = {}
    for each in granted:
        summed[each.to] = summed[each.to] + each.amount if each.to in summed else each.amount
    return tuple(Transfer(amount, to) for to, amount in summed.items())
