"""For any treasury, prices and pools: limits, floor, value and pegs hold in the integers of the swaps."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dao_bot.domain.units import WAD
from dao_bot.strategy import Amount, Decision, Observation, PoolPrice
from strategies.reserve_rebalance import ReserveRebalance, amounts, planner, tranches, universe
from strategies.reserve_rebalance.amounts import Book
from strategies.reserve_rebalance.universe import Universe
from tests.examples import examples
from tests.unit.strategies.kit import BASE, after, bought, observe, params, swaps, token, units
from tests.unit.strategies.problems import random_problem

SETTINGS = (
    params(),
    params(minimum_trade="0 USD", no_trade_band="0%", max_tranches="1"),
    params(runway_months="14", turnover="10%", minimum_trade="10000 USD"),
    params(runway_months="0", buckets={"instant": {"at_least": "70%"}, "day": {"at_most": "10%"}}),
    params(issuers=BASE["issuers"] | {"Tether": BASE["issuers"]["Tether"] | {"cap": "40%"}}, turnover="100%"),
)
SYMBOLS = ("USDC", "USDT", "DAI", "aUSDC")


@cache
def _strategy(which: int) -> ReserveRebalance:
    return ReserveRebalance(SETTINGS[which])


@cache
def _universe(which: int) -> Universe:
    return universe.build(SETTINGS[which], {symbol: token(symbol) for symbol in SETTINGS[which].assets})


treasuries = st.fixed_dictionaries({symbol: st.floats(0, 2e6) | st.just(0.0) for symbol in SYMBOLS})
prices = st.fixed_dictionaries({s: st.just(1.0) | st.floats(0.9, 1.02).map(lambda p: round(p, 4)) for s in SYMBOLS})
pools = st.fixed_dictionaries({"depth": st.floats(1e5, 1e9), "fee": st.sampled_from([0.0, 1e-4, 5e-4, 3e-3])})
cases = st.tuples(st.integers(0, len(SETTINGS) - 1), treasuries, prices, pools)


def _decide(case: Any) -> tuple[int, Observation, Decision]:
    which, held, usd, pool = case
    seen = observe(SETTINGS[which], held, usd=usd, **pool)
    return which, seen, _strategy(which).decide(seen)


def _books(case: Any, seen: Observation, decision: Decision) -> tuple[Book, Book]:
    which, held, usd, _ = case
    tokens = _universe(which).tokens
    wads = tuple(round(usd[each.symbol] * 10**9) * 10**9 for each in tokens)
    left = after(seen, decision)
    before = Book(tuple(units(each, held[each.symbol]) for each in tokens), wads)
    return before, Book(tuple(left[each.symbol] for each in tokens), wads)


@settings(max_examples=examples(60), deadline=None)
@given(cases)
def test_no_swap_breaks_a_limit_or_the_floor(case: Any) -> None:
    which, seen, decision = _decide(case)
    assets, before, later = _universe(which), *_books(case, seen, decision)
    floor = SETTINGS[which].runway_months * SETTINGS[which].monthly_burn
    kept, kept_after = amounts.retained_value(assets, before), amounts.retained_value(assets, later)
    lost = "no trade can lengthen it" in decision.reason
    if kept >= floor:
        assert kept_after >= floor
        assert not amounts.newly_broken(assets, before, later, {})
    elif not lost:
        assert kept_after >= kept
    else:
        assert not amounts.newly_broken(assets, before, later, {})


@settings(max_examples=examples(40), deadline=None)
@given(cases)
def test_value_is_conserved_up_to_the_stated_cost(case: Any) -> None:
    which, seen, decision = _decide(case)
    before, later = (sum(book.values(_universe(which).tokens)) for book in _books(case, seen, decision))
    dearest = max(SETTINGS[which].max_cost, SETTINGS[which].peg.exit_loss)
    sold = sum(_value(case, swap.sell) for swap in swaps(decision))
    assert later <= before + len(swaps(decision)) * WAD // 10**5
    assert before - later <= sold * dearest // WAD + WAD // 100


def _value(case: Any, sold: Amount) -> int:
    wad = round(case[2][sold.token.symbol] * 10**9) * 10**9
    return int(sold.units * wad // 10**sold.token.decimals)


@settings(max_examples=examples(40), deadline=None)
@given(cases)
def test_nothing_off_its_peg_is_bought_and_nothing_is_sold_that_is_not_held(case: Any) -> None:
    _, seen, decision = _decide(case)
    usd: Mapping[str, float] = case[2]
    off = {symbol for symbol in SYMBOLS if abs(usd[symbol] - 1.0) > 0.005}
    assert not off & bought(decision)
    assert min(after(seen, decision).values()) >= 0


@settings(max_examples=examples(30), deadline=None)
@given(
    st.integers(0, len(SETTINGS) - 1),
    st.fixed_dictionaries({s: st.integers(0, 3) | st.integers(0, 10**13) | st.just(10**30) for s in SYMBOLS}),
)
def test_any_balance_is_decided_on(which: int, exact: dict[str, int]) -> None:
    seen = observe(SETTINGS[which], {}, exact_units=exact)
    decision = _strategy(which).decide(seen)
    assert decision.reason
    assert min(after(seen, decision).values()) >= 0


@settings(max_examples=examples(30), deadline=None)
@given(st.lists(st.sampled_from(SYMBOLS), min_size=1, max_size=4, unique=True), treasuries)
def test_what_a_cross_rate_makes_suspect_is_bought_on_neither_side(legs: list[str], held: dict[str, float]) -> None:
    base, quote = token(legs[0]), token("USDT" if legs[0] != "USDT" else "USDC")
    for twap in (WAD * 103 // 100, WAD * 97 // 100):
        pool = PoolPrice("uniswap_v3", "0xpool", base, quote, 10**14, twap, twap, 1_800)
        decision = _strategy(0).decide(observe(SETTINGS[0], held, pools=(pool,)))
        assert not {base.symbol, quote.symbol} & bought(decision)


@settings(max_examples=examples(20), deadline=None)
@given(st.integers(0, 5), st.integers(1, 12))
def test_a_tranche_is_an_equal_part_and_exits_go_whole(seed: int, parts: int) -> None:
    optimizer, inputs = random_problem(seed, assets=5)
    flow = optimizer.optimum(inputs, np.ones(optimizer.structure.pairs, dtype=bool), 0.0).flow
    exits = np.arange(len(flow)) % 3 == 0
    first = tranches.first(flow, parts, exits)
    np.testing.assert_allclose(first[exits], flow[exits])
    np.testing.assert_allclose(first[~exits].sum(axis=1), flow[~exits].sum(axis=1) / parts, atol=1e-15)
    assert (first <= flow + 1e-15).all() and (first >= 0).all()


@settings(max_examples=examples(12), deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 12))
def test_the_plan_is_never_worse_than_holding(seed: int, assets: int) -> None:
    optimizer, inputs = random_problem(seed, assets=assets)
    names = [f"limit {i}" for i in range(len(optimizer.structure.limit_bounds))]
    nobody = np.zeros(optimizer.structure.pairs, dtype=bool)
    rules = planner.Rules(band=0.0, spendable=0.0, exits=nobody, limit_names=names, blocked={})
    found = planner.plan(optimizer, inputs, ~nobody, rules)
    assert found.gain >= -1e-9
    assert found.outcome in (planner.Outcome.TRADE, planner.Outcome.HOLD)
