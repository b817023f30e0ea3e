"""What must hold of every market: nothing of the future is seen, and no value comes from nowhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dao_bot.backtest.depth import Depth, PoolStates, StatedDepth, constant_product
from dao_bot.backtest.measures import mark, measure
from dao_bot.backtest.result import Result
from dao_bot.backtest.run import run
from tests.examples import examples
from tests.unit.backtest.kit import BEGIN, DAY, HOUR, MINUTE, Reactor, Seller, Witness, backtest, market

PROFILE = settings(max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.too_slow])
HOURS = 10
MINUTES = (24 + HOURS) * 60


@st.composite
def walks(draw: st.DrawFn) -> np.ndarray[Any, Any]:
    """Minutes of a price that wanders, jumps, and sometimes spikes."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    size = draw(st.sampled_from([1e-5, 1e-4, 5e-4]))
    walk = np.exp(np.cumsum(size * random.standard_normal(MINUTES)))
    for _ in range(draw(st.integers(0, 3))):
        walk[random.integers(0, MINUTES)] *= draw(st.sampled_from([0.5, 0.9, 1.2, 4.0]))
    return walk


def play(walk: np.ndarray[Any, Any], **rest: Any) -> Result:
    where = market(walk, marks=5 * MINUTE, gas_price=10**10)
    return run(backtest(where, Witness(), Reactor(), Seller(5_000, "USDC", "DAI"), hours=HOURS, **rest))


@PROFILE
@given(walks(), st.integers(1, HOURS - 2), st.sampled_from([0, 600, 5_400]), st.sampled_from([0.7, 0.999, 1.3]))
def test_data_after_a_moment_changes_nothing_before_and_something_after(
    walk: np.ndarray[Any, Any], hour: int, delay: int, factor: float
) -> None:
    """Everything that a decision sees is in the witness's words, so equal words are equal observations."""
    moment = BEGIN + hour * HOUR
    altered = walk.copy()
    later = BEGIN - DAY + MINUTE * np.arange(MINUTES) > moment
    altered[later] *= factor
    before, after = play(walk, delay=delay), play(altered, delay=delay)
    known = [visit for visit in before.visits if visit.at <= moment]
    assert known == [visit for visit in after.visits if visit.at <= moment]
    assert [deed for deed in before.deeds if deed.at <= moment] == [deed for deed in after.deeds if deed.at <= moment]
    assert [step for step in before.steps if step.at <= moment] == [step for step in after.steps if step.at <= moment]
    witness = [
        [v.words for v in each.visits if v.at > moment and v.run.strategy == "witness-0"] for each in (before, after)
    ]
    assert witness[0] != witness[1]
    assert len(known) < len(before.visits)


@PROFILE
@given(walks(), st.sampled_from([0, 600, 5_400]))
def test_balances_are_the_start_and_the_fills_and_nothing_else(walk: np.ndarray[Any, Any], delay: int) -> None:
    result = play(walk, delay=delay)
    units = dict(zip(result.tokens, result.steps[0].units, strict=True))
    done = [deed for deed in result.deeds if deed.failure is None]
    assert len(done) == len(result.steps) - 1
    for deed, step in zip(done, result.steps[1:], strict=True):
        for fill in deed.fills:
            units[fill.sold.token] -= fill.sold.units
            if fill.bought is not None:
                units[fill.bought.token] += fill.bought.units
        assert tuple(units.values()) == step.units
        assert min(step.units) >= 0


@PROFILE
@given(walks(), st.sampled_from([0, 600]))
def test_value_changes_by_prices_less_stated_costs(walk: np.ndarray[Any, Any], delay: int) -> None:
    """Final value = start + holdings times price changes - what trades cost - gas."""
    result = play(walk, delay=delay)
    marks = mark(result)
    measures = measure(result, marks)
    paths = result.backtest.market.paths
    gained, row = 0.0, 0
    column = [result.backtest.market.column[token] for token in result.tokens]
    scale = np.array([10.0**token.decimals for token in result.tokens])
    for step, following in zip(result.steps, [*result.steps[1:], None], strict=True):
        end = result.backtest.end if following is None else following.at
        row, last = paths.row(step.at), paths.row(end)
        gained += float(
            (np.array([float(u) for u in step.units]) / scale) @ (paths.carried[last] - paths.carried[row])[column]
        )
    expected = measures.start_value + gained - measures.cost - measures.gas
    assert measures.final_value == pytest.approx(expected, rel=1e-9)


@PROFILE
@given(walks())
def test_every_swap_costs_at_least_its_fee_and_at_most_its_slippage(walk: np.ndarray[Any, Any]) -> None:
    result = play(walk)
    for deed in result.deeds:
        for fill in deed.fills:
            if fill.bought is None:
                continue
            route_fee = 1e-4 if {str(fill.sold.token), str(fill.bought.token)} != {"USDT", "DAI"} else 2e-4
            assert fill.fees == pytest.approx(route_fee * fill.sold_usd, rel=0.02)
            units = 2.0 / 10 ** min(fill.sold.token.decimals, fill.bought.token.decimals)
            assert fill.cost <= 0.005 * fill.sold_usd + units


DEPTHS: list[Depth] = [StatedDepth(1e6), PoolStates(np.array([0]), np.array([1e20]), 1e24, 10**9, furthest=1.0)]


@settings(max_examples=examples(120), deadline=None)
@given(st.sampled_from(DEPTHS), st.booleans(), st.floats(1.0, 1e5), st.floats(0.01, 100.0))
def test_a_larger_sale_returns_more_at_a_worse_price_and_a_round_trip_never_gains(
    depth: Depth, of_base: bool, amount: float, price: float
) -> None:
    first, larger = (depth.sale(1, price, 1.0, of_base, size) for size in (amount, amount * 2))
    if first is None or larger is None:
        return
    assert first.received < larger.received < 2 * first.received * (1 + 1e-9)
    back = depth.sale(1, first.price, 1.0, not of_base, first.received)
    assert back is None or isinstance(depth, StatedDepth) or back.received <= amount * (1 + 1e-9)


@settings(max_examples=examples(120), deadline=None)
@given(st.floats(1e3, 1e9), st.floats(1e3, 1e9), st.booleans(), st.floats(1e-3, 1e3))
def test_a_pool_gives_back_at_most_what_was_paid(base: float, quote: float, of_base: bool, amount: float) -> None:
    there = constant_product(base, quote, of_base, amount)
    left = (base + amount, quote - there.received) if of_base else (base - there.received, quote + amount)
    back = constant_product(*left, not of_base, there.received)
    assert back.received == pytest.approx(amount, rel=1e-6)
