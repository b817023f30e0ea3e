"""The curator decides: limits on money, bad input, and what the brief says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dao_bot.domain.errors import BadInput
from dao_bot.domain.needs import Spend
from dao_bot.domain.units import WAD
from dao_bot.engine.decide import StrategyProcess
from dao_bot.engine.worker import decision_as_json
from dao_bot.strategy import Decision, Events, Holdings, Prices, SpendHistory, Transfer
from strategies.curation.stakes import Kind, Log, cleaned
from tests.unit.strategies.curation_kit import (
    NOW,
    USDC,
    Event,
    address,
    columns,
    community,
    curation,
    integers,
    params,
    seen,
    wallets,
)


def decided(stakes: list[Event], unstakes: list[Event] | None = None, **changed: Any) -> Decision:
    settings = params(**changed)
    return curation(**changed).decide(seen(settings, stakes, unstakes or []))


def paid(decision: Decision) -> dict[str, int]:
    sent = [operation for operation in decision.operations if isinstance(operation, Transfer)]
    assert len(sent) == len(decision.operations)
    return {str(transfer.to): transfer.amount.units for transfer in sent}


def told(decision: Decision) -> dict[str, Any]:
    assert decision.memory is not None
    brief = decision.memory.value["brief"]
    assert isinstance(brief, dict)
    return brief


def places(decision: Decision) -> dict[str, int]:
    return {each["work"]: each["place"] for each in told(decision)["works"]}


def test_the_budget_and_the_cap_of_a_recipient_hold() -> None:
    sent = paid(decided(community(), budget="1000 USD", recipient_cap="15%"))
    assert 0 < sum(sent.values()) <= 1_000 * 10**6
    assert max(sent.values()) == 150 * 10**6


def test_what_was_spent_in_the_period_is_taken_off_the_budget() -> None:
    settings = params(budget="1000 USD")
    spent = (Spend(USDC, 700 * 10**6, 700 * WAD, NOW - 86_400, open=False),)
    decision = curation(budget="1000 USD").decide(seen(settings, community(), spent=spent))
    assert 0 < sum(paid(decision).values()) <= 300 * 10**6


def test_an_open_proposal_is_waited_for() -> None:
    settings = params()
    spent = (Spend(USDC, 10**6, WAD, NOW, open=True),)
    decision = curation().decide(seen(settings, community(), spent=spent))
    assert decision.operations == () and "still open" in decision.reason
    assert told(decision)["works"]


def test_an_empty_treasury_grants_nothing_and_still_briefs() -> None:
    decision = curation().decide(seen(params(), community(), held=0))
    assert decision.operations == () and "holding" in decision.reason
    assert told(decision)["works"]


def test_without_any_event_nothing_is_granted_and_the_brief_says_that_it_knows_nothing() -> None:
    decision = decided([], trial_period="1d", exploration="0%")
    assert decision.operations == ()
    assert "too little history" in told(decision)["trust"]["verdict"]
    assert told(decision)["prompts"]["favour"] == []


def test_works_without_stakes_are_only_paid_from_the_exploration_budget() -> None:
    stakes = [event for event in community() if event[2] != 5]
    decision = decided(stakes, exploration="10%", trial_places=2, budget="1000 USD")
    on_trial = {each["work"] for each in told(decision)["trial"] if each["chosen"]}
    assert on_trial == {"Work 5"}
    assert paid(decision)[address(2_005)] == 100 * 10**6


def test_the_same_observation_gives_the_same_decision() -> None:
    first, second = decided(community()), decided(community())
    assert json.dumps(decision_as_json(first)) == json.dumps(decision_as_json(second))


def test_the_brief_favours_what_the_community_favours_and_travels_as_json() -> None:
    decision = decided(community())
    favoured = [each["trait"] for each in told(decision)["prompts"]["favour"]]
    avoided = [each["trait"] for each in told(decision)["prompts"]["avoid"]]
    assert favoured == ["warm"] and avoided == ["cold"]
    assert set(told(decision)["trust"]["rankings"]) >= {"equal weight", "all-time popularity", "14-day popularity"}
    assert json.loads(json.dumps(decision_as_json(decision)))["memory"]["value"]["page"].startswith("# What the")


def test_names_of_works_cannot_break_the_page() -> None:
    works = {"evil | name\n# <script>": {"id": "0", "pay": address(1)}, "other": {"id": "1"}}
    decision = decided([(50, 1, 0, 10.0), (40, 2, 1, 5.0)], works=works)
    assert decision.memory is not None
    page = str(decision.memory.value["page"])
    assert "evil \\| name # &lt;script>" in page and "\n# <" not in page


def test_stake_on_ones_own_work_counts_nothing() -> None:
    own = [(300.0, 1_011, 11, 10**6)]
    assert places(decided([*community(), *own]))["Work 11"] == places(decided(community()))["Work 11"]
    assert told(decided([*community(), *own]))["set_aside"]["own_works"] == 1


def test_stake_from_another_wallet_of_the_creator_counts_nothing_either() -> None:
    own: list[Event] = [(300.0, 77, 11, 10**6)]
    identities = {"maker": [address(1_011), address(77)]}
    decision = decided([*community(), *own], identities=identities)
    assert told(decision)["set_aside"]["own_works"] == 1


def test_fresh_wallets_move_nothing_whole_or_split_and_long_standing_ones_do() -> None:
    honest = community()
    staked = sum(amount for *_, amount in honest)
    whole: list[Event] = [(7.0, 9_999, 7, 0.3 * staked)]
    split: list[Event] = [(7.0, 10_000 + each, 7, 0.3 * staked / 1_000) for each in range(1_000)]
    standing: list[Event] = [(7.0, 1 + each, 7, 0.3 * staked / 20) for each in range(20)]
    before = places(decided(honest))
    assert places(decided(honest + whole)) == before
    assert places(decided(honest + split)) == before
    assert places(decided(honest + standing))["Work 7"] < before["Work 7"] - 1


def test_wallets_that_were_aged_with_dust_are_no_louder_than_their_dust() -> None:
    honest = community()
    aged: list[Event] = [(360.0, 10_000 + each, 7, 0.001) for each in range(100)]
    loaded: list[Event] = [(7.0, 10_000 + each, 7, 100.0) for each in range(100)]
    assert places(decided(honest + aged + loaded)) == places(decided(honest))


def test_one_whale_gets_no_more_for_a_work_than_the_cap() -> None:
    whale: list[Event] = [(300.0, 5_000, 7, 10.0**7)]
    decision = decided([*community(), *whale], budget="1000 USD", trait_weight="0%")
    share = {each["work"]: each["share_of_appeal"] for each in told(decision)["works"]}
    assert share["Work 7"] == pytest.approx(2 / 12, rel=1e-4)  # of twelve works, twice an equal share
    assert paid(decision)[address(2_007)] < 200 * 10**6


def test_more_unstaked_than_staked_is_an_error() -> None:
    with pytest.raises(BadInput, match="more was unstaked"):
        decided([(50.0, 1, 1, 10.0)], [(40.0, 1, 1, 11.0)])


def test_an_event_after_the_pinned_block_is_an_error() -> None:
    with pytest.raises(BadInput, match="after the pinned block"):
        decided([(-1.0, 1, 1, 10.0)])


def test_a_parameter_that_the_events_lack_is_an_error_that_names_those_there_are() -> None:
    with pytest.raises(BadInput, match=r"no parameter 'who'.*staker"):
        curation(stakes={"stream": "staked", "wallet": "who"}).decide(seen(params(), community()))


def test_registered_creators_are_excluded_from_their_works() -> None:
    works = {f"Work {number}": {"id": str(number)} for number in range(12)}
    settings = params(works=works, registrations={"stream": "registered"})
    registered = columns([(364.0, 3, 4, 1.0)], 2**21, ("creator", "work", "unused"))
    observation = seen(settings, [(300.0, 3, 4, 10.0), (300.0, 2, 4, 10.0)], extra={Events("registered"): registered})
    decision = curation(works=works, registrations={"stream": "registered"}).decide(observation)
    assert told(decision)["set_aside"]["own_works"] == 1


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"works": {"a": {"id": "1"}, "b": {"id": "1"}}}, "the id 1"),
        ({"identities": {"a": [address(1)], "b": [address(1)]}}, "stands twice"),
        ({"budget": "0 USD"}, "more than 0 USD"),
        ({"recipient_cap": "101%"}, "at most 100%"),
        ({"half_life": "0s"}, "at least 1s"),
    ],
)
def test_parameters_that_mean_nothing_are_refused(changed: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        params(**changed)


def log(rows: list[tuple[int, int, int, Kind, float, int, int]]) -> Log:
    """(time, wallet, work, kind, amount, other, event)"""
    time, wallet, work, kind, amount, other, event = zip(*rows, strict=True)
    return Log(
        np.array(time),
        np.array(wallet),
        np.array(work),
        np.array(kind, np.int8),
        np.array(amount, np.float64),
        np.array(other),
        np.array(event),
    )


PEOPLE, MAKERS = np.arange(5), np.full(3, -1)


def test_sales_back_and_forth_between_two_wallets_are_set_aside_and_others_stay() -> None:
    sales = log(
        [
            (1, 0, 0, Kind.SALE, 1.0, 1, 1),
            (2, 1, 0, Kind.SALE, 2.0, 0, 2),
            (3, 2, 0, Kind.SALE, 2.0, 1, 3),
            (4, 0, 1, Kind.SALE, 2.0, 1, 4),
            (5, 3, 1, Kind.SALE, 2.0, 3, 5),
        ]
    )
    kept, removed = cleaned(sales, PEOPLE, MAKERS, 10)
    assert kept.event.tolist() == [3, 4] and removed.wash_sales == 3


def test_duplicates_zero_prices_and_disorder_change_nothing() -> None:
    rows = [(time, time % 5, time % 3, Kind.STAKE, 1.0 + time, -1, time) for time in range(1, 20)]
    wanted, _ = cleaned(log(rows), PEOPLE, MAKERS, 30)
    noisy = [*rows[10:], *rows[:12], (20, 1, 1, Kind.SALE, 0.0, 2, 20)]
    found, removed = cleaned(log(noisy), PEOPLE, MAKERS, 30)
    assert (removed.duplicates, removed.zero) == (2, 1)
    assert all(np.array_equal(getattr(found, name), getattr(wanted, name)) for name in Log.__slots__)


def test_one_event_that_says_two_things_is_an_error() -> None:
    twice = [(1, 0, 0, Kind.STAKE, 1.0, -1, 1), (1, 0, 0, Kind.STAKE, 2.0, -1, 1)]
    with pytest.raises(BadInput, match="twice with different contents"):
        cleaned(log(twice), PEOPLE, MAKERS, 10)


@pytest.mark.parametrize("amount", [-1.0, float("nan"), float("inf")])
def test_an_impossible_amount_is_an_error(amount: float) -> None:
    with pytest.raises(BadInput, match="impossible amount"):
        cleaned(log([(1, 0, 0, Kind.STAKE, amount, -1, 1)]), PEOPLE, MAKERS, 10)


def test_the_kit_speaks_as_the_chain_does() -> None:
    assert wallets([7])[0] == (7).to_bytes(20, "big") and integers([2**200 + 1])[0] == 2**200 + 1


def test_it_decides_the_same_in_its_own_process_behind_the_fence() -> None:
    settings = params()
    observation = seen(settings, community())
    process = StrategyProcess(
        "curator",
        "curation",
        Path(),
        settings.model_dump(mode="json", exclude_defaults=True)
        | {"budget": "10000 USD", "stakes": {"stream": "staked"}, "unstakes": {"stream": "unstaked"}},
        {Transfer.kind: Transfer},
        {need.kind: need for need in (Holdings, Prices, SpendHistory, Events)},
    )
    assert set(process.describe()) == set(curation().needs())
    assert process.decide(observation) == curation().decide(observation)
