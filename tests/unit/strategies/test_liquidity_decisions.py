"""What the liquidity strategy decides: where it starts, when it moves, what it leaves alone, and that it says why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from pydantic import ValidationError

from dao_bot.domain.concentrated import Pair, amounts_of
from dao_bot.domain.positions import edges
from dao_bot.domain.units import WAD
from dao_bot.strategy import (
    CollectFees,
    Decision,
    DecreaseLiquidity,
    GasPrice,
    IncreaseLiquidity,
    Memory,
    MintPosition,
    PastAction,
    PoolState,
    Position,
    Spend,
)
from strategies.liquidity import Params, ledger
from strategies.liquidity.ledger import Ledger, Sample
from tests.unit.strategies.liquidity_kit import (
    DAY,
    NOW,
    OWN_USD,
    POOL,
    QUOTE,
    decide,
    fact,
    kinds,
    params,
    pool_at,
    position,
)

BOTH_ORDERS = pytest.mark.parametrize("first", [True, False], ids=["own is token0", "own is token1"])
RERANGE = ("decrease_liquidity", "collect_fees", "mint_position")


def minted(decision: Decision) -> MintPosition:
    operation = decision.operations[-1]
    assert isinstance(operation, MintPosition)
    return operation


def fees_seen(days: float, growth: Pair = (0, 0), liquidity: int = 10**24) -> Memory:
    """A memory that saw the pool's fee growth so long ago."""
    return ledger.write(Ledger(POOL, (Sample(NOW - int(days * DAY), growth, liquidity),)))


