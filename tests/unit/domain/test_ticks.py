"""Ticks and square-root prices: the published vectors of Uniswap's own tests, edges, and what is refused."""

from __future__ import annotations

import pytest

from dao_bot.domain.errors import BadInput
from dao_bot.domain.ticks import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    price_at_sqrt,
    sqrt_ratio_at_prices,
    sqrt_ratio_at_tick,
    sqrt_ratio_of,
    tick_at_sqrt_ratio,
)
from dao_bot.domain.units import WAD

PUBLISHED = {
    MIN_TICK: MIN_SQRT_RATIO,
    MIN_TICK + 1: 4295343490,
    0: 1 << 96,
    50: 79426470787362580746886972461,
    100: 79625275426524748796330556128,
    250: 80224679980005306637834519095,
    500: 81233731461783161732293370115,
    1000: 83290069058676223003182343270,
    2500: 89776708723587163891445672585,
    3000: 92049301871182272007977902845,
    MAX_TICK - 1: 1461373636630004318706518188784493106690254656249,
    MAX_TICK: MAX_SQRT_RATIO,
}
"""v3-core `TickMath.spec`, v3-sdk `tickMath.test`."""


@pytest.mark.parametrize(("tick", "ratio"), PUBLISHED.items())
def test_ratios_at_ticks_are_the_published_ones(tick: int, ratio: int) -> None:
    assert sqrt_ratio_at_tick(tick) == ratio


@pytest.mark.parametrize("tick", [tick for tick in PUBLISHED if tick < MAX_TICK])
def test_a_tick_begins_at_its_own_ratio(tick: int) -> None:
    assert tick_at_sqrt_ratio(sqrt_ratio_at_tick(tick)) == tick
    assert tick_at_sqrt_ratio(sqrt_ratio_at_tick(tick + 1) - 1) == tick


@pytest.mark.parametrize("tick", [MIN_TICK - 1, MAX_TICK + 1])
def test_what_is_no_tick_is_refused(tick: int) -> None:
    with pytest.raises(BadInput, match="not a tick"):
        sqrt_ratio_at_tick(tick)


@pytest.mark.parametrize("ratio", [0, MIN_SQRT_RATIO - 1, MAX_SQRT_RATIO])
def test_what_is_no_price_of_a_pool_is_refused(ratio: int) -> None:
    with pytest.raises(BadInput, match="not a square-root price"):
        tick_at_sqrt_ratio(ratio)


def test_a_price_of_amounts_is_their_ratio_and_stays_within_what_pools_know() -> None:
    assert sqrt_ratio_of(1, 1) == 1 << 96
    assert sqrt_ratio_of(1, 4) == 2 << 96
    assert sqrt_ratio_of(10**60, 1) == MIN_SQRT_RATIO
    assert sqrt_ratio_of(1, 10**60) == MAX_SQRT_RATIO - 1
    with pytest.raises(BadInput, match="two positive amounts"):
        sqrt_ratio_of(0, 1)


def test_dollar_prices_become_the_price_of_the_pool() -> None:
    ratio = sqrt_ratio_at_prices(3_200 * WAD, 18, WAD, 6)
    assert abs(price_at_sqrt(ratio, 18, 6) - 3_200 * WAD) < WAD // 10**9
    inverse = sqrt_ratio_at_prices(WAD, 6, 3_200 * WAD, 18)
    assert abs(price_at_sqrt(inverse, 6, 18) * 3_200 - WAD) < WAD // 10**9
