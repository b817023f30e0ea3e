"""When the token is bought back, when not and why, how much, and what becomes of it."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from dao_bot.domain.errors import BadInput
from dao_bot.domain.units import WAD
from dao_bot.strategy import Burn, Decision, GasPrice, Swap, Transfer
from strategies.buyback_burn import BuybackBurn
from strategies.buyback_burn.budget import due_now, period_at
from strategies.buyback_burn.pools import depth
from strategies.buyback_burn.worth import NetAssets
from tests.unit.strategies.buyback_kit import (
    CUSTOMER,
    DAY,
    FOUNDATION,
    GOV,
    NOW,
    SAFE,
    STAKING,
    TOKENS,
    USDC,
    WALLETS,
    decide,
    every_day,
    ladder,
    observe,
    params,
    pool,
    series,
    spend,
    swaps_of,
    transfers_of,
)

WHOLE = 10**18


def swap_of(decision: Decision) -> Swap:
    swap = decision.operations[0]
    assert isinstance(swap, Swap)
    return swap


def evidence(decision: Decision, name: str) -> Any:
    return next(item.value for item in decision.evidence if item.name == name)


def refused(decision: Decision, *words: str) -> None:
    assert decision.operations == ()
    assert decision.reason.startswith("Nothing is bought: ")
    for word in words:
        assert word in decision.reason


def test_a_cheap_and_slow_token_is_bought_and_as_much_burned_as_surely_comes() -> None:
    decision = decide()
    swap, burn = decision.operations
    assert isinstance(swap, Swap)
    assert isinstance(burn, Burn)
    assert (swap.sell.token, swap.buy) == (USDC, GOV)
    assert burn.amount == GOV.amount(swap.least)
    assert 0 < swap.least <= swap.expected
    assert len(decision.summary) == 3
    assert "is no promise" in decision.summary[2]


def test_the_tokens_go_to_an_address_where_the_stewards_want_that() -> None:
    swap, sent = decide(params(then="send", to=CUSTOMER)).operations
    assert isinstance(swap, Swap)
    assert sent == Transfer(GOV.amount(swap.least), CUSTOMER)


def test_high_velocity_closes_the_gate_however_cheap_the_token_is() -> None:
    busy = transfers_of([(NOW - DAY, WALLETS[0], WALLETS[1], 25_000 * WHOLE)])
    refused(decide(transfers=busy, price=0.5, ladders=(ladder(0.5),), pools=(pool(0.5),)), "101 % of the free float")
    calm = transfers_of([(NOW - DAY, WALLETS[0], WALLETS[1], 24_000 * WHOLE)])
    assert decide(transfers=calm).operations


def test_low_velocity_alone_buys_nothing() -> None:
    refused(decide(price=1.81, transfers=transfers_of([])), "the token costs 1.8100 USD, and 1.8000 USD is bid")


def test_wash_trading_between_wallets_does_not_close_the_gate() -> None:
    rows = [(NOW - DAY - n, WALLETS[n % 2], WALLETS[1 - n % 2], 10**25) for n in range(200)]
    assert decide(transfers=transfers_of(rows)).operations


def test_without_a_free_float_the_gate_is_closed() -> None:
    refused(decide(held={FOUNDATION: 1_400_000 * WHOLE}), "the velocity of the token cannot be told")


def test_velocity_can_come_from_a_series() -> None:
    rules = {"pair": "GOV/USD", "window": "10d", "at_most": "100%"}
    slow = {"GOV/USD": series([1.0] * 10, DAY, 1_000.0)}
    fast = {"GOV/USD": series([1.0] * 10, DAY, 40_000.0)}
    assert decide(params(velocity=rules), history=slow).operations
    refused(decide(params(velocity=rules), history=fast), "of the free float changes hands")
    refused(decide(params(velocity=rules), history={"GOV/USD": series([1.0] * 9, DAY)}), "cannot be told")
    refused(decide(params(velocity=rules), history={}), "cannot be told")


def test_net_assets_leave_the_own_token_and_liabilities_out() -> None:
    assert evidence(decide(), "net assets for each circulating token") == 2.0
    owing = params(net_assets={"discount": "10%", "liabilities": "600000 USD"})
    refused(decide(owing), "net assets of 1.5000 USD")


def test_what_the_treasury_or_the_foundation_holds_does_not_circulate_and_what_is_staked_does() -> None:
    assert evidence(decide(), "circulating") == 1_000_000
    assert evidence(decide(), "free float") == 900_000
    assert evidence(decide(held={STAKING: 0}), "circulating") == 1_000_000
    assert evidence(decide(params(not_circulating=[FOUNDATION, SAFE])), "circulating") == 1_000_000


def test_tokens_that_were_lent_to_a_pool_for_a_block_still_circulate() -> None:
    """Half of what circulates moves into an address that does not circulate: net assets for each seem to double."""
    lent = 500_000 * WHOLE
    held = {FOUNDATION: 500_000 * WHOLE + lent}
    loan = transfers_of([(NOW - 60, WALLETS[0], FOUNDATION, lent)])
    told = decide(price=1.9, held=held, transfers=loan)
    assert evidence(told, "circulating") == 1_000_000
    refused(told, "is bid for net assets of 2.0000 USD")
    honest = transfers_of([(NOW - 11 * DAY, WALLETS[0], FOUNDATION, lent)])
    assert decide(price=1.9, held=held, transfers=honest).operations


def test_what_was_lent_and_came_back_or_was_minted_to_the_foundation_changes_nothing() -> None:
    moved = transfers_of(
        [
            (NOW - 300, WALLETS[0], FOUNDATION, 700 * WHOLE),
            (NOW - 200, FOUNDATION, WALLETS[0], 700 * WHOLE),
            (NOW - 100, "0x" + "00" * 20, FOUNDATION, 900 * WHOLE),
        ]
    )
    assert evidence(decide(transfers=moved), "circulating") == 1_000_000


def test_a_treasury_that_owes_more_than_it_has_is_no_reason_to_buy() -> None:
    refused(
        decide(params(net_assets={"discount": "10%", "liabilities": "3M USD"})),
        "what the token is worth cannot be told",
    )
    assert NetAssets(5, 5, 10**18, 18, ()).per_token == 0
    assert NetAssets(5 * WAD, 0, 0, 18, ()).per_token == 0


def test_a_moving_reference_is_the_median_that_a_spike_does_not_move() -> None:
    rules = params(net_assets=None, reference={"pair": "GOV/USD", "window": "10d", "interval": "1d", "below": "10%"})
    steady = {"GOV/USD": series([2.0] * 9 + [50.0], DAY)}
    assert evidence(decide(rules, history=steady), "reference") == 2.0
    assert decide(rules, history=steady).operations
    refused(decide(rules, history={"GOV/USD": series([1.6] * 10, DAY)}), "its median price of 1.6000 USD")
    refused(decide(rules, history={"GOV/USD": series([2.0] * 4, DAY)}), "cannot be told")


def test_no_more_is_paid_than_the_hard_maximum_and_the_bytes_say_so() -> None:
    swap = swap_of(decide(params(max_price="1.506 USD", slippage="50bps")))
    paid = swap.sell.units * 10**12 * WAD // swap.least
    assert paid <= 1_506 * WAD // 1000
    refused(decide(params(max_price="1.5045 USD")), "no amount is quoted at or below 1.5045 USD")
    refused(decide(params(max_price="1.49 USD")), "the token costs 1.5000 USD, and 1.4900 USD is bid")


def test_costs_beyond_their_limit_make_the_purchase_smaller() -> None:
    whole, small = (decide(params(share_of_depth="100%", max_cost=cost)) for cost in ("100bps", "40bps"))
    assert swap_of(small).sell.units < swap_of(whole).sell.units
    assert evidence(small, "decided the size") == "max_cost"
    refused(decide(params(max_cost="29bps")), "no amount is quoted")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pools": (pool(1.52),)}, "GOV/USDC pool now is 1.33 % from the USD prices"),
        ({"pools": (pool(1.5, twap=1.48),)}, "on average of 1800 s is 1.33 %"),
        ({"pools": (pool(1.5, problems=("no liquidity",)),)}, "has no usable price now: no liquidity"),
        ({"pools": ()}, "was not read"),
        ({"ladders": ()}, "no venue quotes GOV for USDC"),
        ({"gov_price_usable": False}, "GOV has no usable USD price"),
        ({"usdc_price": None}, "USDC has no usable USD price"),
    ],
)
def test_nothing_is_bought_against_a_pool_or_a_price_that_is_not_trusted(changes: dict[str, Any], words: str) -> None:
    refused(decide(**changes), words)


def test_the_runway_comes_before_any_bargain() -> None:
    cheap: dict[str, Any] = {"net_assets": {"discount": "0%"}}
    refused(decide(params(**cheap), usdc=599_999, price=0.1, ladders=(ladder(0.1),), pools=(pool(0.1),)), "are missing")
    near = decide(params(**cheap), usdc=600_300, price=0.1, ladders=(ladder(0.1),), pools=(pool(0.1),))
    assert swap_of(near).sell.units == 300 * 10**6
    assert evidence(near, "decided the size") == "runway"


def test_a_haircut_of_what_is_spent_makes_spending_it_cheaper_for_the_runway() -> None:
    half = {"monthly_burn": "50000 USD", "months": "12", "assets": {"USDC": "50%"}}
    settings = params(runway=half, net_assets={"discount": "0%"})
    decision = decide(settings, usdc=1_200_200, price=0.1, ladders=(ladder(0.1),), pools=(pool(0.1),))
    assert swap_of(decision).sell.units == 200 * 10**6


def test_no_more_than_a_share_of_the_usual_daily_volume_is_bought() -> None:
    quiet = decide(swaps=every_day(8_000 * WHOLE))
    assert swap_of(quiet).sell.units == 600 * 10**6
    assert evidence(quiet, "decided the size") == "share of daily volume"
    refused(decide(swaps=swaps_of([])), "0 GOV are traded on a usual day")


def test_one_busy_day_is_no_volume_nor_is_a_busy_past() -> None:
    burst = swaps_of([(NOW - 3_600, 10**27)])
    refused(decide(swaps=burst), "0 GOV are traded")
    past = swaps_of([(NOW - day * DAY - 3_600, 10**27) for day in range(6, 0, -1)])
    refused(decide(swaps=past), "0 GOV are traded")


def test_what_was_bought_in_the_last_day_counts_toward_the_volume() -> None:
    spent = (spend(500, NOW - 20 * 3_600),)
    after = decide(swaps=every_day(8_000 * WHOLE), spent=spent)
    assert swap_of(after).sell.units == 100 * 10**6


def test_volume_may_be_a_series_of_candles() -> None:
    rules = params(volume={"pairs": ["GOV/USD"]})
    known = {"GOV/USD": series([1.5] * 7, DAY, 8_000.0)}
    assert swap_of(decide(rules, history=known)).sell.units == 600 * 10**6
    gaps = {"GOV/USD": series([1.5] * 7, DAY, [float("nan")] * 7)}
    refused(decide(rules, history=gaps), "0 GOV are traded")


def test_the_depth_of_the_pool_limits_a_purchase() -> None:
    shallow = decide(params(max_cost="500bps"), ladders=(ladder(1.5, depth=200_000),))
    assert evidence(shallow, "decided the size") == "share of the pool's depth"
    assert swap_of(shallow).sell.units == 250 * 10**6


def test_depth_is_what_moves_the_price_by_the_band_as_far_as_quotes_tell() -> None:
    deep = ladder(1.5, depth=10**9)
    assert depth(deep, WAD // 50) == deep.rungs[-1].sell
    assert depth(ladder(1.5, depth=1_000_000), WAD // 50) == 10_000 * 10**6
    assert depth(ladder(1.5, depth=10_000), WAD // 50) == 500 * 10**6


def test_the_largest_amount_below_a_price_is_exact() -> None:
    quotes = ladder(1.5, depth=50_000)
    cap = 152 * WAD // 100
    found = quotes.largest_below(10**12, WAD, cap)
    assert quotes.price_paid(found, WAD) <= cap < quotes.price_paid(found + 1, WAD)


def test_a_purchase_waits_while_one_is_open_and_cools_down_after_one() -> None:
    refused(decide(spent=(spend(100, NOW - 60, open_=True),)), "an earlier proposal of this strategy is still open")
    cooling = decide(spent=(spend(100, NOW - 3_600),))
    refused(cooling, "the last purchase was 3600 s ago")
    assert cooling.wake_at == NOW + 3_600
    assert decide(spent=(spend(100, NOW - 7_200),)).operations


def test_the_bid_ends_with_its_budget() -> None:
    spent = (spend(8_000, NOW // DAY * DAY + 60),)
    ended = decide(spent=spent)
    refused(ended, "8,000.00 USD of this period's 8,000.00 USD are spent, and the bid has ended with it")
    assert ended.wake_at == NOW // DAY * DAY + DAY


def test_what_was_spent_in_the_period_before_does_not_count() -> None:
    assert decide(spent=(spend(8_000, NOW // DAY * DAY - 60),), swaps=every_day(10**25)).operations


def test_a_slice_that_is_spent_waits_for_the_next_one() -> None:
    start = NOW // DAY * DAY
    half = decide(params(slices="2"), spent=(spend(4_000, start),), now=start + 3 * 3_600, transfers=transfers_of([]))
    refused(half, "1 of 2 slices are due")
    assert half.wake_at is not None
    assert half.wake_at >= start + DAY // 2


def test_slices_fall_due_at_the_same_moments_for_every_run_and_others_in_every_period() -> None:
    start = NOW // DAY * DAY
    first, again = period_at(start, DAY, 8, "buyback"), period_at(start + DAY - 1, DAY, 8, "buyback")
    assert first == again
    assert list(first.moments) == sorted(first.moments)
    for number, moment in enumerate(first.moments):
        assert start + number * DAY // 8 <= moment < start + (number + 1) * DAY // 8
    other = period_at(start + DAY, DAY, 8, "buyback")
    assert [moment - start for moment in first.moments] != [moment - start - DAY for moment in other.moments]
    assert first.moments != period_at(start, DAY, 8, "another").moments


def test_what_is_due_never_passes_one_slice_nor_the_budget() -> None:
    assert due_now(1_000, 4, 1, 0) == 250
    assert due_now(1_000, 4, 4, 0) == 250
    assert due_now(1_000, 4, 2, 300) == 200
    assert due_now(1_000, 4, 4, 1_000) == 0
    assert due_now(1_000, 4, 1, 900) == 0


REVENUE = {
    "period": "1d",
    "share": "20%",
    "at_most": "5000 USD",
    "revenue": {"streams": {"revenue": "USDC"}, "payers": [CUSTOMER]},
}


@pytest.mark.parametrize(("paid", "budget"), [(10_000, 2_000), (100_000, 5_000), (0, 0)])
def test_a_share_of_the_revenue_of_the_day_before_is_the_budget(paid: int, budget: int) -> None:
    start = NOW // DAY * DAY
    rows = [
        (start - DAY - 1, CUSTOMER, SAFE, 77 * 10**6),
        (start - DAY, CUSTOMER, SAFE, paid * 10**6 // 2),
        (start - 1, CUSTOMER, SAFE, paid * 10**6 // 2),
        (start - 5, CUSTOMER, WALLETS[0], 99 * 10**6),
        (start - 4, WALLETS[0], SAFE, 55 * 10**6),
        (start, CUSTOMER, SAFE, 66 * 10**6),
    ]
    decision = decide(params(budget=REVENUE), revenue=transfers_of(rows))
    assert evidence(decision, "budget of this period") == budget
    if not budget:
        refused(decision, "this period has no budget")


def test_gas_that_costs_too_large_a_part_buys_nothing() -> None:
    refused(decide(gas=GasPrice(wei=100 * 10**9, native_usd=4_000 * WAD)), "gas of", "more than 2.0 %")
    untold = decide(gas=GasPrice(wei=10**9, native_usd=None))
    assert untold.operations
    assert "gas counted nothing" in str(evidence(untold, "gas"))


def test_a_purchase_that_is_not_worth_its_signatures_is_not_made() -> None:
    refused(decide(params(smallest="1001 USD")), "the limit `share of the pool's depth` leaves 1,000.00 USD")


def test_every_condition_that_fails_stands_in_the_evidence() -> None:
    decision = decide(price=3.0, ladders=(), swaps=swaps_of([]), usdc=700_000)
    names = {item.name for item in decision.evidence}
    assert {"does not hold: price", "does not hold: pools", "does not hold: volume"} <= names


def test_the_same_observation_gives_the_same_decision() -> None:
    assert decide() == decide()


def test_needs_name_each_stream_once_with_its_longest_window() -> None:
    settings = params(budget={**REVENUE, "revenue": {"streams": {"transfers": "GOV"}, "payers": [CUSTOMER]}})
    needs = BuybackBurn(settings).needs()
    events = [need for need in needs if need.kind == "events"]
    assert {(need.stream, need.window) for need in events} == {  # type: ignore[attr-defined]  # of this kind
        ("transfers", 10 * DAY),
        ("swaps", 7 * DAY),
    }
    assert len(set(needs)) == len(needs)


def test_a_token_that_is_not_configured_is_an_error() -> None:
    settings = params()
    seen = observe(settings)
    with pytest.raises(BadInput, match="not configured"):
        BuybackBurn(settings).decide(type(seen)(seen.run, seen.block, {"USDC": TOKENS["USDC"]}, seen.data))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"pay_with": "GOV"}, "is the token that is bought"),
        ({"then": "send"}, "goes with `then: send`"),
        ({"to": CUSTOMER}, "goes with `then: send`"),
        ({"net_assets": None}, "low velocity alone is no reason to buy"),
        ({"budget": {"amount": "1 USD", "share": "1%"}}, "either `amount` or `share`"),
        ({"budget": {"share": "1%"}}, "`share` and `revenue` go together"),
        ({"budget": {"amount": "0 USD"}}, "more than 0 USD"),
        ({"volume": {}}, "at least one stream"),
        ({"velocity": {"at_most": "1%"}}, "either `stream` or `pair`"),
        ({"velocity": {"at_most": "1%", "stream": "x", "window": "36h"}}, "whole days"),
        ({"quote_sizes": ["2 USD", "1 USD"]}, "must grow"),
        ({"runway": {"monthly_burn": "1 USD", "months": "1", "assets": {"GOV": "0%"}}}, "pays no bills"),
        ({"max_price": "0 USD"}, "more than 0 USD"),
        ({"slippage": "100%"}, "less than 100%"),
        ({"not_circulating": ["0x1"]}, "not_circulating"),
    ],
)
def test_parameters_that_make_no_sense_are_told(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as errors:
        params(**changes)
    assert words in str(errors.value)
