"""One observation as numbers: what the token is worth and costs, how fast it moves, what was spent, what trades."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput
from dao_bot.domain.units import WAD
from dao_bot.strategy import Ladder, Observation, Token, TokenSupply
from strategies.buyback_burn import budget, pools, velocity, volume, worth
from strategies.buyback_burn.budget import Period, Spent
from strategies.buyback_burn.logs import Floats, traded, transfers
from strategies.buyback_burn.needed import REFERENCE, VELOCITY, Needed
from strategies.buyback_burn.params import DAY, Params
from strategies.buyback_burn.revenue import earned

GAS_OF_THE_REST = 120_000
"""The deadline, and the burning or sending."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a decision is made of; prices and values are USD (WAD), amounts base units.

    Attributes:
        price, pay_price: of one whole token; None without a usable price.
        holding: what is free of the token that is spent.
        circulating: what others than the treasury hold, or held until lately; `free_float` without what is staked.
        velocity: the part of the free float that changes hands in a year; None when it cannot be told.
        reference: the moving reference; None when there is none, or too little history.
        spare: what is beyond the runway; negative when that is short.
        volume: usual daily volume of the token.
        budget: of this period.
        ladder: quotes for buying; None when no venue quotes.
        doubts: why the pools on the way are not to be trusted.
        gas: what the batch costs in gas; None when the coin has no usable price.
    """

    now: int
    token: Token
    pay_with: Token
    price: int | None
    pay_price: int | None
    holding: int
    circulating: int
    free_float: int
    net_assets: worth.NetAssets
    velocity: float | None
    reference: int | None
    spare: int
    volume: int
    period: Period
    budget: int
    spent: Spent
    ladder: Ladder | None
    doubts: tuple[str, ...]
    gas: int | None


def read(params: Params, needed: Needed, seen: Observation) -> Situation:
    """The situation at the observation's block.

    Raises:
        BadInput: parameters name tokens that are not configured, or streams with other columns.
    """
    token, pay_with = _token(seen, params.token), _token(seen, params.pay_with)
    holdings, prices = seen[needed.holdings], seen[needed.prices]
    supply = seen[needed.supply]
    kept = {str(supply.safe), *params.not_circulating}
    circulating = supply.total - _held(supply, kept) + _lately(params, needed, seen, kept)
    free_float = circulating - _held(supply, set(params.velocity.staking) - kept)
    period = budget.period_at(seen.block.timestamp, params.budget.period, params.slices, seen.run.strategy)
    ladder = next((each for each in seen[needed.ladders] if (each.sell, each.buy) == (pay_with, token)), None)
    rules = params.net_assets
    left_out, owed = (rules.leave_out, rules.liabilities) if rules else ((), 0)
    return Situation(
        now=seen.block.timestamp,
        token=token,
        pay_with=pay_with,
        price=_usable(prices, token),
        pay_price=_usable(prices, pay_with),
        holding=holdings[pay_with].available,
        circulating=circulating,
        free_float=free_float,
        net_assets=worth.net_assets(token, left_out, owed, holdings, prices, circulating),
        velocity=_velocity(params, needed, seen, token, free_float),
        reference=_reference(params, needed, seen),
        spare=worth.spare(params.runway, holdings, prices),
        volume=_volume(params, needed, seen, token),
        period=period,
        budget=_budget(params, needed, seen, period),
        spent=budget.spent(seen[needed.spending], token, period.start, seen.block.timestamp),
        ladder=ladder,
        doubts=pools.doubts(ladder, seen[needed.pools], prices, params.max_deviation) if ladder else (),
        gas=_gas(needed, seen, ladder),
    )


def _token(seen: Observation, symbol: str) -> Token:
    if symbol not in seen.tokens:
        raise BadInput("the strategy names a token that is not configured", value=symbol, limit=", ".join(seen.tokens))
    return seen.tokens[symbol]


def _usable(prices: worth.Prices, token: Token) -> int | None:
    """USD (WAD) of a whole token; a price of zero is none."""
    return (prices[token].usd or None) if token in prices else None


def _held(supply: TokenSupply, holders: Iterable[str]) -> int:
    return sum(supply.held[Address(holder)] for holder in holders)


def _lately(params: Params, needed: Needed, seen: Observation, kept: Iterable[str]) -> int:
    rules = params.velocity
    if rules.stream is None:
        return 0
    return worth.came_lately(transfers(seen[needed.events[rules.stream]]), kept, seen.block.timestamp, rules.window)


def _velocity(params: Params, needed: Needed, seen: Observation, token: Token, free_float: int) -> float | None:
    rules = params.velocity
    if free_float <= 0:
        return None
    if rules.stream is not None:
        insiders = (seen[needed.supply].safe, *params.not_circulating, *rules.staking, *rules.exchanges)
        outside = velocity.between_owners(transfers(seen[needed.events[rules.stream]]), insiders)
        moved = velocity.changed_hands(outside, seen.block.timestamp, rules.window, rules.round_trip)
        return velocity.yearly(moved, free_float, rules.window)
    series = seen[needed.history[VELOCITY]].get(rules.pair or "")
    if series is None or len(series.volume) < rules.window // DAY:
        return None
    return velocity.yearly(series.volume, free_float / 10**token.decimals, rules.window)


def _reference(params: Params, needed: Needed, seen: Observation) -> int | None:
    if params.reference is None:
        return None
    series = seen[needed.history[REFERENCE]].get(params.reference.pair)
    return worth.reference_price(params.reference, series)


def _volume(params: Params, needed: Needed, seen: Observation, token: Token) -> int:
    now = seen.block.timestamp
    days: list[Floats] = []
    for stream, other in params.volume.swaps.items():
        events = seen[needed.events[stream]]
        days.append(volume.by_day(events.time, traded(events, token, _token(seen, other)), now))
    for pair in params.volume.pairs:
        series = seen[needed.history[pair]].get(pair)
        if series is not None:
            days.append(volume.series_by_day(series, token.decimals, now))
    return volume.usual(days)


def _budget(params: Params, needed: Needed, seen: Observation, period: Period) -> int:
    rules = params.budget
    if rules.amount is not None:
        return rules.amount
    assert rules.revenue is not None, "parameters with a share of revenue say where it is read"
    assert rules.share is not None, "parameters without an amount have a share"
    paid = {
        stream: (_token(seen, symbol), seen[needed.events[stream]]) for stream, symbol in rules.revenue.streams.items()
    }
    part = earned(rules.revenue, seen[needed.supply].safe, paid, seen[needed.prices], period) * rules.share // WAD
    return part if rules.at_most is None else min(part, rules.at_most)


def _gas(needed: Needed, seen: Observation, ladder: Ladder | None) -> int | None:
    gas = seen[needed.gas]
    if gas.native_usd is None:
        return None
    return ((ladder.gas if ladder else 0) + GAS_OF_THE_REST) * gas.wei * gas.native_usd // WAD
