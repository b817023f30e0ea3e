"""Whose purchases are judged, against what, and that every report says it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from dao_bot.backtest.buyers import Buyer, buyers
from dao_bot.backtest.export import buyers_json
from dao_bot.backtest.measures import mark, measure
from dao_bot.backtest.purchases import Verdict
from dao_bot.backtest.report import run_page
from dao_bot.backtest.result import Result
from dao_bot.backtest.run import run
from dao_bot.backtest.words import buyer_rows, buyer_title
from dao_bot.domain.units import WAD
from dao_bot.policy.slippage_limits import SlippageLimits
from dao_bot.strategy import Holdings, Need, Prices
from tests.unit.backtest.kit import DAY, LADDERS, USDT, Floats, Seller, backtest, market

DAYS = 10


class OneTime(Seller):
    """Sells as well, and never looks at what it has spent."""

    name = "one-time"

    def needs(self) -> tuple[Need[Any], ...]:
        return (Holdings(), Prices(), LADDERS)


def at_noon(prices: list[float]) -> Floats:
    """A dollar, and in the hour from each noon, in which purchases are made, another price."""
    minutes = np.ones((len(prices) + 1, 24 * 60))
    minutes[1:, 12 * 60 : 13 * 60] = np.array(prices)[:, None]
    return np.append(minutes.ravel(), 1.0)


def bought(prices: list[float], *strategies: Any) -> Result:
    """Every noon 1,000 USDC are spent on USDT, in a pool that takes 1 bp; executed half a day after the decision."""
    players = strategies or (Seller(1_000, "USDC", "USDT"),)
    spacious = SlippageLimits(WAD // 20)
    test = backtest(
        market(at_noon(prices)), *players, hours=24 * len(prices), every=DAY, delay=DAY // 2, slippage=spacious
    )
    return run(test)


def judged(prices: list[float]) -> Buyer:
    (found,) = buyers(bought(prices))
    return found


def test_the_average_and_the_twap_are_those_of_arithmetic() -> None:
    prices = [0.97 + day * 0.002 for day in range(DAYS)]
    found = judged(prices)
    tokens = sum(1_000 / price for price in prices)
    assert (found.strategy, found.token, found.purchases, found.stretch) == ("seller-0", USDT, DAYS, DAY)
    assert found.spent == pytest.approx(1_000 * DAYS)
    paid = found.judgement.average / (1_000 * DAYS / tokens) - 1
    assert 1e-4 < paid < 4e-4, "the fee of 1 bp, and the impact"
    assert found.judgement.twap == pytest.approx((sum(prices) + DAYS * 23) / (DAYS * 24), rel=1e-5)
    even = [(1 / price + 23) / 24 for price in prices]
    expected = 1 - sum(even) / tokens * 1_000
    assert found.judgement.saving_bps == pytest.approx(expected * 1e4, abs=4)


@pytest.mark.parametrize(
    ("prices", "verdict"),
    [
        ([0.98] * DAYS, Verdict.GOOD),
        ([1.02] * DAYS, Verdict.BAD),
        ([0.985, 1.015] * (DAYS // 2), Verdict.UNDECIDED),
        ([0.98] * 4, Verdict.UNDECIDED),
    ],
    ids=["below the day", "above the day", "now and then", "too few days"],
)
def test_every_report_says_whether_it_was_good(prices: list[float], verdict: Verdict) -> None:
    result = bought(prices)
    (found,) = buyers(result)
    assert found.judgement.verdict is verdict
    marks = mark(result)
    page = run_page("Backtest", result, marks, measure(result, marks))
    rows = dict(buyer_rows(found))
    assert buyer_title(found) == f"Was it good to buy USDT? seller-0: {verdict}"
    assert rows["Verdict"].lower().startswith(str(verdict))
    assert f"{found.judgement.above_twap_bps:+.1f} bp; at most +20 bp is good" in rows["Average against time-weighted"]
    for words in (buyer_title(found), *rows.values()):
        assert words in page
    (facts,) = json.loads(json.dumps(buyers_json([found])))
    assert (facts["verdict"], facts["token"], facts["allowed_above_twap_bps"]) == (str(verdict), "USDT", 20.0)
    interval = found.judgement.interval_bps
    assert facts["interval_bps"] == (None if interval is None else pytest.approx(interval))


def test_the_same_run_is_judged_alike_to_the_bit() -> None:
    random = np.random.default_rng(3)
    prices = list(1 + random.normal(0, 0.01, DAYS))
    assert judged(prices) == judged(prices)


def test_who_buys_once_or_never_looks_at_its_spending_or_buys_at_a_price_that_never_moves_is_not_judged() -> None:
    assert buyers(bought([0.98])) == ()
    assert buyers(bought([0.98] * DAYS, OneTime(1_000, "USDC", "USDT"))) == ()
    assert buyers(bought([0.98] * DAYS, Seller(1_000, "USDT", "USDC"))) == ()


def test_a_run_without_judged_purchases_has_no_section() -> None:
    result = bought([0.98] * DAYS, Seller(1_000, "USDT", "USDC"))
    marks = mark(result)
    assert "Was it good" not in run_page("Backtest", result, marks, measure(result, marks))
    assert buyers_json(buyers(result)) == []
