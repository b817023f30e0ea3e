"""Amounts, liquidity, fees and swap steps: the published vectors of Uniswap's own tests, and a pool's refusals."""

from __future__ import annotations

import pytest

from dao_bot.domain.concentrated import (
    WRAP,
    Pair,
    SwapStep,
    amounts_of,
    earned,
    growth_inside,
    liquidity_of,
    swap_step,
)
from dao_bot.domain.concentrated_pool import ConcentratedPool
from dao_bot.domain.errors import BadInput
from dao_bot.domain.ticks import sqrt_ratio_of


def price(one: int, other: int) -> int:
    """The square-root price at which `other` token0 are worth `one` token1, as Uniswap's tests write it."""
    return sqrt_ratio_of(other, one)


RANGE = (price(100, 110), price(110, 100))


@pytest.mark.parametrize(
    ("at", "liquidity", "amounts"),
    [
        (price(1, 1), 2148, (99, 99)),
        (price(99, 110), 1048, (99, 0)),
        (price(111, 100), 2097, (0, 199)),
        (RANGE[0], 1048, (99, 0)),
        (RANGE[1], 2097, (0, 199)),
    ],
)
def test_liquidity_and_amounts_are_those_of_liquidity_amounts_spec(at: int, liquidity: int, amounts: Pair) -> None:
    assert liquidity_of(at, *RANGE, (100, 200)) == liquidity
    assert amounts_of(liquidity, at, *RANGE) == amounts


STEPS = [
    (price(1, 1), price(101, 100), 2 * 10**18, 10**18, 600, (None, 9975124224178055, 9925619580021728, 5988667735148)),
    (
        price(1, 1),
        price(101, 100),
        2 * 10**18,
        -(10**18),
        600,
        (None, 9975124224178055, 9925619580021728, 5988667735148),
    ),
    (
        price(1, 1),
        price(1000, 100),
        2 * 10**18,
        10**18,
        600,
        (0, 999400000000000000, 666399946655997866, 600000000000000),
    ),
    (price(1, 1), price(10000, 100), 2 * 10**18, -(10**18), 600, (0, 2 * 10**18, 10**18, 1200720432259356)),
    (
        417332158212080721273783715441582,
        1452870262520218020823638996,
        159344665391607089467575320103,
        -1,
        1,
        (417332158212080721273783715441581, 1, 1, 1),
    ),
    (2, 1, 1, 3915081100057732413702495386755767, 1, (1, 39614081257132168796771975168, 0, 39614120871253040049813)),
    (2413, 79887613182836312, 1985041575832132834610021537970, 10, 1872, (2413, 0, 0, 10)),
    (1 << 104, (1 << 104) * 11 // 10, 1024, -4, 3000, (None, 26215, 0, 79)),
    (1 << 104, (1 << 104) * 9 // 10, 1024, -263000, 3000, (None, 1, 26214, 1)),
]
"""v3-core `SwapMath.spec`. None: the target; 0: short of it."""


@pytest.mark.parametrize(("at", "target", "liquidity", "remaining", "fee", "expected"), STEPS)
def test_steps_of_a_swap_are_those_of_swap_math_spec(
    at: int, target: int, liquidity: int, remaining: int, fee: int, expected: tuple[int | None, int, int, int]
) -> None:
    step = swap_step(at, target, liquidity, remaining, fee)
    after, *amounts = expected
    assert step == SwapStep(target if after is None else after or step.sqrt_price, *amounts)
    if after == 0:
        assert at < step.sqrt_price < target


ALL = (15, 15)
NOTHING = (0, 0)


@pytest.mark.parametrize(
    ("tick", "outside_lower", "outside_upper", "inside"),
    [
        (0, NOTHING, NOTHING, ALL),
        (4, NOTHING, NOTHING, NOTHING),
        (2, NOTHING, NOTHING, NOTHING),
        (-4, NOTHING, NOTHING, NOTHING),
        (-2, NOTHING, NOTHING, ALL),
        (0, NOTHING, (2, 3), (13, 12)),
        (0, (2, 3), NOTHING, (13, 12)),
        (0, (2, 3), (4, 1), (9, 11)),
        (0, (WRAP - 4, WRAP - 3), (3, 5), (16, 13)),
    ],
)
def test_fee_growth_inside_a_range_is_that_of_tick_spec(
    tick: int, outside_lower: Pair, outside_upper: Pair, inside: Pair
) -> None:
    assert growth_inside(-2, 2, tick, ALL, outside_lower, outside_upper) == inside


def test_fees_are_counted_across_the_wrap_of_the_growth() -> None:
    assert earned(3 << 128, (WRAP - 1, 0), (1, 5)) == (6, 15)


def test_more_than_a_pool_can_hold_is_refused() -> None:
    with pytest.raises(BadInput, match="more liquidity than a pool can hold"):
        liquidity_of(price(1, 1), *RANGE, (10**40, 10**40))
    pool = ConcentratedPool(3000, 60, price(1, 1))
    with pytest.raises(BadInput, match="more liquidity than a tick can hold"):
        pool.mint("me", -60, 60, 1 << 120)
    assert pool.ticks == {}


def test_a_pool_refuses_what_the_contract_refuses() -> None:
    pool = ConcentratedPool(3000, 60, price(1, 1))
    for lower, upper in ((60, -60), (0, 0), (-61, 60), (-887_280, 60)):
        with pytest.raises(BadInput, match="not a range"):
            pool.mint("me", lower, upper, 1)
    with pytest.raises(BadInput, match="no liquidity to add"):
        pool.mint("me", -60, 60, 0)
    with pytest.raises(BadInput, match="does not have this liquidity"):
        pool.burn("me", -60, 60, 0)
    with pytest.raises(BadInput, match="nobody provides liquidity"):
        pool.donate((1, 1))
    with pytest.raises(BadInput, match="ahead of the price"):
        pool.swap(sell0=True, amount=1, limit=price(2, 1))
    pool.mint("me", -60, 60, 10)
    with pytest.raises(BadInput, match="does not have this liquidity"):
        pool.burn("me", -60, 60, 11)
