"""How much is bought now, which limit decided that, and what it becomes: the one place where values become amounts."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.domain.addresses import Address
from dao_bot.domain.units import WAD
from dao_bot.strategy import Burn, Operation, Swap, Transfer, units_worth, usd_value
from strategies.buyback_burn import pools, worth
from strategies.buyback_burn.conditions import Bid, due_usd, room_in_volume
from strategies.buyback_burn.params import Params
from strategies.buyback_burn.situation import Situation


@dataclass(frozen=True, slots=True)
class Purchase:
    """A purchase that keeps every limit.

    Attributes:
        units: base units that are spent; `usd` their value (WAD).
        expected: base units that the quotes promise.
        least: base units below which the swap reverts; as many are burned or sent.
        limit: the name of the limit that decided the size.
    """

    units: int
    usd: int
    expected: int
    least: int
    limit: str


def size(params: Params, situation: Situation, bid: Bid) -> Purchase | None:
    """The largest purchase that every limit allows; None when there is none at all.

    Needs a situation in which all conditions hold.
    """
    ladder, price, pay_price = situation.ladder, situation.price, situation.pay_price
    assert ladder is not None and price is not None and pay_price is not None, "the conditions hold"
    limits = _limits(params, situation, pay_price)
    name = min(limits, key=lambda each: limits[each])
    cap = min(bid.price, price * (WAD + params.max_cost) // WAD)
    units = ladder.largest_below(limits[name], pay_price, cap)
    if units < limits[name]:
        name = "hard maximum and bid" if cap == bid.price else "max_cost"
    if units <= 0:
        return None
    expected = ladder.quoted(units)
    least = max(_ceil_div(expected * (WAD - params.slippage), WAD), _least_for(bid.price, situation, units, pay_price))
    return Purchase(units, usd_value(situation.pay_with.amount(units), pay_price), expected, least, name)


def _limits(params: Params, situation: Situation, pay_price: int) -> dict[str, int]:
    """By name, base units that may be spent."""
    assert situation.ladder is not None, "the conditions hold"
    values = {"slice": due_usd(params, situation), "share of daily volume": room_in_volume(params, situation)}
    affordable = worth.affordable(params.runway, situation.spare, situation.pay_with)
    if affordable is not None:
        values["runway"] = affordable
    limits = {name: units_worth(situation.pay_with, max(value, 0), pay_price) for name, value in values.items()}
    deep = pools.depth(situation.ladder, params.depth_band)
    limits["share of the pool's depth"] = deep * params.share_of_depth // WAD
    limits[f"holding of {situation.pay_with.symbol}"] = situation.holding
    limits["largest quote"] = situation.ladder.rungs[-1].sell
    return limits


def _least_for(price: int, situation: Situation, units: int, pay_price: int) -> int:
    """The least that must come for `units`, so that a whole token costs no more than `price`."""
    return _ceil_div(units * pay_price * _one(situation.token.decimals), price * _one(situation.pay_with.decimals))


def operations(params: Params, situation: Situation, purchase: Purchase) -> tuple[Operation, ...]:
    """Swap, then burn or send the least that it brings; what it brings beyond that stays in the Safe."""
    assert situation.ladder is not None, "a purchase has a route"
    swap = Swap(
        situation.pay_with.amount(purchase.units),
        situation.token,
        purchase.expected,
        situation.ladder.venue,
        situation.ladder.path,
        purchase.least,
    )
    bought = situation.token.amount(purchase.least)
    if params.to is None:
        return (swap, Burn(bought))
    return (swap, Transfer(bought, Address(params.to)))


def _ceil_div(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


def _one(decimals: int) -> int:
    one: int = 10**decimals
    return one
