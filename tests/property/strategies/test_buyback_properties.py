"""For any treasury, market and record: no budget, limit or price is passed, and no doubtful pool is traded in."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dao_bot.domain.units import WAD
from dao_bot.strategy import Burn, Decision, Swap, usd_value
from strategies.buyback_burn import Params
from strategies.buyback_burn.budget import period_at
from strategies.buyback_burn.pools import depth
from tests.examples import examples
from tests.unit.strategies.buyback_kit import (
    DAY,
    GOV,
    NOW,
    SAFE,
    USDC,
    decide,
    every_day,
    ladder,
    params,
    pool,
    spend,
)

START = NOW // DAY * DAY
SETTINGS = (
    params(),
    params(slices="1", cool_down="1s", max_cost="500bps", share_of_depth="100%", smallest="0 USD"),
    params(budget={"period": "2d", "amount": "100000 USD"}, slices="3", net_assets={"discount": "0%"}, max_gas="100%"),
    params(max_price="1.6 USD", slippage="3%", volume={"swaps": {"swaps": "USDC"}, "at_most": "1%"}),
)


def _mostly(usual: Any, odd: Any) -> Any:
    return st.integers(0, 7).flatmap(lambda roll: odd if roll == 0 else usual)


markets = st.fixed_dictionaries(
    {
        "which": st.integers(0, len(SETTINGS) - 1),
        "price": _mostly(st.floats(0.2, 1.6), st.floats(1.6, 2.5)).map(lambda value: round(value, 4)),
        "deep": st.sampled_from([50_000.0, 200_000.0, 1e6, 1e8]),
        "spot": _mostly(st.sampled_from([1.0, 0.998]), st.sampled_from([1.005, 1.011, 0.985, 1.2])),
        "twap": _mostly(st.sampled_from([1.0, 1.009]), st.sampled_from([0.98, 1.3])),
        "usdc": _mostly(st.floats(1.4e6, 3e6), st.floats(0, 1.4e6)),
        "volume": _mostly(st.sampled_from([10**22, 4 * 10**23, 10**26]), st.sampled_from([0, 10**20])),
        "now": st.integers(START, START + DAY - 1),
        "spent": _mostly(
            st.lists(st.tuples(st.floats(0, 3_000), st.integers(-40 * 3_600, -3 * 3_600)), max_size=2),
            st.lists(st.tuples(st.floats(0, 9_000), st.integers(-30 * 3_600, -1)), max_size=4),
        ),
    }
)


def _decided(case: dict[str, Any]) -> tuple[Params, Decision, dict[str, Any]]:
    chosen, price, now = SETTINGS[case["which"]], case["price"], case["now"]
    seen = {
        "price": price,
        "usdc": case["usdc"],
        "now": now,
        "ladders": (ladder(price * case["spot"], depth=case["deep"]),),
        "pools": (pool(price * case["spot"], twap=price * case["twap"]),),
        "swaps": every_day(case["volume"], now),
        "spent": tuple(spend(usd, now + ago) for usd, ago in case["spent"]),
    }
    return chosen, decide(chosen, **seen), seen


def test_a_purchase_keeps_every_limit() -> None:
    """At least a fifth of what is drawn is bought, so that the limits are really tried."""
    outcomes = {True: 0, False: 0}

    @settings(max_examples=examples(160), deadline=None)
    @given(markets)
    def hold(case: dict[str, Any]) -> None:
        chosen, decision, seen = _decided(case)
        outcomes[bool(decision.operations)] += 1
        if decision.operations:
            _require_within_limits(case, chosen, decision, seen)
        else:
            assert decision.reason.startswith("Nothing is bought: ")

    hold()
    assert outcomes[True] * 5 >= sum(outcomes.values()), outcomes


def _require_within_limits(case: dict[str, Any], chosen: Params, decision: Decision, seen: dict[str, Any]) -> None:
    swap, burn = decision.operations
    assert isinstance(swap, Swap)
    assert isinstance(burn, Burn)
    now, price = case["now"], round(case["price"] * 10**9) * 10**9
    value = usd_value(swap.sell, WAD)
    period = period_at(now, chosen.budget.period, chosen.slices, "buyback")
    spent = sum(each.usd for each in seen["spent"] if each.at >= period.start)
    budget = chosen.budget.amount
    assert budget is not None
    assert value + spent <= budget * period.due(now) // chosen.slices <= budget
    assert value <= budget // chosen.slices
    assert value >= chosen.smallest
    assert swap.sell.units <= int(case["usdc"] * 10**6)
    assert swap.sell.units <= depth(seen["ladders"][0], chosen.depth_band) * chosen.share_of_depth // WAD
    day = sum(each.usd for each in seen["spent"] if each.at > now - DAY)
    assert value + day <= case["volume"] * price // 10**18 * chosen.volume.at_most // WAD
    left = int(case["usdc"] * 10**6) * 10**12 - value
    assert left >= chosen.runway.months * chosen.runway.monthly_burn
    assert all(each.at <= now - chosen.cool_down for each in seen["spent"])
    assert burn.amount == GOV.amount(swap.least)
    assert 0 < swap.least <= swap.expected <= seen["ladders"][0].quoted(swap.sell.units)


@settings(max_examples=examples(160), deadline=None)
@given(markets)
def test_no_token_costs_more_than_bid_hard_maximum_and_cost_allow_whatever_the_swap_then_brings(
    case: dict[str, Any],
) -> None:
    chosen, decision, _ = _decided(case)
    if not decision.operations:
        return
    swap = decision.operations[0]
    assert isinstance(swap, Swap)
    assert swap.sell.token == USDC
    worst = -(-swap.sell.units * 10**12 * WAD // swap.least)
    assert worst <= chosen.max_price
    assert chosen.net_assets is not None
    # net assets move with what the Safe holds: (USDC - liabilities) for each of a million tokens
    worth = (int(case["usdc"] * 10**6) * 10**12 - chosen.net_assets.liabilities) // 1_000_000
    assert worst <= worth * (WAD - chosen.net_assets.discount) // WAD + 1
    expected = -(-swap.sell.units * 10**12 * WAD // swap.expected)
    assert expected <= round(case["price"] * 10**9) * 10**9 * (WAD + chosen.max_cost) // WAD


@settings(max_examples=examples(120), deadline=None)
@given(markets, st.sampled_from(["spot", "twap"]), st.sampled_from([1.0101, 0.9899, 1.5, 0.3]))
def test_nothing_is_bought_when_oracle_and_pool_disagree(case: dict[str, Any], which: str, apart: float) -> None:
    chosen, decision, _ = _decided({**case, which: apart})
    assert decision.operations == ()
    assert chosen.max_deviation == WAD // 100


@settings(max_examples=examples(24), deadline=None)
@given(st.integers(0, len(SETTINGS) - 1), st.lists(st.integers(60, 3 * 3_600), min_size=5, max_size=60))
def test_a_campaign_of_runs_never_spends_more_than_the_budget_of_a_period(which: int, gaps: list[int]) -> None:
    """Each run sees what the runs before it spent, and nothing else of them."""
    chosen, now = SETTINGS[which], START
    record: list[Any] = []
    for gap in gaps:
        now += gap
        decision = decide(
            chosen, now=now, price=1.5, spent=tuple(record), swaps=every_day(10**25, now), ladders=(ladder(1.5),)
        )
        if decision.operations:
            swap = decision.operations[0]
            assert isinstance(swap, Swap)
            record.append(spend(swap.sell.units / 10**6, now))
    assert chosen.budget.amount is not None
    starts = {each.at // chosen.budget.period for each in record}
    for start in starts:
        total = sum(each.usd for each in record if each.at // chosen.budget.period == start)
        assert total <= chosen.budget.amount
    times = [each.at for each in record]
    assert all(later - earlier >= chosen.cool_down for earlier, later in zip(times, times[1:], strict=False))


def test_the_safe_s_own_tokens_never_circulate() -> None:
    """A treasury that holds more of its own token is worth the same for each token of the others."""

    def worth(own: int) -> Any:
        held = {SAFE: own * 10**18}
        found = decide(total=1_500_000 + own, held=held).evidence
        return next(item.value for item in found if item.name == "net assets for each circulating token")

    assert worth(0) == worth(400_000) == worth(10**9)