def busy(pool: PoolState, part: int = 20) -> PoolState:
    """The pool after fees of one `part`-th of a token of quote for each unit of liquidity, scaled."""
    return replace(pool, growth=((1 << 128) // part, (1 << 128) // part))


@BOTH_ORDERS
def test_without_quote_it_starts_with_the_own_token_alone_on_the_side_that_sells_it(first: bool) -> None:
    pool = pool_at(first=first)
    start = minted(decide(params(quote_budget="0 USD"), pool))
    own, quote = (start.deposit0, start.deposit1) if first else (start.deposit1, start.deposit0)
    assert own.units > 0
    assert quote.units == 0
    assert start.lower > pool.tick if first else start.upper <= pool.tick


@BOTH_ORDERS
def test_with_quote_it_starts_on_both_sides_and_offers_the_target_depth_on_each(first: bool) -> None:
    settings, pool = params(), pool_at(first=first)
    start = minted(decide(settings, pool))
    assert start.lower < pool.tick < start.upper
    held = position(pool, lower=start.lower - pool.tick // 60 * 60, upper=start.upper - pool.tick // 60 * 60)
    from dao_bot.domain.concentrated import liquidity_of

    bounds = edges(start.lower, start.upper)
    liquidity = liquidity_of(pool.sqrt_price, *bounds, (start.deposit0.units, start.deposit1.units))
    offered = decide(settings, pool, (replace(held, liquidity=liquidity),))
    for token in ("DAO", "WETH"):
        assert 20_000 <= fact(offered, f"depth in {token}") < 20_500


@pytest.mark.parametrize(("spot", "twap"), [(2, 0), (-2, 0), (0, 2), (0, -2), (1, -1)])
def test_nothing_is_done_while_the_prices_disagree(spot: int, twap: int) -> None:
    percent = WAD // 100
    pool = pool_at()
    for positions in ((), (position(pool),)):
        decision = decide(params(), pool, positions, spot_off=spot * percent, twap_off=twap * percent)
        assert decision.operations == ()
        assert "differ by" in decision.reason


def test_nothing_is_done_without_a_price() -> None:
    decision = decide(params(), pool_at(), own_usd=None)
    assert decision.operations == ()
    assert "no usable price" in decision.reason


def test_nothing_is_done_while_an_earlier_proposal_is_open() -> None:
    decision = decide(params(), pool_at(), actions=(PastAction(("mint_position",), NOW - 60, True),))
    assert decision.operations == ()
    assert "still open" in decision.reason


def test_nothing_is_done_when_positions_could_not_all_be_read() -> None:
    decision = decide(params(), pool_at(), problems=("the Safe has 900 positions, and only 500 of them were read",))
    assert decision.operations == ()
    assert "900" in decision.reason


def test_nothing_is_done_when_gas_cannot_be_weighed() -> None:
    decision = decide(params(), pool_at(), gas=GasPrice(10**9, None))
    assert decision.operations == ()
    assert "gas cannot be weighed" in decision.reason


def test_a_treasury_with_nothing_to_provide_says_so() -> None:
    decision = decide(params(), pool_at(), own=0, quote=0)
    assert decision.operations == ()
    assert "nothing to start with" in decision.reason


def away(pool: PoolState) -> Position:
    """Far below the price, so that it earns nothing."""
    return position(pool, lower=-9000, upper=-6000, liquidity=2 * 10**22)


def test_a_range_that_the_price_left_is_moved_when_the_pool_earns_enough() -> None:
    pool = busy(pool_at())
    decision = decide(params(), pool, (away(pool),), memory=fees_seen(2))
    assert kinds(decision) == RERANGE
    gain = fact(decision, "forward gain of the best") - fact(decision, "forward gain if it stays")
    assert gain >= 2 * fact(decision, "cost of moving")


def test_it_is_not_moved_when_fees_do_not_pay_for_the_loss_against_rebalancing() -> None:
    pool = pool_at()
    decision = decide(params(), pool, (away(pool),), memory=fees_seen(2))
    assert decision.operations == ()
    assert fact(decision, "forward gain of the best") < 0


def test_it_is_not_moved_before_fees_were_seen_for_long_enough() -> None:
    pool = busy(pool_at())
    decision = decide(params(), pool, (away(pool),), memory=fees_seen(0.9))
    assert decision.operations == ()
    assert "not seen for long enough" in decision.reason


def test_liquidity_that_somebody_lends_the_pool_for_a_block_makes_no_range_look_better() -> None:
    """Fees of a small pool, shared with nobody, would look enormous if they were taken to come to a large one."""
    pool = busy(pool_at(liquidity=10**19), part=2_000)
    honest = decide(params(), pool, (away(pool),), memory=fees_seen(2, liquidity=10**19))
    lent = decide(params(), replace(pool, liquidity=10**26), (away(pool),), memory=fees_seen(2, liquidity=10**19))
    assert honest.operations == lent.operations == ()
    assert fact(lent, "forward gain of the best") == fact(honest, "forward gain of the best")


def test_a_start_shows_position_holding_and_full_range_should_the_price_move() -> None:
    told = decide(params(), pool_at())
    assert kinds(told) == ("mint_position",)
    for words in ("if DAO falls by half", "if DAO doubles"):
        narrow, holding, full = (float(each.replace(",", "")) for each in fact(told, words).split(" / "))
        assert 0 < narrow < full < holding
    assert fact(told, "cost of a day of the target depth") > 0


def test_it_is_not_moved_when_gas_eats_the_gain() -> None:
    pool = busy(pool_at())
    decision = decide(params(), pool, (away(pool),), memory=fees_seen(2), gas=GasPrice(10**22, OWN_USD))
    assert decision.operations == ()
    assert "earn twice what it costs" in decision.reason


def test_moves_are_counted_from_the_record_and_capped_whatever_the_memory_says() -> None:
    pool = busy(pool_at())
    moves = [PastAction(RERANGE, NOW - DAY * day, False) for day in (3, 1)]
    other = PastAction(("collect_fees", "increase_liquidity"), NOW - 60, False)
    capped = decide(params(), pool, (away(pool),), memory=fees_seen(2), actions=[*moves, other])
    assert capped.operations == ()
    assert "may not be moved more often" in capped.reason
    assert kinds(decide(params(), pool, (away(pool),), memory=fees_seen(2), actions=[moves[0], other])) == RERANGE


def test_what_was_lost_until_now_plays_no_part() -> None:
    pool = busy(pool_at())
    decisions = []
    for entered in (OWN_USD, OWN_USD * 2 // 5):
        before = ledger.updated(Ledger(POOL), _market(pool_at(entered)), (away(pool),), NOW - 2 * DAY, DAY, 14 * DAY)
        memory = ledger.write(replace(before, samples=(Sample(NOW - 2 * DAY, (0, 0), 10**24),)))
        decisions.append(decide(params(), pool, (away(pool),), memory=memory))
    assert decisions[0].operations == decisions[1].operations != ()
    assert fact(decisions[0], "plain holding") != fact(decisions[1], "plain holding")


def _market(pool: PoolState):  # type: ignore[no-untyped-def]  # a helper of one test
    from strategies.liquidity.market import Market

    return Market(pool, pool.token0, (OWN_USD, 3_200 * WAD))


def test_depth_that_lacks_is_added_to_the_position_within_the_budgets() -> None:
    pool = pool_at()
    decision = decide(params(), pool, (position(pool, lower=-600, upper=600, liquidity=10**21),))
    (added,) = decision.operations
    assert isinstance(added, IncreaseLiquidity)
    assert min(added.expected) > 0
    without = decide(params(quote_budget="0 USD"), pool, (position(pool, lower=-600, upper=600, liquidity=10**21),))
    assert without.operations == ()


def test_liquidity_that_would_not_survive_a_fall_is_taken_out() -> None:
    pool = pool_at()
    held = position(pool, lower=-600, upper=600, liquidity=10**23)
    decision = decide(params(stress="80%", depth="10M USD"), pool, (held,), own=0, quote=0)
    removed, collected = decision.operations
    assert isinstance(removed, DecreaseLiquidity)
    assert isinstance(collected, CollectFees)
    assert 0 < removed.liquidity < held.liquidity
    assert "after a fall of 80 %" in decision.reason


def test_what_was_taken_out_for_a_fall_is_not_taken_out_again() -> None:
    """What left the position lies in the Safe, and counts there, whatever the budget."""
    pool, settings = pool_at(), params(depth="10M USD", quote_budget="0 USD")
    held = position(pool, lower=-600, upper=600, liquidity=10**23)
    removed, _ = decide(settings, pool, (held,), own=0, quote=0).operations
    assert isinstance(removed, DecreaseLiquidity)
    left = replace(held, liquidity=held.liquidity - removed.liquidity)
    again = decide(settings, pool, (left,), own=removed.released0.units, quote=removed.released1.units)
    assert again.operations == ()


def test_fees_are_put_back_when_they_are_worth_it() -> None:
    pool = pool_at()
    start = minted(decide(params(), pool))
    from dao_bot.domain.concentrated import liquidity_of

    bounds = edges(start.lower, start.upper)
    liquidity = liquidity_of(pool.sqrt_price, *bounds, (start.deposit0.units, start.deposit1.units))
    middle = pool.tick // 60 * 60
    held = position(pool, lower=start.lower - middle, upper=start.upper - middle, liquidity=liquidity)
    fees = amounts_of(liquidity // 50, pool.sqrt_price, *bounds)
    decision = decide(params(), pool, (replace(held, fees=fees),))
    assert kinds(decision) == ("collect_fees", "increase_liquidity")
    increase = decision.operations[1]
    assert isinstance(increase, IncreaseLiquidity)
    assert (increase.deposit0.units, increase.deposit1.units) == fees
    small = (fees[0] // 100, fees[1] // 100)
    assert decide(params(), pool, (replace(held, fees=small),)).operations == ()


def test_dust_that_somebody_sent_is_left_alone() -> None:
    pool = pool_at()
    dust = [position(pool, token_id=number, liquidity=10**12) for number in range(20)]
    assert kinds(decide(params(), pool, dust)) == ("mint_position",)


def test_a_small_position_that_somebody_sent_keeps_nobody_from_starting() -> None:
    pool = pool_at()
    gift = position(pool, lower=-9_000, upper=-6_000, liquidity=2 * 10**20)
    told = decide(params(smallest="100 USD"), pool, (gift,))
    assert kinds(told) == ("mint_position",)
    made = [PastAction(("mint_position",), NOW - 3_600, False)] * 2
    assert decide(params(smallest="100 USD"), pool, (gift,), actions=made).operations == ()


@pytest.mark.parametrize("width", [60, 120_000])
def test_nothing_is_added_to_a_range_that_nobody_would_choose(width: int) -> None:
    """A position that somebody sent, much narrower or wider than the best range, does not decide where money goes."""
    pool = pool_at()
    sent = position(pool, lower=-width, upper=width, liquidity=4 * 10**21 if width > 60 else 2 * 10**22)
    assert decide(params(band="1%"), pool, (sent,)).operations == ()


def test_a_fall_does_not_ask_for_the_quote_token_again_at_each_step_down() -> None:
    """All of the quote token became own tokens; what was put in within the period is used up."""
    pool = busy(pool_at())
    below = position(pool, lower=6_000, upper=9_000, liquidity=2 * 10**22)
    spent = [Spend(QUOTE, 30 * 10**18, 96_000 * WAD, NOW - 10 * DAY, False)]
    free, used = (
        minted(decide(params(quote_budget="100000 USD"), pool, (below,), memory=fees_seen(2), spent=each))
        for each in ((), spent)
    )
    assert free.deposit1.units > 10 * 10**18
    assert used.deposit1.units * 3_200 <= 4_001 * 10**18


def test_the_position_is_always_shown_against_holding_and_against_the_full_range() -> None:
    pool = pool_at()
    held = position(pool)
    first = decide(params(depth="1000 USD", band="90%"), pool, (held,))
    assert first.memory is not None
    later_pool = pool_at(OWN_USD * 6 // 5)
    later = decide(
        params(depth="1000 USD", band="90%"), later_pool, (held,), memory=first.memory, own_usd=OWN_USD * 6 // 5,
        now=NOW + DAY,
    )  # fmt: skip
    position_now, holding, full = (fact(later, name) for name in ("position with", "plain holding", "full range"))
    assert position_now < holding, "without fees a position loses against holding, whatever the price does"
    assert position_now < full < holding, "the narrower the range, the more"


def test_memory_of_another_pool_or_schema_is_not_believed() -> None:
    pool = busy(pool_at())
    for memory in (Memory(9, {"pool": POOL}), Memory(1, {"pool": "another", "samples": [[0, "0", "0"]]})):
        decision = decide(params(), pool, (away(pool),), memory=memory)
        assert decision.operations == ()


@pytest.mark.parametrize(
    "wrong",
    [
        {"own": "WETH"},
        {"tolerance": "2%"},
        {"depth": "0 USD"},
        {"stress": "100%"},
        {"volatility": "0%"},
        {"unknown": "1"},
    ],
)
def test_parameters_that_make_no_sense_are_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        params(**wrong)


def test_parameters_are_immutable() -> None:
    assert Params.model_config["frozen"] is True
