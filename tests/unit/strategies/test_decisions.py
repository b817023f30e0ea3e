"""What the strategy decides, and what it says about it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from dao_bot.domain.errors import BadInput
from dao_bot.domain.units import WAD
from dao_bot.strategy import Decision, GasPrice, Ladder, PoolPrice, Rung, Spend
from strategies.reserve_rebalance import ReserveRebalance
from tests.unit.strategies.kit import (
    BASE,
    NOW,
    after,
    bought,
    decide,
    ladder,
    observe,
    params,
    sold,
    swaps,
    token,
)

BALANCED = {"USDC": 380e3, "USDT": 250e3, "DAI": 300e3, "aUSDC": 70e3}
SKEWED = {"USDC": 900e3, "USDT": 50e3, "DAI": 50e3}
ONE_BATCH = {"max_tranches": "1"}


def evidence(decision: Decision, name: str) -> Any:
    return next(item.value for item in decision.evidence if item.name == name)


def test_holdings_over_a_cap_are_brought_under_it_and_the_cap_has_a_price() -> None:
    settings = params(**ONE_BATCH)
    seen = observe(settings, SKEWED)
    decision = ReserveRebalance(settings).decide(seen)
    left = after(seen, decision)
    circle = left["USDC"] / 1e6 + left["aUSDC"] / 1e6 + 0.35 * left["DAI"] / 1e18
    total = circle + left["USDT"] / 1e6 + 0.65 * left["DAI"] / 1e18
    assert circle / total <= 0.6 + 1e-8
    assert "issuer cap Circle" in decision.reason
    assert [item.name for item in decision.binding if item.shadow_price > 0] == ["issuer cap Circle (60.00 %)"]


def test_the_decision_says_cost_benefit_and_what_holding_would_have_meant() -> None:
    decision = decide(params(**ONE_BATCH), SKEWED)
    assert evidence(decision, "CVaR if held") > evidence(decision, "CVaR after")
    assert evidence(decision, "runway if held") == pytest.approx(1e6 / 60e3, abs=0.01)
    assert evidence(decision, "cost") > 0 and evidence(decision, "gas") > 0
    assert len(decision.summary) == 3


def test_inside_the_band_nothing_is_done_and_the_reason_says_so() -> None:
    decision = decide(params(no_trade_band="30%"), BALANCED)
    assert not decision.operations
    assert "no-trade band is 30.00 %" in decision.reason


def test_a_trade_that_costs_more_than_it_is_worth_is_not_made() -> None:
    dear = GasPrice(wei=10**14, native_usd=2_000 * WAD)
    decision = decide(params(no_trade_band="0%", minimum_trade="0 USD"), BALANCED, gas=dear)
    assert not decision.operations and "nothing to do" in decision.reason


def test_every_swap_is_at_least_the_minimum_trade() -> None:
    settings = params(minimum_trade="40000 USD", no_trade_band="0%")
    for held in (SKEWED, BALANCED, {"USDC": 200e3, "USDT": 500e3, "DAI": 300e3}):
        for swap in swaps(decide(settings, held)):
            assert swap.sell.units / 10**swap.sell.token.decimals >= 40_000 - 1


def test_turnover_is_kept_and_named_when_it_stops_a_repair() -> None:
    settings = params(turnover="5%", **ONE_BATCH)
    decision = decide(settings, SKEWED)
    assert sum(s.sell.units / 10**s.sell.token.decimals for s in swaps(decision)) <= 50_000
    assert "turnover" in decision.reason and "issuer cap Circle (60.00 %)" in decision.reason
    assert "as near to its limits" in decision.reason


def test_caps_that_no_portfolio_can_satisfy_are_named_and_nothing_is_done() -> None:
    tight = {name: issuer | {"cap": "20%"} for name, issuer in BASE["issuers"].items()}
    decision = decide(params(issuers=tight), SKEWED)
    assert not decision.operations
    assert {item.value for item in decision.evidence if item.name == "conflict"} == {
        "issuer cap Circle (20.00 %)",
        "issuer cap Tether (20.00 %)",
    }


def test_a_short_runway_overrides_turnover_band_minimum_trade_and_caps() -> None:
    """Half of the reserve is held in what counts half; only USDC, which is capped, can be bought for it."""
    assets = BASE["assets"] | {"WETH": {"peg": "none", "backing": {"Ether": "100%"}, "haircut": "50%"}}
    issuers = BASE["issuers"] | {
        "Ether": {"hazard": "20%", "loss": "50%"},
        "Circle": BASE["issuers"]["Circle"] | {"cap": "55%"},
    }
    settings = params(
        assets=assets,
        issuers=issuers,
        runway_months="15",
        turnover="1%",
        minimum_trade="500000 USD",
        max_cost="5%",
    )
    held = {"USDC": 500e3, "WETH": 250}
    seen = observe(settings, held, usd={"WETH": 2_000.0}, pairs=[("WETH", "USDC"), ("USDC", "WETH")])
    decision = ReserveRebalance(settings).decide(seen)
    left = after(seen, decision)
    retained = left["USDC"] / 1e6 + 0.5 * left["WETH"] * 2_000 / 1e18
    assert 15 * 60_000 <= retained <= 15 * 60_000 * 1.001
    assert decision.urgent
    assert "overrides everything else" in decision.reason and "issuer cap Circle (55.00 %)" in decision.reason


def test_a_runway_that_no_trade_can_restore_is_said_and_limits_are_still_served() -> None:
    decision = decide(params(runway_months="30", **ONE_BATCH), SKEWED)
    assert "runway is below its floor and no trade can lengthen it" in decision.reason
    assert "USDC" in sold(decision)


def test_own_tokens_and_commitments_do_not_count_toward_runway() -> None:
    owed = params(commitments="100000 USD")
    decision = decide(owed, BALANCED | {"GOV": 10e6}, usd={"GOV": 5.0})
    assert evidence(decision, "runway if held") == pytest.approx((1e6 - 70e3 * 0.03 - 100e3) / 60e3, abs=0.01)
    assert evidence(decision, "reserve") == pytest.approx(1e6, abs=1)
    assert "GOV" not in sold(decision) | bought(decision)


def test_what_fell_is_sold_at_once_whole_and_urgently() -> None:
    held = {"USDC": 300e3, "USDT": 150e3, "DAI": 350e3}
    decision = decide(params(turnover="1%"), held, usd={"USDT": 0.98}, spent=_spent(open_=True))
    assert decision.urgent and "Emergency exit: USDT" in decision.reason
    assert sum(s.sell.units for s in swaps(decision) if s.sell.token.symbol == "USDT") >= 149_000 * 10**6


def test_an_exit_sells_no_more_in_one_run_than_the_stated_value_and_says_that_this_binds() -> None:
    held = {"USDC": 300e3, "USDT": 150e3, "DAI": 350e3}
    decision = decide(params(turnover="1%", most_sold="100000 USD"), held, usd={"USDT": 0.98})
    total = sum(s.sell.units for s in swaps(decision) if s.sell.token.symbol == "USDT")
    assert decision.urgent and sold(decision) == {"USDT"}
    assert 99_900 * 10**6 <= total * 98 // 100 <= 100_000 * 10**6
    assert "most sold" in {each.name for each in decision.binding}


WINDOW = {"turnover": "1%", "most_sold": "100000 USD", "sold_window": {"most": "160000 USD", "window": "1d"}}


def _sale(usd: int, before: int, *, open_: bool = False) -> Spend:
    return Spend(token("USDT"), usd * 10**6, usd * WAD, NOW - before, open_)


@pytest.mark.parametrize(
    ("spent", "most"),
    [
        ((), 100_000),
        ((_sale(100_000, 7_200),), 60_000),
        ((_sale(100_000, 7_200), _sale(20_000, 60, open_=True)), 40_000),
        ((_sale(100_000, 86_399),), 60_000),
        ((_sale(100_000, 86_400),), 100_000),
        ((_sale(100_000, 90_000, open_=True),), 60_000),
    ],
    ids=["nothing sold", "sold", "and proposed", "still in the window", "just left it", "old and open"],
)
def test_what_was_sold_within_the_window_makes_an_exit_smaller(spent: tuple[Spend, ...], most: int) -> None:
    held = {"USDC": 300e3, "USDT": 150e3, "DAI": 350e3}
    decision = decide(params(**WINDOW), held, usd={"USDT": 0.98}, spent=spent)
    total = sum(s.sell.units for s in swaps(decision) if s.sell.token.symbol == "USDT")
    assert decision.urgent and sold(decision) == {"USDT"}
    assert (most - 100) * 10**6 <= total * 98 // 100 <= most * 10**6
    assert "most sold" in {each.name for each in decision.binding}


def test_a_window_that_is_used_up_is_waited_for_and_said() -> None:
    held = {"USDC": 300e3, "USDT": 150e3, "DAI": 350e3}
    spent = (_sale(60_000, 3_600), _sale(99_500, 7_200))
    decision = decide(params(**WINDOW), held, usd={"USDT": 0.98}, spent=spent)
    assert not decision.operations and "500.00 USD is left" in decision.reason
    assert decision.wake_at == NOW - 7_200 + 86_400
    waiting = decide(params(**WINDOW), held, usd={"USDT": 0.98}, spent=(_sale(160_000, 60, open_=True),))
    assert not waiting.operations and waiting.wake_at is None, "an open proposal ends at no known time"


@pytest.mark.parametrize("price", [0.98, 1.0])
def test_what_is_to_be_kept_is_never_sold(price: float) -> None:
    held = {"USDC": 500e3, "USDT": 150e3, "DAI": 150e3}
    assets = BASE["assets"] | {"USDT": BASE["assets"]["USDT"] | {"keep": "60000 USD"}}
    issuers = BASE["issuers"] | {"Tether": BASE["issuers"]["Tether"] | {"cap": "1%"}}
    decision = decide(
        params(assets=assets, issuers=issuers, turnover="100%", max_tranches="1"), held, usd={"USDT": price}
    )
    left = 150_000 * 10**6 - sum(s.sell.units for s in swaps(decision) if s.sell.token.symbol == "USDT")
    assert sold(decision) >= {"USDT"}
    assert 60_000 * 10**6 <= left * price <= 65_000 * 10**6


def test_what_fell_too_far_is_not_sold_beyond_the_stated_loss() -> None:
    held = {"USDC": 300e3, "USDT": 150e3, "DAI": 350e3}
    decision = decide(params(), held, usd={"USDT": 0.94})
    assert "USDT" not in sold(decision) | bought(decision)


def test_an_open_proposal_or_a_recent_trade_is_waited_for() -> None:
    assert "still open" in decide(params(), SKEWED, spent=_spent(open_=True)).reason
    recent = decide(params(), SKEWED, spent=_spent(open_=False))
    assert "pools recover" in recent.reason and recent.wake_at == NOW - 60 + 3_600
    old = decide(params(), SKEWED, spent=(replace(_spent(open_=False)[0], at=NOW - 3_600),))
    assert old.operations


def _spent(*, open_: bool) -> tuple[Spend, ...]:
    return (Spend(token("USDC"), 10**9, 10**21, NOW - 60, open_),)


def test_a_large_trade_goes_in_tranches_and_asks_to_be_woken() -> None:
    whole, first = decide(params(**ONE_BATCH), SKEWED), decide(params(), SKEWED)
    parts = evidence(first, "tranches")
    assert parts > 1 and first.wake_at == NOW + 3_600
    assert first.operations and whole.wake_at is None
    assert sum(s.sell.units for s in swaps(first) if s.sell.token.symbol == "USDC") == pytest.approx(
        sum(s.sell.units for s in swaps(whole) if s.sell.token.symbol == "USDC") / parts, rel=1e-6
    )


def test_dear_gas_makes_fewer_tranches() -> None:
    cheap, dear = (
        evidence(decide(params(max_tranches="50"), SKEWED, gas=GasPrice(wei * 10**9, 2_000 * WAD)), "tranches")
        for wei in (1, 100)
    )
    assert cheap > dear >= 1


def test_an_asset_off_its_peg_is_never_bought_and_the_reason_names_it() -> None:
    decision = decide(params(**ONE_BATCH), SKEWED, usd={"USDT": 0.99})
    assert "USDT" not in bought(decision)
    assert "USDT is at 0.9900 USD" in decision.reason


def test_a_pool_that_contradicts_the_usd_prices_stops_both_sides() -> None:
    pool = PoolPrice("uniswap_v3", "0xpool", token("USDC"), token("USDT"), 10**14, WAD, WAD * 102 // 100, 1_800)
    decision = decide(params(), SKEWED, pools=(pool,))
    assert not {"USDC", "USDT"} & bought(decision)
    assert "not known" in decision.reason


def test_a_route_that_pays_more_than_the_prices_say_is_not_used() -> None:
    settings = params()
    generous = ladder(token("USDC"), token("USDT"), rate=1.02, sizes=settings.quote_sizes)
    decision = decide(settings, SKEWED, ladders=(generous,))
    assert not decision.operations
    assert any(item.name == "route set aside" for item in decision.evidence)


def test_two_routes_through_one_pool_offer_its_depth_once() -> None:
    settings = params(minimum_trade="0 USD", **ONE_BATCH)
    first = ladder(token("USDC"), token("USDT"), sizes=settings.quote_sizes)
    second = replace(first, path="0xother")
    decision = decide(settings, SKEWED, ladders=(first, second))
    assert {swap.path for swap in swaps(decision)} == {first.path}


@pytest.mark.parametrize(
    "rungs",
    [
        (),
        (Rung(0, 0),),
        (Rung(10**9, 0), Rung(10**10, 0)),
        (Rung(10**9, 10**9), Rung(10**8, 10**8)),
        (Rung(10**9, 10**9), Rung(10**10, 10**8)),
    ],
)
def test_malformed_or_empty_quotes_are_never_traded_on(rungs: tuple[Rung, ...]) -> None:
    bad = Ladder(token("USDC"), token("USDT"), "uniswap_v3", "0x", ("0xpool",), rungs, 150_000)
    decision = decide(params(), SKEWED, ladders=(bad,))
    assert not any(s.sell.units > 10**9 for s in swaps(decision))


def test_no_quotes_at_all_is_said() -> None:
    broken = decide(params(), SKEWED, ladders=())
    assert not broken.operations and "issuer cap Circle" in broken.reason
    assert "nothing to do" in decide(params(), BALANCED, ladders=()).reason


def test_an_asset_that_is_held_without_a_price_stops_everything() -> None:
    decision = decide(params(), SKEWED, usd={"DAI": None})
    assert not decision.operations and "DAI (the feed is stale)" in decision.reason


def test_an_asset_without_a_price_that_is_not_held_is_only_not_bought() -> None:
    decision = decide(params(), {"USDC": 950e3, "USDT": 50e3}, usd={"DAI": None})
    assert decision.operations and "DAI" not in bought(decision)


@pytest.mark.parametrize("held", [{}, {"GOV": 1e6}])
def test_an_empty_treasury_has_nothing_to_do(held: dict[str, float]) -> None:
    assert "the reserve is empty" in decide(params(), held).reason


def test_dust_has_nothing_to_do() -> None:
    decision = decide(params(runway_months="0"), {}, exact_units={"USDC": 1, "DAI": 1})
    assert not decision.operations and "minimum trade" in decision.reason


def test_no_assets_and_one_asset_have_nothing_to_do() -> None:
    assert "no asset" in decide(params(assets={}), {}).reason
    alone = params(
        assets={"USDC": {"backing": {"Tether": "100%"}}}, buckets={}, issuers={"Tether": {"hazard": "1%", "loss": "9%"}}
    )
    assert "nothing to do" in decide(alone, {"USDC": 1e6}).reason


def test_balances_of_ten_to_the_thirty_are_exact() -> None:
    decision = decide(params(), {}, exact_units={"DAI": 10**30, "USDC": 10**30}, depth=1e30, ladders=_deep())
    assert all(swap.sell.units <= 10**30 for swap in swaps(decision))


def _deep() -> tuple[Ladder, ...]:
    size = 10**29
    usdc, usdt = token("USDC"), token("USDT")
    return (Ladder(usdc, usdt, "deep", "0x", ("0xp",), (Rung(size, size - size // 10_000),), 100_000),)


def test_a_token_that_is_not_configured_is_an_error_that_says_what_to_do() -> None:
    settings = params()
    seen = observe(settings, SKEWED)
    less = {symbol: each for symbol, each in seen.tokens.items() if symbol != "DAI"}
    with pytest.raises(BadInput, match="not configured tokens"):
        ReserveRebalance(settings).decide(replace(seen, tokens=less))


def test_unpriced_gas_counts_nothing_and_is_told() -> None:
    decision = decide(params(), SKEWED, gas=GasPrice(10**9, None))
    assert decision.operations
    assert "native coin" in evidence(decision, "gas price")


def test_the_same_observation_gives_the_same_decision_whatever_was_decided_before() -> None:
    settings = params()
    used, fresh = ReserveRebalance(settings), ReserveRebalance(settings)
    for held in (BALANCED, {"USDC": 1e6}, {"USDT": 1e6}):
        used.decide(observe(settings, held))
    assert used.decide(observe(settings, SKEWED)) == fresh.decide(observe(settings, SKEWED))


def test_two_hundred_assets_are_decided_on() -> None:
    issuers = {f"I{k}": {"hazard": "2%", "loss": "20%", "cap": "10%"} for k in range(40)}
    assets = {f"T{i}": {"backing": {f"I{i % 40}": "100%"}} for i in range(200)}
    settings = params(assets=assets, issuers=issuers, banks={}, venues={}, buckets={}, **ONE_BATCH)
    held = {f"T{i}": 5_000.0 for i in range(200)} | {"T1": 200e3}
    pairs = [pair for i in range(1, 200) for pair in (("T0", f"T{i}"), (f"T{i}", "T0"))]
    decision = decide(settings, held, pairs=pairs)
    assert "T1" in sold(decision)
    assert "issuer cap I1 (10.00 %)" in decision.reason
