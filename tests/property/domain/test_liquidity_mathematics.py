"""What must hold of ticks, of liquidity and of a pool in integers, whatever the numbers."""

from __future__ import annotations

from typing import Any

from hypothesis import given, reject
from hypothesis import strategies as st

from dao_bot.domain.concentrated import amounts_of, least_deposit, least_release, liquidity_of, taken
from dao_bot.domain.concentrated_pool import ConcentratedPool
from dao_bot.domain.errors import BadInput
from dao_bot.domain.ticks import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
    sqrt_ratio_band,
    tick_at_sqrt_ratio,
)
from dao_bot.domain.units import WAD

TICKS = st.integers(MIN_TICK, MAX_TICK - 1)


@given(st.integers(MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1))
def test_a_price_lies_between_its_tick_and_the_next(ratio: int) -> None:
    tick = tick_at_sqrt_ratio(ratio)
    assert sqrt_ratio_at_tick(tick) <= ratio < sqrt_ratio_at_tick(tick + 1)


@given(TICKS, st.data())
def test_liquidity_never_costs_more_than_was_offered_nor_returns_more_than_it_cost(lower: int, data: Any) -> None:
    upper = data.draw(st.integers(lower + 1, MAX_TICK))
    price = sqrt_ratio_at_tick(data.draw(TICKS)) + data.draw(st.integers(0, 1))
    edges = sqrt_ratio_at_tick(lower), sqrt_ratio_at_tick(upper)
    offered = data.draw(st.tuples(st.integers(0, 10**18), st.integers(0, 10**18)))
    try:
        liquidity = liquidity_of(price, *edges, offered)
    except BadInput:
        reject()
    paid, returned = amounts_of(liquidity, price, *edges, round_up=True), amounts_of(liquidity, price, *edges)
    for cost, back, most in zip(paid, returned, offered, strict=True):
        assert back <= cost <= back + 1
        assert cost <= most


RANGES = ((-887_220, 887_220), (-60, 60), (-600, 1200), (120, 180))
FURTHEST = (sqrt_ratio_at_tick(-20_000), sqrt_ratio_at_tick(20_000))
"""Further away one unit of a token is worth so many of the other that rounding is no dust any more."""
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("mint"), st.sampled_from(RANGES), st.integers(1, 10**22)),
        st.tuples(st.just("burn"), st.sampled_from(RANGES), st.integers(1, 10**22)),
        st.tuples(st.just("collect"), st.sampled_from(RANGES), st.just(0)),
        st.tuples(st.just("swap"), st.booleans(), st.integers(-(10**19), 10**23).filter(bool)),
        st.tuples(st.just("donate"), st.just(None), st.integers(0, 10**18)),
    ),
    max_size=25,
)


@given(STEPS)
def test_a_pool_can_always_pay_everybody_and_keeps_only_dust(steps: list[tuple[Any, ...]]) -> None:
    pool = ConcentratedPool(3000, 60, sqrt_ratio_at_tick(7))
    balance = list(pool.mint("first", *RANGES[0], 10**18))
    held = {place: 0 for place in RANGES}
    roundings = 1

    def receive(amounts: tuple[int, int], sign: int = 1) -> None:
        for token in (0, 1):
            balance[token] += sign * amounts[token]
            assert balance[token] >= 0

    def take(place: tuple[int, int], liquidity: int) -> None:
        pool.burn("other", *place, liquidity)
        receive(pool.collect("other", *place), -1)
        held[place] -= liquidity

    for kind, what, number in steps:
        roundings += 300
        if kind == "mint":
            lower, upper = what
            receive(pool.mint("other", lower, upper, number))
            held[what] += number
        elif kind == "burn" and held[what]:
            take(what, min(number, held[what]))
        elif kind == "collect" and held[what]:
            take(what, 0)
        elif kind == "swap":
            limit = FURTHEST[0] if what else FURTHEST[1]
            if (pool.sqrt_price > limit) if what else (pool.sqrt_price < limit):
                receive(pool.swap(sell0=what, amount=number, limit=limit))
        elif kind == "donate" and pool.liquidity:
            pool.donate((number, number))
            receive((number, number))
    for place, liquidity in held.items():
        if liquidity:
            take(place, liquidity)
    pool.burn("first", *RANGES[0], 10**18)
    receive(pool.collect("first", *RANGES[0]), -1)
    assert pool.ticks == {}
    assert pool.liquidity == 0
    assert all(left <= roundings for left in balance)


@given(TICKS, st.data())
def test_minimums_hold_everywhere_within_the_band_they_are_made_for(lower: int, data: Any) -> None:
    upper = data.draw(st.integers(lower + 1, MAX_TICK))
    edges = sqrt_ratio_at_tick(lower), sqrt_ratio_at_tick(upper)
    middle = sqrt_ratio_at_tick(data.draw(st.integers(max(lower - 300, MIN_TICK), min(upper + 300, MAX_TICK - 1))))
    band = sqrt_ratio_band(middle, data.draw(st.integers(0, WAD // 20)))
    deposits = data.draw(st.tuples(st.integers(0, 10**24), st.integers(0, 10**24)))
    price = data.draw(st.integers(*band))
    liquidity = data.draw(st.integers(0, 10**24))
    try:
        least = least_deposit(deposits, edges, band)
        paid = taken(deposits, price, edges)
    except BadInput:
        reject()
    fails_anyway = liquidity_of(price, *edges, deposits) == 0
    assert fails_anyway or (paid[0] >= least[0] and paid[1] >= least[1])
    returned, promised = amounts_of(liquidity, price, *edges), least_release(liquidity, edges, band)
    assert returned[0] >= promised[0]
    assert returned[1] >= promised[1]
