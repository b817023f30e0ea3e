"""Own liquidity in a backtest: made, enlarged, taken out and paid out as the contracts do it, with its fees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import pytest

from dao_bot.backtest.export import marks_table, positions_table
from dao_bot.backtest.measures import mark, measure
from dao_bot.backtest.result import Ending, Result
from dao_bot.backtest.run import run
from dao_bot.domain.concentrated import Pair, taken
from dao_bot.domain.positions import edges
from dao_bot.protocols.uniswap_v3.paths import VENUE
from dao_bot.strategy import (
    ActionHistory,
    CollectFees,
    Decision,
    DecreaseLiquidity,
    Holdings,
    IncreaseLiquidity,
    MintPosition,
    Need,
    Observation,
    Operation,
    PoolPositions,
    Positions,
    Prices,
)
from tests.unit.backtest.kit import BEGIN, DAY, HOUR, USDC, USDT, Base, backtest, flat, market

Act = Callable[["Hand", PoolPositions], tuple[Operation, ...]]
SEEN = Positions(("USDC", "USDT"))
DEPOSIT = 100_000 * 10**6


class Hand(Base):
    """Does one thing after another, one in each run."""

    name: ClassVar[str] = "hand"

    def __init__(self, *acts: Act) -> None:
        super().__init__()
        self.acts, self.seen = acts, list[PoolPositions]()
        self.actions: list[Any] = []

    def needs(self) -> tuple[Need[Any], ...]:
        return (Holdings(), Prices(), SEEN, ActionHistory(DAY))

    def decide(self, seen: Observation) -> Decision:
        (found,) = seen[SEEN]
        self.seen.append(found)
        self.actions.append(seen[ActionHistory(DAY)])
        number = len(self.seen) - 1
        operations = self.acts[number](self, found) if number < len(self.acts) else ()
        return Decision(operations, "It acts.") if operations else Decision.nothing("It rests.")


def mint(half: int = 50, deposits: Pair = (DEPOSIT, DEPOSIT)) -> Act:
    def act(hand: Hand, found: PoolPositions) -> tuple[Operation, ...]:
        pool = found.pool
        lower, upper = pool.tick - half, pool.tick + half
        expected = taken(deposits, pool.sqrt_price, edges(lower, upper))
        amounts = (pool.token0.amount(deposits[0]), pool.token1.amount(deposits[1]))
        return (MintPosition(VENUE, pool.fee, lower, upper, *amounts, expected),)

    return act


def increase(hand: Hand, found: PoolPositions) -> tuple[Operation, ...]:
    (position,), pool = found.positions, found.pool
    expected = taken((DEPOSIT, DEPOSIT), pool.sqrt_price, edges(position.lower, position.upper))
    amounts = (pool.token0.amount(DEPOSIT), pool.token1.amount(DEPOSIT))
    return (IncreaseLiquidity(VENUE, position.token_id, position.lower, position.upper, *amounts, expected),)


def leave(hand: Hand, found: PoolPositions) -> tuple[Operation, ...]:
    (position,), pool = found.positions, found.pool
    tokens, released = (pool.token0, pool.token1), position.principal(pool.sqrt_price)
    amounts = (tokens[0].amount(released[0]), tokens[1].amount(released[1]))
    owed = [token.amount(units + fee) for token, units, fee in zip(tokens, released, position.fees, strict=True)]
    take = DecreaseLiquidity(VENUE, position.token_id, position.lower, position.upper, position.liquidity, *amounts)
    return (take, CollectFees(VENUE, position.token_id, owed[0], owed[1]))


def rest(hand: Hand, found: PoolPositions) -> tuple[Operation, ...]:
    return ()


def play(*acts: Act, usdt: Any = None, volume: float = 50e6, **more: Any) -> tuple[Result, Hand]:
    hand = Hand(*acts)
    close = flat(60) if usdt is None else usdt
    return run(backtest(market(close, volume=volume, gas_price=0), hand, **more)), hand


def held(result: Result) -> dict[Any, int]:
    return dict(zip(result.tokens, result.steps[-1].units, strict=True))


def test_a_position_is_made_seen_and_valued_and_fees_are_its_share_of_what_is_paid() -> None:
    result, hand = play(mint(), hours=24)
    assert [len(each.positions) for each in hand.seen[:2]] == [0, 1]
    before, after = hand.seen[0].pool, hand.seen[1].pool
    (position,) = hand.seen[1].positions
    assert after.liquidity == before.liquidity + position.liquidity
    share = position.liquidity / after.liquidity
    measures = measure(result, mark(result))
    seconds = result.backtest.end - result.backtest.begin
    assert measures.earned == pytest.approx(50e6 * 1e-4 * share * seconds / DAY, rel=1e-3)
    assert measures.provided == pytest.approx(2e5 + measures.earned, rel=1e-6)
    assert measures.final_value == pytest.approx(2e6 + measures.earned, abs=0.01)
    assert measures.cost == 0.0 and measures.turnover == 0.0


def test_what_comes_back_is_what_went_in_and_its_fees_to_the_unit() -> None:
    result, _ = play(mint(), rest, leave, hours=6)
    paid = {amount.token: amount.units for change in result.deeds[0].changes for amount in change.paid}
    received = {amount.token: amount.units for change in result.deeds[1].changes for amount in change.received}
    fees = {fee.token: fee.units for change in result.deeds[1].changes for fee in change.fees}
    for token in (USDC, USDT):
        assert held(result)[token] == 10**12 - paid[token] + received[token]
        assert fees[token] > 0
        assert 0 <= paid[token] + fees[token] - received[token] <= 2
    marks = mark(result)
    assert not marks.inside[-1].any()
    assert marks.value[-1] > marks.value[0]


def test_more_is_added_to_a_position_and_its_fees_stay_owed() -> None:
    result, hand = play(mint(), increase, rest, hours=4)
    first, second = hand.seen[1].positions[0], hand.seen[2].positions[0]
    assert second.token_id == first.token_id
    assert second.liquidity == pytest.approx(2 * first.liquidity, rel=1e-6)
    assert min(second.fees) > 0
    assert sum(change.kind == "increase_liquidity" for deed in result.deeds for change in deed.changes) == 1


def test_outside_of_its_range_a_position_earns_nothing_and_is_one_token() -> None:
    close = flat(60)
    close[25 * 60 :] = 0.99
    result, hand = play(mint(half=10), rest, rest, rest, usdt=close, hours=4)
    position, pool = hand.seen[3].positions[0], hand.seen[3].pool
    assert not position.is_in_range(pool.tick)
    principal = dict(zip((pool.token0, pool.token1), position.principal(pool.sqrt_price), strict=True))
    assert principal[USDC] == 0 and principal[USDT] > 1.99 * DEPOSIT
    assert hand.seen[4].positions[0].fees == position.fees


def test_minimums_hold_at_execution() -> None:
    close = flat(60)
    close[24 * 60 + 30 :] = 0.99
    result, _ = play(mint(), usdt=close, hours=3, delay=HOUR)
    (deed,) = result.deeds
    assert deed.failure is not None and "takes less of the deposit" in deed.failure
    assert held(result)[USDC] == 10**12 and not result.provided


def test_what_a_failed_batch_would_have_made_is_not_there() -> None:
    def twice(hand: Hand, found: PoolPositions) -> tuple[Operation, ...]:
        return (*mint()(hand, found), *mint(deposits=(10**13, 10**13))(hand, found))

    result, hand = play(twice, mint(), rest, hours=4)
    assert result.visits[0].ending is Ending.REFUSED and "does not hold" in result.visits[0].words
    assert [position.token_id for position in hand.seen[2].positions] == [1]


def test_deposits_of_open_batches_are_held_back_and_actions_are_remembered() -> None:
    class Careful(Hand):
        def decide(self, seen: Observation) -> Decision:
            self.free = getattr(self, "free", []) + [seen[Holdings()][USDC].available]
            return super().decide(seen)

    hand = Careful(mint(), rest, rest, rest)
    result = run(backtest(market(flat(60), volume=1e6), hand, hours=4, delay=90 * 60))
    assert hand.free[:3] == [10**12, 10**12 - DEPOSIT, held(result)[USDC]]
    assert [[(each.kinds, each.open) for each in seen] for seen in hand.actions[:3]] == [
        [],
        [(("mint_position",), True)],
        [(("mint_position",), False)],
    ]


def test_a_pool_of_which_no_trades_are_known_is_no_pool_to_provide_to() -> None:
    result = run(backtest(market(flat(60)), Hand(mint()), hours=2))
    assert result.visits[0].ending is Ending.FAILED
    assert "does not know what is traded" in result.visits[0].words and "trading" in result.visits[0].words


def test_unknown_positions_and_ranges_are_refused() -> None:
    def others(hand: Hand, found: PoolPositions) -> tuple[Operation, ...]:
        return (CollectFees(VENUE, 7, found.pool.token0.amount(0), found.pool.token1.amount(0)),)

    def crooked(hand: Hand, found: PoolPositions) -> tuple[Operation, ...]:
        pool = found.pool
        amounts = (pool.token0.amount(DEPOSIT), pool.token1.amount(DEPOSIT))
        return (MintPosition(VENUE, pool.fee, 10, -10, *amounts, (DEPOSIT, DEPOSIT)),)

    result, _ = play(others, crooked, hours=2)
    assert "no such position" in result.visits[0].words
    assert result.visits[1].ending in (Ending.REFUSED, Ending.FAILED)


def test_the_run_is_told_in_tables() -> None:
    result, _ = play(mint(), leave, hours=3)
    rows = positions_table(result).to_pylist()
    assert [row["kind"] for row in rows] == ["mint_position"] * 2 + ["collect_fees"] * 2
    assert all(int(row["units"]) < 0 for row in rows[:2]) and all(int(row["units"]) > 0 for row in rows[2:])
    marks = marks_table(mark(result)).to_pylist()
    assert any(row["in positions USDC"] > 0 for row in marks)


def test_marks_follow_the_price_inside_a_position_between_the_runs() -> None:
    close = flat(60)
    close[24 * 60 + 90 :] = 0.998
    result, _ = play(mint(), usdt=close, hours=3)
    marks = mark(result)
    row = int(np.searchsorted(marks.time, BEGIN + 2 * HOUR))
    column = marks.tokens.index(USDT)
    assert marks.inside[row, column] > marks.inside[5, column]
    assert marks.value[row] < marks.hold[row] + measure(result, marks).earned


def test_a_run_with_positions_comes_out_the_same_twice() -> None:
    def once() -> Result:
        return play(mint(), increase, leave, hours=6)[0]

    one, other = once(), once()
    assert (one.steps, one.deeds, one.provided) == (other.steps, other.deeds, other.provided)
