"""The conditions of a purchase, each with its numbers in words; all of them must hold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dao_bot.domain.units import WAD, format_ratio, format_units, format_usd
from strategies.buyback_burn import worth
from strategies.buyback_burn.budget import due_now
from strategies.buyback_burn.params import Params
from strategies.buyback_burn.situation import Situation


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition.

    Attributes:
        words: a clause that says what is, in either case: `the velocity is 44 % a year, at most 150 % opens the gate`.
        again_at: when time alone may change the answer.
    """

    name: str
    holds: bool
    words: str
    again_at: int | None = None


@dataclass(frozen=True, slots=True)
class Bid:
    """What is bid for a whole token, USD (WAD), all costs included.

    Attributes:
        price: the largest of what the stated reasons allow, but never more than the hard maximum.
        because: in words, of which worth it is less than a stated distance; None when no reason can be told.
    """

    price: int
    because: str | None


def bid_of(params: Params, situation: Situation) -> Bid:
    """The bid that this observation supports; 0 when nothing supports one."""
    reasons = []
    if params.net_assets is not None and situation.net_assets.per_token > 0:
        value, distance = situation.net_assets.per_token, params.net_assets.discount
        reasons.append((worth.below(value, distance), f"net assets of {_price(value)} for each circulating token"))
    if params.reference is not None and situation.reference is not None:
        value, distance = situation.reference, params.reference.below
        reasons.append((worth.below(value, distance), f"its median price of {_price(value)}"))
    if not reasons:
        return Bid(0, None)
    price, because = max(reasons)
    return Bid(min(price, params.max_price), because)


def conditions(params: Params, situation: Situation, bid: Bid) -> Iterator[Condition]:
    """What must hold before the size of a purchase is asked for."""
    yield _no_open_proposal(situation)
    yield _cool_down(params, situation)
    yield _gate(params, situation)
    yield _price_below_bid(situation, bid)
    yield _honest_pools(situation)
    yield _slice_due(params, situation)
    yield _runway(params, situation)
    yield _traded(params, situation)


def _no_open_proposal(situation: Situation) -> Condition:
    words = "an earlier proposal of this strategy is still open" if situation.spent.open else "no proposal is open"
    return Condition("earlier proposals", not situation.spent.open, words)


def _cool_down(params: Params, situation: Situation) -> Condition:
    last = situation.spent.last
    if last is None or situation.now >= last + params.cool_down:
        return Condition("cool-down", True, "the last purchase is long enough ago")
    ready = last + params.cool_down
    return Condition("cool-down", False, f"the last purchase was {situation.now - last} s ago", ready)


def _gate(params: Params, situation: Situation) -> Condition:
    limit = params.velocity.at_most
    if situation.velocity is None:
        return Condition("gate", False, "the velocity of the token cannot be told, so the gate is closed")
    opens = situation.velocity * WAD <= limit
    share = f"{situation.velocity * 100:.0f} % of the free float changes hands in a year"
    return Condition("gate", opens, f"{share}, and at most {format_ratio(limit, 1)} opens the gate")


def _price_below_bid(situation: Situation, bid: Bid) -> Condition:
    if situation.price is None or situation.pay_price is None:
        lacking = situation.token if situation.price is None else situation.pay_with
        return Condition("price", False, f"{lacking.symbol} has no usable USD price")
    if bid.because is None:
        return Condition("price", False, "what the token is worth cannot be told")
    words = f"the token costs {_price(situation.price)}, and {_price(bid.price)} is bid for {bid.because}"
    return Condition("price", situation.price <= bid.price, words)


def _honest_pools(situation: Situation) -> Condition:
    if situation.ladder is None:
        return Condition("pools", False, f"no venue quotes {situation.token.symbol} for {situation.pay_with.symbol}")
    return Condition(
        "pools", not situation.doubts, "; ".join(situation.doubts) or "every pool on the way says what the oracle says"
    )


def _slice_due(params: Params, situation: Situation) -> Condition:
    period, spent = situation.period, situation.spent.period
    told = f"{format_usd(spent)} of this period's {format_usd(situation.budget)} are spent"
    if situation.budget <= 0:
        return Condition("budget", False, "this period has no budget", period.end)
    if spent >= situation.budget:
        return Condition("budget", False, f"{told}, and the bid has ended with it", period.end)
    due = period.due(situation.now)
    told += f", {due} of {params.slices} slices are due"
    return Condition("budget", due_usd(params, situation) > 0, told, period.next_moment(situation.now))


def _runway(params: Params, situation: Situation) -> Condition:
    words = f"{format_usd(abs(situation.spare))} {'are spare' if situation.spare > 0 else 'are missing'}"
    return Condition("runway", situation.spare > 0, f"{words} beyond {params.runway.months} months of runway")


def _traded(params: Params, situation: Situation) -> Condition:
    shown = f"{format_units(situation.volume, situation.token.decimals, 0)} {situation.token.symbol}"
    words = f"{shown} are traded on a usual day, of which at most {format_ratio(params.volume.at_most, 1)} are bought"
    return Condition("volume", room_in_volume(params, situation) > 0, words)


def due_usd(params: Params, situation: Situation) -> int:
    """USD (WAD) of the budget that may be spent now."""
    due = situation.period.due(situation.now)
    return due_now(situation.budget, params.slices, due, situation.spent.period)


def room_in_volume(params: Params, situation: Situation) -> int:
    """USD (WAD) that may be bought within the share of daily volume, after what was bought in the last 24 hours."""
    if situation.price is None:
        return 0
    traded = situation.volume * situation.price // 10**situation.token.decimals
    return int(traded * params.volume.at_most // WAD - situation.spent.day)


def _price(value: int) -> str:
    return format_usd(value, 4)
