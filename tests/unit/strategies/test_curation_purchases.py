"""The curator buys tokens of what ranks high: how much, at what price, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dao_bot.domain.addresses import checksum
from dao_bot.domain.needs import Spend
from dao_bot.domain.units import WAD
from dao_bot.strategy import Decision, Ladder, Prices, Rung, Swap, Token, TokenPrice, Transfer
from strategies.curation.purchases import quotes_needed
from tests.examples import examples
from tests.unit.strategies.curation_kit import NOW, USDC, Event, address, community, curation, params, seen

DUSK, TIDE, REEF = (Token(1, checksum("0x" + f"{number:040x}"), name, 18) for number, name in enumerate("ABC", 1))
TOKENS = (DUSK, TIDE, REEF)
WORTH = 2 * WAD
DEEP = 10**9


def works() -> dict[str, Any]:
    """Works 0, 2 and 4 rank highest; 0 and 2 share a token."""
    owned = {0: "A", 2: "A", 4: "B", 11: "C"}
    return {f"Work {number}": _work(number, owned.get(number)) for number in range(12)}


def _work(number: int, token: str | None) -> dict[str, Any]:
    work = {"id": str(number), "creator": address(1_000 + number)}
    return work | ({"token": token} if token else {"pay": address(2_000 + number)})


def ladder(token: Token, sizes: Sequence[int], depth: int = DEEP, price: int = WORTH) -> Ladder:
    """A constant-product pool with `depth` whole USDC on its side."""
    reserve, other = depth * 10**6, depth * WAD * 10**18 // price
    rungs = [Rung(units, other * units // (reserve + units)) for size in sizes if (units := size // 10**12)]
    return Ladder(USDC, token, "venue", "0x01", ("0xpool",), tuple(rungs), 200_000)


def decided(
    stakes: list[Event],
    *,
    depth: int = DEEP,
    pool_price: int = WORTH,
    prices: Mapping[Token, TokenPrice] | None = None,
    spent: tuple[Spend, ...] = (),
    **changed: Any,
) -> Decision:
    given_ = {"works": works(), "purchases": {}, "recipient_cap": "50%"} | changed
    wanted = params(**given_)
    needs = quotes_needed(wanted)
    told = {USDC: TokenPrice(USDC, WAD)} | {token: TokenPrice(token, WORTH) for token in TOKENS} | dict(prices or {})
    quoted = {
        need: (ladder(token, need.sizes, depth, pool_price),) for token in TOKENS if (need := needs.get(token.symbol))
    }
    extra: dict[Any, Any] = {Prices(("USDC", *needs)): told, **quoted}
    return curation(**given_).decide(seen(wanted, stakes, spent=spent, extra=extra, tokens=TOKENS))


def swaps(decision: Decision) -> dict[str, Swap]:
    found = [each for each in decision.operations if isinstance(each, Swap)]
    return {each.buy.symbol: each for each in found}


def test_the_budget_buys_what_ranks_high_one_swap_for_each_token() -> None:
    decision = decided(community(), budget="1000 USD")
    bought = swaps(decision)
    assert len(decision.operations) == len(bought) == 3
    assert 500 * 10**6 - 2 <= bought["A"].sell.units <= 500 * 10**6, "two of the best works share it, up to the cap"
    assert bought["B"].sell.units > bought["C"].sell.units > 0
    assert sum(each.sell.units for each in bought.values()) <= 1_000 * 10**6
    assert "Work 0, Work 2" in decision.summary[0] or "Work 2, Work 0" in decision.summary[0]


def test_a_share_buys_and_the_rest_is_granted() -> None:
    decision = decided(community(), budget="1000 USD", purchases={"share": "30%"})
    sold = sum(each.sell.units for each in swaps(decision).values())
    sent = sum(each.amount.units for each in decision.operations if isinstance(each, Transfer))
    assert 290 * 10**6 < sold <= 300 * 10**6
    assert 690 * 10**6 < sent <= 700 * 10**6


def test_a_swap_reverts_below_its_quote_less_the_slippage_rounded_up() -> None:
    for swap in swaps(decided(community(), purchases={"slippage": "0.3%"})).values():
        assert swap.least * 1000 >= swap.expected * 997 > (swap.least - 1) * 1000


def test_what_was_spent_in_the_period_and_the_limit_of_a_run_bound_purchases_too() -> None:
    spent = (Spend(USDC, 900 * 10**6, 900 * WAD, NOW - 86_400, open=False),)
    decision = decided(community(), budget="1000 USD", spent=spent)
    assert 0 < sum(each.sell.units for each in swaps(decision).values()) <= 100 * 10**6
    decision = decided(community(), per_run="50 USD")
    assert 0 < sum(each.sell.units for each in swaps(decision).values()) <= 50 * 10**6


def test_a_shallow_pool_sells_only_as_much_as_max_cost_allows() -> None:
    deep, shallow = decided(community()), decided(community(), depth=50_000)
    assert swaps(shallow)["A"].sell.units < swaps(deep)["A"].sell.units
    for swap in swaps(shallow).values():
        paid = swap.sell.units * 10**12 * WAD * WAD // (swap.expected * WORTH)
        assert paid <= WAD + WAD // 100
    tight = swaps(shallow)["A"]
    assert 300 * 10**6 < tight.sell.units <= 500 * 10**6, "1 % of the depth costs 1 %; less, as far as quotes tell"


def test_a_pool_that_is_dearer_than_the_usd_price_is_left_alone_and_said_so() -> None:
    decision = decided(community(), pool_price=WORTH * 102 // 100)
    assert decision.operations == ()
    assert "too little A is to be had" in decision.reason


def test_a_token_without_a_price_is_left_alone_and_the_others_are_bought() -> None:
    decision = decided(community(), prices={DUSK: TokenPrice(DUSK, None, problems=("stale",))})
    assert set(swaps(decision)) == {"B", "C"}
    assert any("A has no usable USD price (stale)" in line for line in decision.summary)


@pytest.mark.parametrize("stakes", [[], [(2.0, wallet, wallet % 12, 10.0**6) for wallet in range(60)]])
def test_nothing_is_bought_while_nobody_with_standing_backs_anything(stakes: list[Event]) -> None:
    decision = decided(stakes, exploration="0%")
    assert decision.operations == () and "Nothing is spent" in decision.reason


@settings(max_examples=examples(12), deadline=None)
@given(
    budget=st.integers(1, 10**6),
    per_run=st.integers(1, 10**6),
    already=st.integers(0, 10**6),
    share=st.integers(1, 100),
    cap=st.integers(1, 100),
    depth=st.integers(1, 10**9),
)
def test_no_budget_cap_or_price_is_ever_passed(
    budget: int, per_run: int, already: int, share: int, cap: int, depth: int
) -> None:
    decision = decided(
        community(stakes=60),
        budget=f"{budget} USD",
        per_run=f"{per_run} USD",
        purchases={"share": f"{share}%"},
        recipient_cap=f"{cap}%",
        smallest="0.000001 USD",
        depth=depth,
        spent=(Spend(USDC, already * 10**6, already * WAD, NOW - 86_400, open=False),),
    )
    room = max(min(budget - already, per_run, 100_000), 0) * 10**6
    bought = swaps(decision).values()
    sold = sum(each.sell.units for each in bought)
    sent = sum(each.amount.units for each in decision.operations if isinstance(each, Transfer))
    assert sold * 100 <= room * share and sold + sent <= room
    for swap in bought:
        assert swap.sell.units * 100 * 100 <= room * share * cap
        assert swap.sell.units * 10**30 * 100 <= (swap.expected + 1) * WORTH * 101
        assert 0 < swap.least <= swap.expected


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"works": works()}, "names a token, but without `purchases`"),
        ({"purchases": {}}, "no work names a token"),
        ({"works": {"a": {"id": "1", "token": "USDC"}}, "purchases": {}}, "cannot buy itself"),
        ({"works": works(), "purchases": {"slippage": "100%"}}, "less than 100%"),
    ],
)
def test_purchases_that_mean_nothing_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        params(**changed)
