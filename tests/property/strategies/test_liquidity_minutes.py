"""Five days of a real pool, minute by minute: nothing appears and nothing is lost, and theory meets the history."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from benchmarks.shared_data import DIRECTORY
from dao_bot.domain.concentrated import Q96, Pair, amounts_of
from dao_bot.domain.pool_minutes import Minute, PoolReplay
from dao_bot.domain.positions import edges
from tests.shared_data import needs_shared_data

FILE = DIRECTORY / "uniswap_v3_usdc_weth_minutes.parquet"
SPACING, FEE = 10, 500
OWN_LIQUIDITY = 10**17

pytestmark = needs_shared_data(FILE.name)


@pytest.fixture(scope="module")
def minutes() -> list[Minute]:
    rows = pd.read_parquet(FILE).sort_values("timestamp")
    columns = ("lowestTick", "highestTick", "closeTick", "currentLiquidity", "inAmount0", "inAmount1")
    found = []
    for low, high, close, liquidity, paid0, paid1 in rows[list(columns)].itertuples(index=False):
        # Some rows close a tick beyond their own extremes.
        lowest, highest = min(int(low), int(close)), max(int(high), int(close))
        found.append(Minute(lowest, highest, int(close), int(liquidity), (int(paid0), int(paid1))))
    return found


def around(tick: int, half: int) -> tuple[int, int]:
    return (tick - half) // SPACING * SPACING, (tick + half) // SPACING * SPACING


def in_quote(amounts: Pair, sqrt_price: int) -> float:
    """Base units of token1."""
    return amounts[0] * (sqrt_price / Q96) ** 2 + amounts[1]


def test_nothing_appears_and_nothing_is_lost_in_five_days(minutes: list[Minute]) -> None:
    replay = PoolReplay(FEE, SPACING, minutes[0].close, minutes[0].liquidity)
    place = around(minutes[0].close, 400)
    paid, got = list(replay.add("dao", *place, OWN_LIQUIDITY)), [0, 0]
    moves = 0
    for number, minute in enumerate(minutes):
        replay.play(minute)
        assert replay.pool.tick == minute.close
        assert min(replay.balance) >= 0
        if number % 720 == 719:
            back = replay.take("dao", *place, OWN_LIQUIDITY)
            place = around(minute.close, 400)
            again = replay.add("dao", *place, OWN_LIQUIDITY)
            for token in (0, 1):
                got[token] += back[token]
                paid[token] += again[token]
            moves += 1
    for token, units in enumerate(replay.take("dao", *place, OWN_LIQUIDITY)):
        got[token] += units
    replay.leave()
    assert moves == len(minutes) // 720
    # What is left is what the contract rounds away, less than a hundred units in each of some trades a minute.
    assert all(0 <= left < 100 * len(minutes) for left in replay.balance)


def test_fees_go_to_everybody_by_their_liquidity(minutes: list[Minute]) -> None:
    some = minutes[:1440]
    everywhere = (-887_270, 887_270)
    earned = []
    for share in (1, 2):
        replay = PoolReplay(FEE, SPACING, some[0].close, some[0].liquidity)
        replay.add("dao", *everywhere, OWN_LIQUIDITY * share)
        for minute in some:
            replay.play(minute)
        replay.pool.burn("dao", *everywhere, 0)
        earned.append(replay.pool.collect("dao", *everywhere))
    for token in (0, 1):
        assert earned[0][token] < earned[1][token] < 2 * earned[0][token] + 2


def test_loss_against_rebalancing_is_what_the_formula_says(minutes: list[Minute]) -> None:
    """L sigma^2 sqrt(P) / 4 (arXiv 2208.06046), summed over the realised variance, while in range."""
    bounds = edges(*around(minutes[0].close, 3000))
    realised = formula = 0.0
    from dao_bot.domain.ticks import sqrt_ratio_at_tick

    prices = [sqrt_ratio_at_tick(minute.close) for minute in minutes[::5]]
    for before, after in zip(prices, prices[1:], strict=False):
        held = amounts_of(OWN_LIQUIDITY, before, *bounds)
        kept = amounts_of(OWN_LIQUIDITY, after, *bounds)
        realised += in_quote(held, after) - in_quote(kept, after)
        formula += OWN_LIQUIDITY * (before / Q96) * (2 * math.log(after / before)) ** 2 / 4
    assert realised > 0
    assert realised == pytest.approx(formula, rel=0.02)
