"""How purchases are judged: the exact figures, and that chance is not taken for skill."""

from __future__ import annotations

import numpy as np
import pytest

from dao_bot.backtest.purchases import FEWEST_STRETCHES, Buy, Floats, Times, Verdict, judge
from dao_bot.domain.errors import BadInput

DAY = 86_400
HOUR = 3_600


def hours(days: int) -> Times:
    return np.arange(days * 24, dtype=np.int64) * HOUR


def walk(days: int, seed: int) -> Floats:
    """A random walk of 1 % an hour around 2 USD."""
    return np.asarray(2.0 * np.exp(np.random.default_rng(seed).normal(0, 0.01, days * 24).cumsum()))


def bought(at: int, price: float, usd: float = 1_000.0) -> Buy:
    return Buy(at, usd, usd / price)


def test_the_average_the_twap_and_the_saving_are_exact() -> None:
    time = np.array([0, 6, 12, 18], np.int64) * HOUR
    price = np.array([1.0, 2.0, 4.0, 4.0])
    found = judge([bought(7 * HOUR, 2.0, 100.0), bought(13 * HOUR, 4.0, 100.0)], time, price, stretch=DAY)
    assert found.average == pytest.approx(200 / 75)
    assert found.twap == pytest.approx((1 + 2 + 4 + 4) / 4)
    assert found.above_twap_bps == pytest.approx((200 / 75 / 2.75 - 1) * 1e4)
    assert found.saving_bps == pytest.approx((1 - (200 / 2.0) / 75) * 1e4)
    assert found.stretches == 1


def test_spending_evenly_saves_nothing_against_spending_evenly() -> None:
    time, price = hours(20), walk(20, 1)
    buys = [bought(int(at), float(each), 10.0) for at, each in zip(time, price, strict=True)]
    found = judge(buys, time, price, stretch=DAY)
    assert found.saving_bps == pytest.approx(0.0, abs=1e-6)
    assert found.near_twap
    assert not found.cheaper


def test_buying_at_the_low_of_each_day_is_shown_to_be_cheaper() -> None:
    time, price = hours(30), walk(30, 2)
    days = price.reshape(30, 24)
    buys = [bought(day * DAY + int(days[day].argmin()) * HOUR, float(days[day].min())) for day in range(30)]
    found = judge(buys, time, price, stretch=DAY)
    assert found.cheaper
    assert found.interval_bps is not None
    assert 0 < found.interval_bps[0] < found.saving_bps < found.interval_bps[1]
    assert "it was cheaper" in found.sentences()[1]


def test_buying_at_the_high_is_said_to_be_dear() -> None:
    time, price = hours(30), walk(30, 3)
    days = price.reshape(30, 24)
    buys = [bought(day * DAY + int(days[day].argmax()) * HOUR, float(days[day].max())) for day in range(30)]
    found = judge(buys, time, price, stretch=DAY)
    assert found.saving_bps < 0
    assert not found.cheaper
    assert not found.near_twap
    assert "beyond the 20 bp allowed" in found.sentences()[0]
    assert found.dearer and "it was dearer" in found.sentences()[1]


def test_chance_is_called_skill_no_more_often_than_the_level_says() -> None:
    """Random hours in 200 histories: one-sided 2.5 %, and clearly below 8 % with the noise of few stretches."""
    claimed = 0
    for seed in range(200):
        random = np.random.default_rng(1_000 + seed)
        time, price = hours(30), walk(30, seed)
        picks = random.integers(0, 24, 30)
        buys = [bought(day * DAY + int(pick) * HOUR, float(price[day * 24 + pick])) for day, pick in enumerate(picks)]
        claimed += judge(buys, time, price, stretch=DAY).cheaper
    assert claimed < 16


def fallen(price: Floats, days: int) -> list[Buy]:
    """Whoever buys the first fall of 2 % below the day's beginning, on days with one."""
    found = []
    for day, hours_ in enumerate(price.reshape(days, 24)):
        low = np.flatnonzero(hours_ < 0.98 * hours_[0])
        if len(low):
            found.append(bought(day * DAY + int(low[0]) * HOUR, float(hours_[low[0]])))
    return found


def test_waiting_for_a_fall_is_cheaper_than_that_day_and_no_skill_on_a_price_without_memory() -> None:
    cheaper = timed = 0
    for seed in range(100):
        price = walk(60, 5_000 + seed)
        found = judge(fallen(price, 60), hours(60), price, stretch=DAY)
        cheaper, timed = cheaper + found.cheaper, timed + found.well_timed
    assert cheaper > 50, "it is cheaper than the same dollars on the same days, by how the days were chosen"
    assert timed < 10, "and not by a better time than any later one"


def test_a_price_that_recovers_from_its_falls_shows_that_the_time_was_well_chosen() -> None:
    noise = np.random.default_rng(7).normal(0, 0.01, 60 * 24)
    level = np.zeros(60 * 24)
    for hour in range(1, len(level)):
        level[hour] = 0.9 * level[hour - 1] + noise[hour]
    price = np.asarray(2.0 * np.exp(level))
    found = judge(fallen(price, 60), hours(60), price, stretch=DAY)
    assert found.well_timed and found.cheaper
    assert "the time was well chosen" in found.sentences()[2]


