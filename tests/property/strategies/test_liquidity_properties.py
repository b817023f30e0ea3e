"""What holds of every decision on liquidity, whatever is seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dao_bot.domain.concentrated import amounts_of, liquidity_of
from dao_bot.domain.positions import edges
from dao_bot.domain.ticks import MAX_SQRT_RATIO, MIN_SQRT_RATIO
from dao_bot.domain.units import WAD
from dao_bot.strategy import CollectFees, DecreaseLiquidity, IncreaseLiquidity, MintPosition, Position
from strategies.liquidity import ledger
from strategies.liquidity.ledger import Ledger, Sample
from tests.examples import examples
from tests.unit.strategies.liquidity_kit import DAY, NOW, POOL, SPACING, decide, params, pool_at, position

UNITS = st.builds(int.__mul__, st.integers(1, 999), st.sampled_from([0, 10**17, 10**19, 10**21, 10**23]))


@st.composite
def scenes(draw: st.DrawFn) -> dict[str, Any]:
    growth = draw(st.integers(0, 99)) << draw(st.sampled_from([0, 112, 118, 122]))
    pool = pool_at(first=draw(st.booleans()), growth=(growth, growth))
    held = [
        position(
            pool,
            lower=draw(st.integers(-100, 20)) * SPACING,
            upper=draw(st.integers(21, 200)) * SPACING,
            liquidity=draw(st.integers(1, 999)) * draw(st.sampled_from([1, 10**17, 10**19, 10**21])),
            fees=(draw(st.integers(0, 999)) * 10**16, draw(st.integers(0, 999)) * 10**16),
            token_id=number,
        )
        for number in range(draw(st.integers(0, 3)))
    ]
    written = {
        "depth": f"{draw(st.integers(1, 99)) * draw(st.sampled_from([10, 1_000, 10_000]))} USD",
        "quote_budget": f"{draw(st.integers(0, 99)) * 10_000} USD",
        "own_budget": f"{draw(st.integers(0, 100))}%",
        "stress": f"{draw(st.integers(1, 95))}%",
        "volatility": f"{draw(st.integers(5, 300))}%",
    }
    memory = ledger.write(Ledger(POOL, (Sample(NOW - 2 * DAY, (0, 0), 10**24),)))
    return {"settings": params(**written), "pool": pool, "positions": held, "own": draw(UNITS), "quote": draw(UNITS),
            "memory": memory}  # fmt: skip


@settings(max_examples=examples(75), deadline=None)
@given(scenes())
def test_nothing_is_deposited_that_is_not_there_and_value_is_conserved(scene: dict[str, Any]) -> None:
    pool, by_id = scene["pool"], {each.token_id: each for each in scene["positions"]}
    left = [scene["own"], scene["quote"]] if pool.token0.symbol == "DAO" else [scene["quote"], scene["own"]]
    before = list(left)
    for operation in decide(**scene).operations:
        match operation:
            case DecreaseLiquidity():
                assert 0 < operation.liquidity <= by_id[operation.token_id].liquidity
            case CollectFees():
                left = [left[0] + operation.owed0.units, left[1] + operation.owed1.units]
            case MintPosition() | IncreaseLiquidity():
                deposits = (operation.deposit0.units, operation.deposit1.units)
                bounds = edges(operation.lower, operation.upper)
                assert operation.lower % SPACING == operation.upper % SPACING == 0
                assert all(want <= have for want, have in zip(deposits, left, strict=True))
                assert all(take <= want for take, want in zip(operation.expected, deposits, strict=True))
                inside = amounts_of(liquidity_of(pool.sqrt_price, *bounds, deposits), pool.sqrt_price, *bounds)
                assert all(0 <= paid - kept <= 1 for paid, kept in zip(operation.expected, inside, strict=True))
                left = [have - take for have, take in zip(left, operation.expected, strict=True)]
    assert before == left or min(left) >= 0


@settings(max_examples=examples(30), deadline=None)
@given(scenes(), st.integers(WAD // 100 + 10**12, WAD), st.booleans(), st.booleans())
def test_it_never_acts_when_prices_disagree(scene: dict[str, Any], off: int, spot: bool, up: bool) -> None:
    moved = off if up else -min(off, WAD * 9 // 10)
    decision = decide(**scene, spot_off=moved if spot else 0, twap_off=0 if spot else moved)
    assert decision.operations == ()


def _held_after(scene: dict[str, Any], operations: Sequence[Any]) -> tuple[list[Position], list[int]]:
    """The positions, and what lies in the Safe, once the operations are executed at the pool's price."""
    pool = scene["pool"]
    by_id = {each.token_id: each for each in scene["positions"]}
    free = [scene["own"], scene["quote"]] if pool.token0.symbol == "DAO" else [scene["quote"], scene["own"]]
    for operation in operations:
        match operation:
            case DecreaseLiquidity():
                held = by_id[operation.token_id]
                by_id[operation.token_id] = replace(held, liquidity=held.liquidity - operation.liquidity)
            case CollectFees():
                by_id[operation.token_id] = replace(by_id[operation.token_id], fees=(0, 0))
                free = [free[0] + operation.owed0.units, free[1] + operation.owed1.units]
            case MintPosition() | IncreaseLiquidity():
                deposits = (operation.deposit0.units, operation.deposit1.units)
                more = liquidity_of(pool.sqrt_price, *edges(operation.lower, operation.upper), deposits)
                token_id = getattr(operation, "token_id", 99)
                new = replace(
                    position(pool, token_id=token_id), lower=operation.lower, upper=operation.upper, liquidity=0
                )
                held = by_id.get(token_id, new)
                by_id[token_id] = replace(held, liquidity=held.liquidity + more)
                free = [have - take for have, take in zip(free, operation.expected, strict=True)]
    return list(by_id.values()), free


@settings(max_examples=examples(50), deadline=None)
@given(scenes(), st.sampled_from([20, 50, 80, 95]))
def test_what_it_puts_in_can_be_put_in_again_after_the_fall_that_is_stated(scene: dict[str, Any], fall: int) -> None:
    """Computed apart from the strategy: the own token falls, everything is taken out, and as many dollars of both
    tokens as stood in the new position before are there."""
    chosen = scene["settings"].model_copy(update={"stress": fall * WAD // 100})
    decision = decide(**scene | {"settings": chosen})
    puts = [each for each in decision.operations if isinstance(each, MintPosition)]
    if not puts:
        return
    pool, (put,) = scene["pool"], puts
    own = 0 if pool.token0.symbol == "DAO" else 1
    positions, free = _held_after(scene, decision.operations)
    left = (WAD - fall * WAD // 100) / WAD
    price = int(pool.sqrt_price * (left**0.5 if own == 0 else left**-0.5))
    price = min(max(price, MIN_SQRT_RATIO), MAX_SQRT_RATIO - 1)
    back = [each.principal(price) for each in positions if each.token_id == 99]
    there = [
        free[side]
        + sum(amounts[side] for amounts in back)
        + sum(each.principal(pool.sqrt_price)[side] + each.fees[side] for each in positions if each.token_id != 99)
        for side in (0, 1)
    ]
    for side in (0, 1):
        needed = put.expected[side] / (left if side == own else 1.0)
        assert there[side] >= needed * (1 - 1e-9) - 2, (side, there, needed)


@settings(max_examples=examples(20), deadline=None)
@given(scenes())
def test_a_decision_is_the_same_for_the_same_observation(scene: dict[str, Any]) -> None:
    assert decide(**scene) == decide(**scene)
