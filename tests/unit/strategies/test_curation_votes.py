"""The curator votes for gauges of what ranks high: within the voting power, in an order that works, not for noise."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput
from dao_bot.domain.needs import ActionHistory, PastAction
from dao_bot.strategy import Decision, GaugeVote, GaugeVotes, GaugeWeights, Transfer, VoteForGauge
from strategies.curation.params import Gauges
from strategies.curation.votes import divided
from tests.unit.strategies.curation_kit import NOW, Event, address, community, curation, params, seen

DAY = 86_400


def gauge(number: int) -> Address:
    return Address(address(5_000 + number))


def standing(*weights: int, elsewhere: int = 0, fixed: frozenset[int] = frozenset()) -> GaugeWeights:
    """Votes on gauges 0, 1, … ; those in `fixed` cannot be changed before tomorrow."""
    votes = {gauge(at): GaugeVote(weight, NOW + DAY * (at in fixed)) for at, weight in enumerate(weights)}
    return GaugeWeights(sum(weights) + elsewhere, votes)


def rules(**changed: str) -> Gauges:
    return Gauges.model_validate(changed)


def shared(wanted: list[float], votes: GaugeWeights, **changed: str) -> dict[Address, int]:
    made = divided({gauge(at): weight for at, weight in enumerate(wanted)}, votes, rules(**changed), NOW)
    return {vote.gauge: vote.weight for vote in made}


def test_power_is_divided_by_weight_and_rounded_down() -> None:
    assert shared([1, 1, 1], standing(0, 0, 0)) == {gauge(at): 3_333 for at in range(3)}


def test_no_gauge_gets_more_than_the_cap_and_the_others_get_the_rest() -> None:
    assert shared([8, 1, 1], standing(0, 0, 0), most="50%") == {gauge(0): 5_000, gauge(1): 2_500, gauge(2): 2_500}


def test_what_would_change_too_little_keeps_its_vote_and_the_others_share_the_rest() -> None:
    assert shared([5, 3, 1], standing(5_600, 200, 4_200)) == {gauge(1): 3_300, gauge(2): 1_100}
    assert shared([5, 3, 1], standing(5_400, 3_400, 1_200)) == {}


def test_a_vote_that_may_not_be_changed_yet_and_votes_elsewhere_are_left_alone() -> None:
    assert shared([1, 1], standing(0, 3_000, elsewhere=2_000, fixed=frozenset({1}))) == {gauge(0): 5_000}


def test_what_gives_less_comes_first() -> None:
    made = divided({gauge(0): 1.0, gauge(1): 0.0}, standing(0, 10_000), rules(), NOW)
    assert made == (VoteForGauge(gauge(1), 0), VoteForGauge(gauge(0), 10_000))


@given(
    rows=st.lists(
        st.tuples(st.floats(0, 1e12), st.integers(0, 2_500), st.booleans()),
        min_size=1,
        max_size=4,
    ),
    elsewhere=st.floats(0, 1),
    most=st.integers(1, 100),
    least=st.integers(1, 100),
)
def test_the_voting_power_is_never_passed_not_even_between_two_votes(
    rows: list[tuple[float, int, bool]], elsewhere: float, most: int, least: int
) -> None:
    held = [weight for _, weight, _ in rows]
    fixed = frozenset(at for at, (*_, is_fixed) in enumerate(rows) if is_fixed)
    votes = standing(*held, elsewhere=int((10_000 - sum(held)) * elsewhere), fixed=fixed)
    wanted = {gauge(at): weight for at, (weight, *_) in enumerate(rows)}
    used = votes.used
    made = divided(wanted, votes, rules(most=f"{most}%", smallest_change=f"{least}%"), NOW)
    for vote in made:
        before = votes.gauges[vote.gauge]
        assert before.changeable_at <= NOW and abs(vote.weight - before.weight) >= least * 100
        assert 0 <= vote.weight <= most * 100
        used += vote.weight - before.weight
        assert 0 <= used <= 10_000
    assert len({vote.gauge for vote in made}) == len(made)


def decided(stakes: list[Event], votes: GaugeWeights, *, open_: bool = False, **changed: Any) -> Decision:
    """Works 0, 1 and 2 have gauges; the others are paid."""
    works = {
        f"Work {number}": {"id": str(number)}
        | ({"gauge": gauge(number)} if number < 3 else {"pay": address(2_000 + number)})
        for number in range(12)
    }
    given_ = {"works": works, "gauges": {}} | changed
    wanted = params(**given_)
    acted = (PastAction(("vote_for_gauge",), NOW - 60, open=True),) if open_ else ()
    return curation(**given_).decide(seen(wanted, stakes, extra={GaugeVotes(): votes, ActionHistory(0): acted}))


def voted(decision: Decision) -> dict[Address, int]:
    return {each.gauge: each.weight for each in decision.operations if isinstance(each, VoteForGauge)}


def test_it_votes_beside_its_grants_in_the_order_of_the_ranking() -> None:
    decision = decided(community(), standing(0, 0, 0))
    weights = voted(decision)
    assert weights[gauge(0)] > weights[gauge(2)] > weights[gauge(1)] > 0
    assert 9_997 <= sum(weights.values()) <= 10_000
    assert any(isinstance(each, Transfer) for each in decision.operations)
    assert "for Work 0 (so far 0.00%)" in " ".join(decision.summary)


def test_a_work_that_is_no_winner_loses_its_votes() -> None:
    weights = voted(decided(community(), standing(0, 4_000, 0), winners="1"))
    assert weights == {gauge(1): 0, gauge(0): 10_000}


def test_an_empty_budget_does_not_keep_it_from_voting() -> None:
    decision = decided(community(), standing(0, 0, 0), smallest="10001 USD")
    assert len(decision.operations) == len(voted(decision)) == 3
    assert any("Nothing is spent" in line for line in decision.summary)


@pytest.mark.parametrize("stakes", [[], [(2.0, wallet, wallet % 3, 10.0**6) for wallet in range(60)]])
def test_no_vote_is_changed_while_nobody_with_standing_backs_anything(stakes: list[Event]) -> None:
    decision = decided(stakes, standing(0, 9_000, 0), exploration="0%")
    assert decision.operations == () and "No vote on a gauge" in decision.reason


def test_an_open_proposal_of_votes_is_waited_for() -> None:
    decision = decided(community(), standing(0, 0, 0), open_=True)
    assert decision.operations == () and "still open" in decision.reason


def test_a_gauge_that_the_protocol_does_not_name_is_an_error() -> None:
    with pytest.raises(BadInput, match="gauge of a work is not configured"):
        decided(community(), standing(0, 0))


@pytest.mark.parametrize(
    "changed", [{"gauges": {}}, {"works": {"a": {"id": "1", "gauge": address(1)}}}, {"gauges": {"most": "0%"}}]
)
def test_gauges_that_mean_nothing_are_refused(changed: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"go together|more than 0%"):
        params(**changed)