def test_what_followed_is_exact_and_needs_all_of_the_time_after_a_purchase() -> None:
    time = np.arange(0, 5 * DAY, 12 * HOUR)
    price = np.array([1.0, 2.0, 4.0, 4.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    found = judge([bought(0, 1.0, 100.0)], time, price, stretch=DAY)
    assert found.later_bps == pytest.approx((1 - (100 / 2 / 2.0 + 100 / 2 / 4.0) / 100) * 1e4)
    late = judge([bought(4 * DAY, 1.0, 100.0)], time, price, stretch=DAY)
    assert late.later_bps is None
    assert "too little is known of what followed" in late.sentences()[2]


def test_few_stretches_tell_nothing() -> None:
    time, price = hours(30), walk(30, 4)
    few = [bought(day * DAY, float(price[day * 24])) for day in range(FEWEST_STRETCHES - 1)]
    found = judge(few, time, price, stretch=DAY)
    assert found.interval_bps is None
    assert not found.cheaper
    assert "cannot be told from 7 stretches" in found.sentences()[1]


def test_costs_of_spending_evenly_count_for_the_purchases() -> None:
    time, price = hours(10), walk(10, 5)
    buys = [bought(day * DAY, float(price[day * 24]) * 1.004) for day in range(10)]
    free, paid = (judge(buys, time, price, stretch=DAY, even_cost=cost) for cost in (0.0, 0.004))
    assert paid.saving_bps == pytest.approx(1e4 - (1e4 - free.saving_bps) / 1.004)


def test_the_interval_is_the_same_for_the_same_seed() -> None:
    time, price = hours(12), walk(12, 6)
    buys = [bought(day * DAY, float(price[day * 24])) for day in range(12)]
    assert judge(buys, time, price, stretch=DAY, seed=5) == judge(buys, time, price, stretch=DAY, seed=5)
    assert judge(buys, time, price, stretch=DAY, seed=5) != judge(buys, time, price, stretch=DAY, seed=6)


@pytest.mark.parametrize(
    ("buys", "time", "price", "words"),
    [
        ([], [0, 1], [1.0, 1.0], "no purchases"),
        ([Buy(0, 1, 1)], [1, 0], [1.0, 1.0], "must grow"),
        ([Buy(0, 1, 1)], [0, 1], [1.0, 0.0], "positive numbers"),
        ([Buy(0, 1, 1)], [0, 1], [1.0, float("nan")], "positive numbers"),
        ([Buy(0, 1, 0)], [0, 1], [1.0, 1.0], "brings something"),
        ([Buy(3 * DAY, 1, 1)], [0, 1], [1.0, 1.0], "no price in a stretch"),
        ([Buy(0, 1, 1)], [5, 6], [1.0, 1.0], "begins after"),
    ],
)
def test_what_cannot_be_judged_is_an_error(buys: list[Buy], time: list[int], price: list[float], words: str) -> None:
    with pytest.raises(BadInput, match=words):
        judge(buys, np.array(time, np.int64), np.array(price), stretch=DAY)


def one_a_day(prices: list[float]) -> tuple[list[Buy], Times, Floats]:
    """A dollar and nothing else but in the first hour of each day, in which 1,000 dollars are spent."""
    price = np.ones((len(prices), 24))
    price[:, 0] = prices
    return [bought(day * DAY, each) for day, each in enumerate(prices)], hours(len(prices)), price.ravel()


@pytest.mark.parametrize(
    ("prices", "verdict"),
    [
        ([0.99] * 10, Verdict.GOOD),
        ([1.01] * 10, Verdict.BAD),
        ([1.001] * 10, Verdict.BAD),
        ([0.99] * 5 + [1.011] * 5, Verdict.UNDECIDED),
        ([0.99] * (FEWEST_STRETCHES - 1), Verdict.UNDECIDED),
        ([1.01] * (FEWEST_STRETCHES - 1), Verdict.BAD),
    ],
    ids=["cheaper", "beyond the limit", "within it and dearer", "by chance", "too few to tell", "few, and beyond it"],
)
def test_good_is_only_what_is_shown_to_be_near_and_cheaper(prices: list[float], verdict: Verdict) -> None:
    found = judge(*one_a_day(prices), stretch=DAY)
    assert found.verdict is verdict
    assert found.near_twap == (found.above_twap_bps <= 20)


def test_stretches_are_counted_from_the_beginning_and_end_with_the_run() -> None:
    time = np.array([6, 12, 18, 24, 30, 36], np.int64) * HOUR
    price = np.array([1.0, 2.0, 4.0, 4.0, 8.0, 8.0])
    buys = [bought(6 * HOUR, 1.0, 100.0), bought(30 * HOUR, 8.0, 100.0)]
    found = judge(buys, time, price, stretch=DAY, begin=6 * HOUR, end=36 * HOUR)
    assert found.stretches == 2
    assert found.twap == pytest.approx((1 + 2 + 4 + 4 + 8) / 5), "nothing after the end counts"
    even = 100 / 4 * (1 + 1 / 2 + 1 / 4 + 1 / 4) + 100 / 8
    assert found.saving_bps == pytest.approx((1 - even / (100 + 100 / 8)) * 1e4)
