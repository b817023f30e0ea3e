"""Tick mathematics against the real contracts: after any history both know the same to the last unit."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from dao_bot.domain.ticks import sqrt_ratio_at_tick
from tests.examples import examples
from tests.integration.protocols.pool_pair import PoolPair

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, RunningWorld

EVERYWHERE = (-887_220, 887_220)
RANGES = (EVERYWHERE, (-60, 60), (-120, 180), (60, 600), (-6000, -60), (-60, 6000))
ON_THE_CHAIN = settings(
    max_examples=examples(12), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

amounts = st.integers(1, 10**24)
STEPS = st.one_of(
    st.tuples(st.just("add"), st.sampled_from(RANGES), st.tuples(amounts, amounts)),
    st.tuples(st.just("swap"), st.booleans(), st.integers(1, 10**25) | st.integers(-(10**17), -1)),
    st.tuples(st.just("move to"), st.integers(-9000, 9000), st.booleans()),
    st.tuples(st.just("move to"), st.sampled_from([tick for place in RANGES[1:] for tick in place]), st.booleans()),
    st.tuples(st.just("remove"), st.sampled_from(RANGES), st.fractions(0, 1)),
    st.tuples(st.just("collect"), st.sampled_from(RANGES)),
)


@pytest.fixture(params=[(100, 1), (3000, 60)], ids=["spacing 1", "spacing 60"])
def pair(running_world: RunningWorld, anvil: Anvil, request: pytest.FixtureRequest) -> PoolPair:
    """A pool at a price of nearly one."""
    assert running_world.anvil is anvil
    fee, spacing = request.param
    pair = PoolPair(running_world, fee, spacing, sqrt_ratio_at_tick(0) + 12_345)
    pair.add(EVERYWHERE, (10**20, 10**20))
    return pair


def take(pair: PoolPair, step: tuple[Any, ...]) -> None:
    """One step of a history; what makes no sense now is left out."""
    pool, noted = pair.model.pool, pair.model.noted
    match step:
        case ("add", place, offered):
            pair.add(place, offered)
        case ("swap", sell0, amount):
            pair.swap(sell0=sell0, amount=amount)
        case ("move to", tick, exactly):
            target = sqrt_ratio_at_tick(tick) + (0 if exactly else 10**15)
            if target != pool.sqrt_price:
                pair.swap(sell0=target < pool.sqrt_price, amount=10**40, limit=target)
        case ("remove", place, part) if place in noted and place != EVERYWHERE and noted[place].liquidity:
            pair.remove(place, max(int(noted[place].liquidity * part), 1))
        case ("collect", place) if place in noted and (noted[place].liquidity or any(noted[place].owed)):
            pair.collect(place)


TO_AND_FRO: list[tuple[Any, ...]] = [
    ("add", (-60, 60), (10**22, 10**22)),
    ("add", (60, 600), (10**22, 10**22)),
    ("move to", 60, True),
    ("collect", (-60, 60)),
    ("move to", 5999, False),
    ("add", (-60, 6000), (10**21, 10**23)),
    ("swap", True, 10**15 + 1),
    ("move to", -60, True),
    ("add", (-6000, -60), (10**22, 10**20)),
    ("move to", -8999, False),
    ("collect", (-60, 6000)),
    ("swap", False, -(10**15) - 1),
    ("move to", 600, True),
    ("remove", (-60, 60), Fraction(1)),
    ("remove", (-6000, -60), Fraction(1, 3)),
    ("collect", (-60, 60)),
    ("collect", (60, 600)),
]
"""Through every edge, to it exactly and beyond it, and far enough to pass words of the bitmap that hold no tick."""


@ON_THE_CHAIN
@example(history=TO_AND_FRO)
@given(history=st.lists(STEPS, min_size=6, max_size=16))
def test_after_any_history_pool_and_model_are_equal_to_the_last_unit(
    pair: PoolPair, history: list[tuple[Any, ...]]
) -> None:
    pair.save()
    try:
        for step in history:
            take(pair, step)
        pair.check()
    finally:
        pair.restore()
