"""The loop: order, delay, minimum outputs, waiting batches, memory, failures, and times of their own."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import pytest

from dao_bot.backtest.backtest import Player
from dao_bot.backtest.market import StatedSupply
from dao_bot.backtest.result import Ending
from dao_bot.backtest.run import run
from dao_bot.backtest.words import trouble_rows
from dao_bot.cards.text import utc
from dao_bot.domain.errors import BadInput
from dao_bot.domain.needs import Need, Supply
from dao_bot.engine.schedule import Every
from dao_bot.strategy import Burn, Decision, Holdings, Memory, Observation, Prices, SpendHistory, Transfer
from tests.unit.backtest.kit import (
    BEGIN,
    DAI,
    DAY,
    EVERYTHING,
    FACTS,
    HOUR,
    MINUTE,
    NATIVE,
    USDC,
    USDT,
    Base,
    Seller,
    Witness,
    address,
    backtest,
    flat,
    market,
)


def fall(at_hour: float, price: float, hours: float = 36) -> np.ndarray[Any, Any]:
    """One dollar, then `price` from some hours after the beginning on."""
    found = flat(hours)
    found[int((24 + at_hour) * 60) :] = price
    return found


def test_a_strategy_runs_at_its_nominal_times_and_sees_that_moment() -> None:
    result = run(backtest(market(flat()), Base(), hours=3))
    assert [visit.at for visit in result.visits] == [BEGIN + hour * HOUR for hour in range(4)]
    assert {visit.ending for visit in result.visits} == {Ending.NOTHING}


def test_a_batch_is_executed_after_the_delay_at_the_prices_of_then() -> None:
    where = market(fall(0.5, 0.999))
    result = run(backtest(where, Seller(), hours=1, delay=45 * MINUTE))
    (deed,) = result.deeds
    assert deed.at == BEGIN + 45 * MINUTE
    assert deed.failure is None
    (fill,) = deed.fills
    assert fill.sold_usd == pytest.approx(9_990)


def test_a_batch_whose_minimum_is_no_longer_met_does_nothing_and_says_so() -> None:
    result = run(backtest(market(fall(0.5, 0.97)), Seller(), hours=1, delay=45 * MINUTE))
    (deed,) = result.deeds
    assert deed.failure is not None and "too little" in deed.failure
    assert deed.fills == () and deed.gas_usd == 0.0
    assert [row[1] for row in trouble_rows(result)] == ["batch not executed"]
    assert len(result.steps) == 1, "no balance changed"


def test_a_batch_whose_deadline_passed_is_not_executed() -> None:
    player = Player("seller", Seller(), Every(DAY), valid_for=600)
    result = run(backtest(market(flat()), player, hours=2, delay=HOUR))
    assert [deed.failure for deed in result.deeds] == ["Its deadline had passed."]


def test_what_still_waits_at_the_end_is_told() -> None:
    result = run(backtest(market(flat()), Seller(), hours=1, every=DAY, delay=2 * HOUR))
    assert result.deeds == () and len(result.open) == 1


def test_all_operations_of_a_batch_fail_together() -> None:
    class Greedy(Seller):
        def decide(self, seen: Observation) -> Decision:
            (swap,) = super().decide(seen).operations
            return Decision((swap, Transfer(DAI.amount(10**30), address("payee"))), "It wants both.")

    result = run(backtest(market(flat()), Greedy(), hours=0.5))
    assert [visit.ending for visit in result.visits] == [Ending.REFUSED]
    assert "does not hold" in result.visits[0].words
    assert len(result.steps) == 1 and result.deeds == ()


def test_strategies_run_one_after_another_and_the_second_sees_what_the_first_will_spend() -> None:
    result = run(backtest(market(flat()), Seller(400_000), Watcher(), hours=0.5, delay=HOUR))
    assert [visit.run.strategy for visit in result.visits] == ["seller-0", "watcher-1"]
    assert result.visits[1].words == "600000000000 of 400000000000 more, spends 0"


def test_a_strategy_sees_its_own_spending_first_as_open_and_then_as_done() -> None:
    class Once(Seller):
        def decide(self, seen: Observation) -> Decision:
            spent = seen[SpendHistory(DAY)]
            told = "; ".join(f"{each.token} {each.units} {each.open} {each.at - BEGIN}" for each in spent)
            return Decision.nothing(told) if spent else super().decide(seen)

    words = [v.words for v in run(backtest(market(flat()), Once(), hours=3, delay=90 * MINUTE)).visits]
    assert words[1:] == ["USDT 10000000000 True 0", "USDT 10000000000 False 5400", "USDT 10000000000 False 5400"]


class Watcher(Base):
    """Tells the holding of USDT."""

    name: ClassVar[str] = "watcher"

    def needs(self) -> tuple[Need[Any], ...]:
        return EVERYTHING

    def decide(self, seen: Observation) -> Decision:
        held, spent = seen[Holdings()][USDT], seen[SpendHistory(DAY)]
        return Decision.nothing(f"{held.available} of {held.committed} more, spends {len(spent)}")


def test_memory_goes_through_json_as_live() -> None:
    class Counter(Base):
        def decide(self, seen: Observation) -> Decision:
            before = seen.memory.value if seen.memory else {"count": 0, "big": 2**60, "pair": (1, 2)}
            count = before["count"]
            assert isinstance(count, int)
            memory = Memory(1, {**before, "count": count + 1})
            return Decision.nothing(f"{count} {before['big']!r} {before['pair']!r}", memory=memory)

    words = [visit.words for visit in run(backtest(market(flat()), Counter(), hours=2)).visits]
    assert words == ["0 1152921504606846976 (1, 2)", "1 '1152921504606846976' [1, 2]", "2 '1152921504606846976' [1, 2]"]


def test_a_strategy_that_asks_for_it_is_woken_before_its_next_regular_time() -> None:
    class Sleeper(Base):
        def decide(self, seen: Observation) -> Decision:
            regular = seen.run.nominal % HOUR == 0
            return Decision.nothing("Later.", wake_at=seen.block.timestamp + 600 if regular else None)

    visits = run(backtest(market(flat()), Sleeper(), hours=1.5)).visits
    assert [visit.at - BEGIN for visit in visits] == [0, 600, 3_600, 4_200]


def test_a_wake_up_after_the_next_regular_time_is_none() -> None:
    class LateSleeper(Base):
        def decide(self, seen: Observation) -> Decision:
            return Decision.nothing("Later.", wake_at=seen.block.timestamp + HOUR + 1)

    assert [v.at - BEGIN for v in run(backtest(market(flat()), LateSleeper(), hours=2)).visits] == [0, 3_600, 7_200]


def test_failures_in_a_row_pause_a_strategy_and_not_the_others() -> None:
    class Broken(Base):
        name: ClassVar[str] = "broken"

        def decide(self, seen: Observation) -> Decision:
            raise ZeroDivisionError("oh")

    result = run(backtest(market(flat()), Broken(), Base(), hours=5))
    visits = result.visits
    mine = [visit for visit in visits if visit.run.strategy == "broken-0"]
    assert [visit.ending for visit in mine] == [Ending.FAILED] * 3 + [Ending.PAUSED]
    assert "ZeroDivisionError: oh" in mine[0].words
    assert sum(visit.run.strategy == "test-1" for visit in visits) == 6
    failed, paused = trouble_rows(result)
    assert failed[:3] == ("broken-0", "run failed x 3", utc(BEGIN)) and "ZeroDivisionError: oh" in failed[3]
    assert paused[:2] == ("broken-0", "run paused")


def test_what_is_no_decision_is_a_failure() -> None:
    class Mute(Base):
        def decide(self, seen: Observation) -> Decision:
            return None  # type: ignore[return-value]  # that is the point

    assert "no decision" in run(backtest(market(flat()), Mute(), hours=0.5)).visits[0].words


def test_a_need_that_nothing_answers_is_refused_before_anything_runs() -> None:
    class Strange(Need[int]):
        kind: ClassVar[str] = "strange"

    class Asker(Base):
        def needs(self) -> tuple[Need[Any], ...]:
            return (Strange(),)

    with pytest.raises(BadInput, match="cannot show"):
        run(backtest(market(flat()), Asker()))


def test_a_single_asset_without_pools_is_only_watched() -> None:
    result = run(backtest(market(flat(), pools=()), Seller(), held={USDT: 1e6}, hours=2))
    assert {visit.words for visit in result.visits} == {"It has nothing left to sell."}


@pytest.mark.parametrize("begin", [BEGIN - 2 * DAY, BEGIN + 30 * DAY])
def test_a_time_without_history_is_refused(begin: int) -> None:
    test = backtest(market(flat()), Base())
    with pytest.raises(BadInput, match="does not reach"):
        type(test)(test.market, FACTS, test.players, test.start, begin, begin + HOUR)


def test_an_end_before_the_beginning_and_two_of_one_name_are_refused() -> None:
    where = market(flat())
    with pytest.raises(BadInput, match="must end after it begins"):
        backtest(where, Base(), hours=0)
    twins = [Player("twin", Base(), Every(HOUR)) for _ in range(2)]
    with pytest.raises(BadInput, match="one name"):
        backtest(where, *twins)


def test_gas_is_counted_and_not_taken_from_the_treasury() -> None:
    result = run(backtest(market(flat(), gas_price=20 * 10**9), Seller(), hours=0.5, held={USDC: 0, USDT: 1e6}))
    (deed,) = result.deeds
    assert deed.gas_usd == pytest.approx((150_000 + 120_000 + 110_000) * 20e-9 * 2_000)
    assert result.steps[-1].gas_usd == deed.gas_usd
    assert result.steps[-1].units[result.tokens.index(NATIVE)] == 0


def test_a_burn_takes_from_the_supply_and_a_payment_does_not() -> None:
    class Burner(Base):
        def needs(self) -> tuple[Need[Any], ...]:
            return (Holdings(), Prices(), Supply("USDT"))

        def decide(self, seen: Observation) -> Decision:
            seen_supply = seen[Supply("USDT")]
            operations = (Burn(USDT.amount(10**6)), Transfer(USDT.amount(2 * 10**6), address("payee")))
            return Decision(operations, f"{seen_supply.total} {seen_supply.held[FACTS.safe]}")

    result = run(backtest(market(flat(), supply={USDT: StatedSupply(10**13)}), Burner(), hours=1))
    assert [visit.words for visit in result.visits] == [
        "10000000000000 1000000000000",
        "9999999000000 999997000000",
    ]
    assert result.steps[-1].paid_usd == pytest.approx(6.0)


def test_what_nobody_knows_of_a_supply_is_refused_as_a_failure() -> None:
    class Asker(Base):
        def needs(self) -> tuple[Need[Any], ...]:
            return (Supply("USDT", (address("stranger"),)),)

    where = market(flat(), supply={USDT: StatedSupply(10**13)})
    assert "does not know the supply" in run(backtest(where, Asker(), hours=0.5)).visits[0].words


def test_two_runs_of_one_backtest_are_the_same_to_the_bit() -> None:
    random = np.random.default_rng(3)
    where = market(1.0 + 0.001 * random.standard_normal(36 * 60))
    first, second = (run(backtest(where, Seller(), Witness(), hours=5, delay=600)) for _ in range(2))
    assert (first.visits, first.deeds, first.steps) == (second.visits, second.deeds, second.steps)


def test_a_ladder_ends_at_the_whole_holding() -> None:
    class Looker(Base):
        def needs(self) -> tuple[Need[Any], ...]:
            return EVERYTHING

        def decide(self, seen: Observation) -> Decision:
            ladders = next(value for need, value in seen.data.items() if need.kind == "swap_ladders")
            return Decision.nothing(str(sorted((str(each.sell), each.rungs[-1].sell) for each in ladders)))

    result = run(backtest(market(flat()), Looker(), held={USDT: 5_000.5}, hours=0.5))
    assert result.visits[0].words == "[('USDT', 5000500000), ('USDT', 5000500000)]"
