"""What limits are counted from must hold on every kind of database: nothing forgotten, nothing counted twice."""

from __future__ import annotations

import pytest

from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.lifecycle import State
from dao_bot.domain.needs import Spend
from dao_bot.domain.proposals import Outcome
from dao_bot.domain.simulation import AssetChange
from dao_bot.domain.units import WAD
from dao_bot.policy.facts import Move
from dao_bot.store.store import Store
from tests.contract.store.samples import (
    ETH,
    NOW,
    OTHER_SAFE,
    SAFE,
    USDC,
    USDT,
    hash32,
    holding,
    outcome,
    proposal,
)
from tests.contract.store.test_proposals import added


def test_an_open_proposal_counts_with_what_its_simulation_took(store: Store) -> None:
    one = added(store, proposal(sold=2_500_000))
    assert store.moves(SAFE, 0) == (Move(one, "reserve", USDT, 2_500_000, 25 * WAD // 10, NOW, True),)
    assert store.spends("reserve", 0) == (Spend(USDT, 2_500_000, 25 * WAD // 10, NOW, True),)
    assert store.committed(SAFE) == {USDT.address: 2_500_000}


def test_an_open_proposal_counts_however_old_it_is(store: Store) -> None:
    added(store, proposal())
    assert len(store.moves(SAFE, NOW + 10**6)) == 1


@pytest.mark.parametrize("state", [State.STALE, State.CANCELED, State.EXPIRED])
def test_a_proposal_that_is_not_open_any_more_counts_no_more(store: Store, state: State) -> None:
    one = added(store, proposal())
    store.transition(one, State.SIMULATED, state, NOW, "gone")
    assert (store.moves(SAFE, 0), dict(store.committed(SAFE))) == ((), {})


def test_an_execution_counts_with_what_it_really_took_when_it_took_it(store: Store) -> None:
    one = added(store, proposal(sold=1_000_000), State.EXECUTING)
    store.record_outcome(one, outcome(900_000), NOW + 15)
    expected = Move(one, "reserve", USDT, 900_000, 9 * WAD // 10, NOW + 15, False)
    assert store.moves(SAFE, NOW + 15) == (expected,)
    assert store.moves(SAFE, NOW + 16) == ()
    assert dict(store.committed(SAFE)) == {}
    store.roll_back_execution(one, NOW + 30, "reorg")
    assert [(move.units, move.open) for move in store.moves(SAFE, 0)] == [(1_000_000, True)]


def test_a_failed_execution_counts_no_more(store: Store) -> None:
    one = added(store, proposal(), State.EXECUTING)
    store.record_outcome(one, outcome(success=False), NOW)
    assert store.moves(SAFE, 0) == ()


def test_moves_are_of_one_safe_and_newest_last(store: Store) -> None:
    late = added(store, proposal(3), State.EXECUTING)
    store.record_outcome(late, outcome(), NOW + 50)
    early = added(store, proposal(1))
    added(store, proposal(2, safe=OTHER_SAFE, strategy="buyback"))
    assert [move.proposal_id for move in store.moves(SAFE, 0)] == [early, late]
    assert [move.strategy for move in store.moves(OTHER_SAFE, 0)] == ["buyback"]
    assert store.moves(SAFE, 0, chain_id=1) == ()
    assert len(store.spends("reserve", 0)) == 2


def test_commitments_add_up_over_proposals_and_changes(store: Store) -> None:
    changes = (
        AssetChange(USDT.address, -5),
        AssetChange(ETH.address, -(10**29)),
        AssetChange(USDT.address, -7),
        AssetChange(USDC.address, 10),
        AssetChange(USDC.address, -1, token_id=3),
    )
    for nominal in (1, 2):
        added(store, proposal(nominal, changes=changes))
    assert store.committed(SAFE) == {USDT.address: 24, ETH.address: 2 * 10**29}
    assert store.committed(OTHER_SAFE) == {}


def test_a_proposal_that_no_limit_could_count_is_not_recorded(store: Store) -> None:
    unpriced = proposal(holdings=(holding(USDT, 10**9, 0, usd=None),))
    unknown = proposal(holdings=(holding(USDC, 10**9, 0),))
    for refused in (unpriced, unknown):
        with pytest.raises(BadInput, match="no limit can count it"):
            store.add_proposal(refused, State.DRAFT, NOW)
    assert store.proposals() == ()
    assert store.head().number == 0


def test_an_execution_that_took_what_has_no_price_stops_the_counting(store: Store) -> None:
    one = added(store, proposal(holdings=(holding(USDT, 10**9, 0), holding(USDC, 10**9, 0, usd=None))), State.EXECUTING)
    took = Outcome(hash32(70), 120, hash32(120), True, ((USDC, -5),), (), 1, 1)
    store.record_outcome(one, took, NOW)
    with pytest.raises(Refused, match="no limit can be counted"):
        store.moves(SAFE, NOW)
    assert store.moves(SAFE, NOW + 1) == ()
    assert dict(store.committed(SAFE)) == {}
