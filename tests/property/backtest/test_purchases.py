"""What must hold of every judgement of purchases, whatever was bought and however the price went."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from dao_bot.backtest.purchases import FEWEST_STRETCHES, Buy, Floats, Judgement, Times, Verdict, judge
from tests.examples import examples

HOUR, DAY, DAYS = 3_600, 86_400, 20
PROFILE = settings(max_examples=examples(50), deadline=None)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Buy], Times, Floats]:
    """Hours of a wandering price, and purchases near it at some of them."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    price = np.exp(random.normal(0, draw(st.sampled_from([1e-4, 1e-2])), DAYS * 24).cumsum())
    rows = random.integers(0, len(price), draw(st.integers(1, 60)))
    paid = price[rows] * (1 + random.normal(0, 2e-3, len(rows)))
    spent = random.uniform(1, 10_000, len(rows))
    buys = [
        Buy(int(row) * HOUR, float(usd), float(usd / cost)) for row, usd, cost in zip(rows, spent, paid, strict=True)
    ]
    return buys, np.arange(len(price), dtype=np.int64) * HOUR, price


@PROFILE
@given(histories(), st.integers(0, 2**64 - 1))
def test_the_same_purchases_are_judged_alike_to_the_bit(history: tuple[list[Buy], Times, Floats], seed: int) -> None:
    assert judge(*history, stretch=DAY, seed=seed) == judge(*history, stretch=DAY, seed=seed)


@PROFILE
@given(histories(), st.sampled_from([0.25, 4.0, 1_024.0]))
def test_nothing_but_the_price_depends_on_the_unit_of_money(
    history: tuple[list[Buy], Times, Floats], unit: float
) -> None:
    """Powers of two are exact in floating point, so the figures are equal to the bit."""
    buys, time, price = history
    one = judge(buys, time, price, stretch=DAY)
    other = judge([Buy(each.time, each.spent * unit, each.bought) for each in buys], time, price * unit, stretch=DAY)
    assert other.average == one.average * unit
    assert figures(other) == figures(one)


@PROFILE
@given(histories())
def test_the_verdict_claims_nothing_that_its_figures_do_not_show(history: tuple[list[Buy], Times, Floats]) -> None:
    found = judge(*history, stretch=DAY)
    assert (found.interval_bps is None) == (found.stretches < FEWEST_STRETCHES)
    if found.verdict is Verdict.GOOD:
        assert found.above_twap_bps <= 20 and found.interval_bps is not None and found.interval_bps[0] > 0
    if found.above_twap_bps > 20:
        assert found.verdict is Verdict.BAD
    if found.interval_bps is not None:
        assert found.interval_bps[0] <= found.interval_bps[1]


def figures(found: Judgement) -> tuple[object, ...]:
    return found.above_twap_bps, found.saving_bps, found.interval_bps, found.later_bps, found.later_interval_bps
