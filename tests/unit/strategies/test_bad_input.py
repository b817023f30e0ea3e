"""What markets and communities do to strategies: wash trading, whales, sybils, zero prices, nothing to go on.

Each case ends in stated robust handling or a clear refusal, never in a silent wrong number.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from dao_bot.domain.prices import TokenPrice
from dao_bot.strategy import Decision, Memory, PastAction, Prices
from strategies.buyback_burn import BuybackBurn
from tests.unit.strategies import buyback_kit as buyback
from tests.unit.strategies import curation_kit as curation
from tests.unit.strategies import liquidity_kit as liquidity
from tests.unit.strategies.buyback_kit import GOV, NOW, WALLETS
from tests.unit.strategies.curation_kit import USDC, Event, community
from tests.unit.strategies.test_curation import decided, paid, places, told

DAY = 86_400
WHOLE = 10**18


def fact(decision: Decision, name: str) -> Any:
    return next(each.value for each in decision.evidence if each.name == name)


class TestWashTradingBetweenTwoWallets:
    def test_buyback_sees_no_velocity_in_it(self) -> None:
        back_and_forth = [
            (NOW - hour * 3_600 - step, giver, taker, 300_000 * WHOLE)
            for hour in range(1, 200)
            for step, (giver, taker) in ((60, WALLETS[:2]), (30, WALLETS[1::-1]))
        ]
        washed = buyback.decide(transfers=buyback.transfers_of(sorted(back_and_forth)))
        assert fact(washed, "velocity") == 0

    def test_buyback_buys_no_more_because_one_day_was_washed(self) -> None:
        honest = buyback.every_day(10_000 * WHOLE)
        hours = [NOW - 23 * 3_600 + step * 1_800 for step in range(46)]
        days = [NOW - day * DAY - 3_600 for day in range(6, 0, -1)]
        washed = buyback.swaps_of([(at, 10_000 * WHOLE) for at in days] + [(at, 500_000 * WHOLE) for at in hours])
        spent = [fact(buyback.decide(swaps=each), "spent") for each in (honest, washed)]
        assert spent[0] == spent[1]

    def test_curation_counts_no_stake_that_only_came_and_went(self) -> None:
        """Two wallets pass one sum back and forth: each holds it half of the time, so half of it counts for each."""
        honest = community()
        stakes: list[Event] = [(300.0 - day, 800 + day % 2, 7, 5_000.0) for day in range(200)]
        back: list[Event] = [(299.5 - day, 800 + day % 2, 7, 5_000.0) for day in range(200)]
        once: list[Event] = [(300.0, 800, 7, 5_000.0)]
        washed, steady = (
            {each["work"]: each["share_of_appeal"] for each in told(found)["works"]}["Work 7"]
            for found in (decided(honest + stakes, back), decided(honest + once))
        )
        assert washed <= steady

    def test_liquidity_is_moved_by_washed_fees_no_more_often_than_the_cap(self) -> None:
        pool = replace(liquidity.pool_at(), growth=(1 << 128, 1 << 128))
        far = liquidity.position(pool, lower=-9_000, upper=-6_000)
        memory = _fees_seen()
        moved = PastAction(("decrease_liquidity", "collect_fees", "mint_position"), liquidity.NOW - DAY, False)
        assert liquidity.decide(liquidity.params(), pool, (far,), memory=memory).operations
        capped = liquidity.decide(liquidity.params(), pool, (far,), memory=memory, actions=[moved, moved])
        assert capped.operations == ()


def _fees_seen() -> Memory:
    from strategies.liquidity import ledger

    seen = ledger.Sample(liquidity.NOW - 2 * DAY, (0, 0), 10**24)
    return ledger.write(ledger.Ledger(liquidity.POOL, (seen,)))


class TestOneWhale:
    def test_buyback_keeps_its_gate_closed_when_one_holder_moves_everything(self) -> None:
        moved = buyback.transfers_of([(NOW - DAY, WALLETS[0], WALLETS[1], 900_000 * WHOLE)])
        refused = buyback.decide(transfers=moved)
        assert refused.operations == () and "opens the gate" in refused.reason

    def test_curation_pays_what_one_whale_backs_no_more_than_its_cap(self) -> None:
        whale: list[Event] = [(300.0, 5_000, 7, 10.0**9)]
        sent = paid(decided([*community(), *whale], budget="1000 USD", recipient_cap="20%", exploration="0%"))
        assert max(sent.values()) <= 200 * 10**6

    def test_curation_with_a_whale_alone_pays_what_it_backs_no_more_than_a_recipient_may_get(self) -> None:
        sent = paid(decided([(300.0, 5_000, 7, 10.0**9)], budget="1000 USD", recipient_cap="20%", exploration="0%"))
        assert list(sent.values()) == [200 * 10**6]


class TestAThousandSybils:
    def test_buyback_sees_no_velocity_in_a_circle_of_them(self) -> None:
        ring = [buyback.address(0x9_0000 + number) for number in range(1_000)]
        rows = [
            (NOW - 2 * 3_600 + number, ring[number], ring[(number + 1) % 1_000], 200_000 * WHOLE)
            for number in range(1_000)
        ]
        assert fact(buyback.decide(transfers=buyback.transfers_of(rows)), "velocity") == 0

    def test_curation_hears_a_thousand_fresh_ones_no_louder_than_one(self) -> None:
        honest = community()
        stake = 0.3 * sum(amount for *_, amount in honest)
        many: list[Event] = [(7.0, 20_000 + number, 7, stake / 1_000) for number in range(1_000)]
        one: list[Event] = [(7.0, 20_000, 7, stake)]
        assert places(decided(honest + many)) == places(decided(honest + one)) == places(decided(honest))

    def test_curation_hears_a_thousand_old_ones_no_louder_than_one_old_wallet(self) -> None:
        honest = community()
        stake = 0.1 * sum(amount for *_, amount in honest)
        many: list[Event] = [(200.0, 20_000 + number, 7, stake / 1_000) for number in range(1_000)]
        one: list[Event] = [(200.0, 20_000, 7, stake)]
        shares = [
            {each["work"]: each["share_of_appeal"] for each in told(decided(honest + more))["works"]}
            for more in (many, one)
        ]
        for work, share in shares[0].items():
            assert share == pytest.approx(shares[1][work], rel=1e-5), work


class TestWorksWithoutEnd:
    def test_curation_looks_at_the_most_staked_on_of_those_that_nobody_listed(self) -> None:
        """Anybody can register works; each would cost time and memory."""
        spam: list[Event] = [(50.0, 50_000 + number % 50, 1_000 + number, 0.001) for number in range(5_000)]
        honest = community()
        told_with = told(decided(honest + spam))
        assert told_with["set_aside"]["unlisted"] == 4_000
        assert paid(decided(honest + spam)) == paid(decided(honest))

    def test_curation_still_counts_standing_from_works_that_are_not_listed(self) -> None:
        elsewhere: list[Event] = [(300.0, 900, 5_000, 10_000.0)]
        fresh: list[Event] = [(20.0, 900, 7, 300.0)]
        without, with_it = (
            paid(decided([*community(), *more], exploration="0%", winners="12"))[curation.address(2_007)]
            for more in (fresh, elsewhere + fresh)
        )
        assert with_it > without


class TestAWorkWithNoStakes:
    def test_curation_pays_it_nothing_but_a_trial(self) -> None:
        lonely = [event for event in community() if event[2] != 5]
        assert curation.address(2_005) not in paid(decided(lonely, exploration="0%"))

    def test_curation_ranks_it_last_and_says_so_in_the_brief(self) -> None:
        lonely = [event for event in community() if event[2] != 5]
        decision = decided(lonely, exploration="0%", trait_weight="0%")
        assert places(decision)["Work 5"] == max(places(decision).values())

    def test_curation_grants_nothing_when_no_work_has_any(self) -> None:
        decision = decided([], exploration="0%")
        assert decision.operations == ()
        assert all(np.isfinite(each["share_of_appeal"]) for each in told(decision)["works"])


class TestZeroPrices:
    def test_buyback_takes_a_price_of_zero_for_none(self) -> None:
        refused = buyback.decide(ladders=(buyback.ladder(1.5),), pools=(buyback.pool(1.5),), price=0.0)
        assert refused.operations == () and "GOV has no usable USD price" in refused.reason

    def test_buyback_pays_with_nothing_that_costs_nothing(self) -> None:
        refused = buyback.decide(usdc_price=0.0)
        assert refused.operations == ()
        assert "no usable USD price" in refused.reason

    def test_liquidity_does_nothing_at_a_price_of_zero(self) -> None:
        pool = liquidity.pool_at()
        for positions in ((), (liquidity.position(pool),)):
            refused = liquidity.decide(liquidity.params(), pool, positions, own_usd=0)
            assert refused.operations == () and "no usable price" in refused.reason

    @pytest.mark.parametrize("usd", [0, None])
    def test_curation_pays_in_no_token_without_a_price(self, usd: int | None) -> None:
        settings = curation.params()
        seen = curation.seen(settings, community())
        need = Prices((settings.token,))
        unpriced = replace(seen, data={**seen.data, need: {USDC: TokenPrice(USDC, usd, (), ("the feed is stale",))}})
        refused = curation.curation().decide(unpriced)
        assert refused.operations == () and "USDC, which is paid in, has no usable USD price" in refused.reason
        assert told(refused)["works"], "the brief needs no price"


class TestAPoolWithNoHistory:
    def test_buyback_does_not_buy_in_it(self) -> None:
        refused = buyback.decide(pools=(buyback.pool(1.5, problems=("it remembers only 3 minutes of 30",)),))
        assert refused.operations == () and "remembers only 3 minutes" in refused.reason

    def test_liquidity_does_not_start_in_it(self) -> None:
        pool = liquidity.pool_at()
        refused = liquidity.decide(liquidity.params(), pool, pool_problems=("it remembers only 3 minutes of 30",))
        assert refused.operations == () and "remembers only 3 minutes" in refused.reason

    def test_liquidity_starts_where_nobody_else_provides_any(self) -> None:
        told = liquidity.decide(liquidity.params(), liquidity.pool_at(liquidity=0))
        assert liquidity.kinds(told) == ("mint_position",)
        assert all(np.isfinite(each.value) for each in told.evidence if isinstance(each.value, float))


class TestOneAsset:
    def test_buyback_of_a_treasury_that_holds_nothing_but_its_own_token_buys_nothing(self) -> None:
        refused = buyback.decide(usdc=0)
        assert refused.operations == () and "runway" in refused.reason

    def test_buyback_counts_its_own_token_for_nothing(self) -> None:
        assert fact(buyback.decide(usdc=0), "net assets") == -100_000

    def test_liquidity_with_the_quote_token_alone_does_not_buy_the_own_one(self) -> None:
        refused = liquidity.decide(liquidity.params(), liquidity.pool_at(), own=0)
        assert refused.operations == () and "nothing to start with" in refused.reason

    def test_curation_of_one_work_pays_it_within_the_cap_of_a_recipient(self) -> None:
        works = {"Only": {"id": "0", "pay": curation.address(1)}}
        stakes: list[Event] = [(200.0, number, 0, 10.0) for number in range(20)]
        sent = paid(decided(stakes, works=works, budget="1000 USD", recipient_cap="25%", exploration="0%"))
        assert sent == {curation.address(1): 250 * 10**6}


def test_buyback_and_its_kit_agree_on_what_is_circulating() -> None:
    seen = buyback.observe(buyback.params())
    assert fact(BuybackBurn(buyback.params()).decide(seen), "circulating") == 1_000_000
    assert GOV in seen[Prices()]
