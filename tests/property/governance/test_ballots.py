"""Counting, for any votes in any order: nothing is counted twice, nothing is lost, and nothing late matters."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import groupby
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.ballots import DelegatedPower, LateSwing, Method, Vote, counted_votes, prove, tally, verify
from governance.ballots.power import MOST_POWER
from tests.examples import examples
from tests.property.governance import reference
from tests.unit.governance.ballot_box import ENDS, OPENS, ballot, kinds, method, votes

OPTIONS = 4
WALLETS = 6
NUMBERS = st.integers(1, OPTIONS)
WEIGHTS = st.lists(st.integers(0, 2_500), min_size=OPTIONS, max_size=OPTIONS).filter(any)
RANKINGS = st.lists(NUMBERS, unique=True, min_size=1)
CHOICES: dict[str, st.SearchStrategy[Any]] = {
    "for-against": st.integers(1, 3),
    "optimistic": st.integers(1, 2),
    "single-choice": NUMBERS,
    "approval": st.lists(NUMBERS, unique=True),
    "weighted": WEIGHTS,
    "quadratic": WEIGHTS,
    "ranked-choice": RANKINGS,
    "copeland": RANKINGS,
}
SMALL = st.integers(0, 5)
LARGE = st.integers(0, MOST_POWER // 20)
POWERS = st.one_of(SMALL, st.integers(0, 10**13), LARGE)
BRISK = settings(max_examples=examples(12), deadline=None)
EVERY_KIND = pytest.mark.parametrize("name", kinds())


def rules(name: str) -> Method:
    return method(name, "ABCD", **({"rank_all": False} if name == "ranked-choice" else {}))


@st.composite
def histories(draw: st.DrawFn, name: str) -> list[Vote]:
    """Votes in the order of the record, of few wallets, most of them in time."""
    made, cast = rules(name), []
    for sequence in range(draw(st.integers(0, 14))):
        wallet = draw(st.integers(0, WALLETS - 1))
        at = draw(st.one_of(st.integers(OPENS, ENDS), st.integers(OPENS - 50, ENDS + 50)))
        choice = made.parse(draw(CHOICES[name]))
        cast.append(Vote("question", "someone", f"w{wallet}", draw(POWERS), choice, at, sequence))
    return cast


def orders() -> st.SearchStrategy[list[DelegatedPower]]:
    """Delegations in which every chain ends: to a wallet with a higher number."""
    order = st.tuples(st.integers(0, WALLETS - 1), st.integers(1, WALLETS), POWERS).map(
        lambda drawn: DelegatedPower(f"w{drawn[0]}", f"w{min(drawn[0] + drawn[1], WALLETS)}", drawn[2])
    )
    return st.lists(order, max_size=5, unique_by=lambda order: order.delegator)


@EVERY_KIND
@BRISK
@given(data=st.data())
def test_no_order_of_events_changes_a_tally(name: str, data: st.DataObject) -> None:
    cast, delegated = data.draw(histories(name)), data.draw(orders())
    swinging = ballot(rules(name), late_swing=LateSwing(window=200, extension=20), transitive_delegation=True)
    counted = tally(swinging, cast, delegated)
    shuffled = tally(swinging, data.draw(st.permutations(cast)), data.draw(st.permutations(delegated)))
    assert shuffled == counted


@EVERY_KIND
@BRISK
@given(data=st.data())
def test_no_wallet_is_counted_twice(name: str, data: st.DataObject) -> None:
    cast, made = data.draw(histories(name)), rules(name)
    in_time = sorted((vote for vote in cast if OPENS <= vote.at <= ENDS), key=lambda vote: vote.wallet)
    last = [list(group)[-1] for _, group in groupby(in_time, key=lambda vote: vote.wallet)]
    counted = tally(ballot(made), cast)
    assert counted == tally(ballot(made), last)
    assert (counted.votes, counted.total) == (len(last), sum(vote.power for vote in last))


@EVERY_KIND
@BRISK
@given(data=st.data())
def test_no_later_event_changes_a_closed_tally(name: str, data: st.DataObject) -> None:
    cast, further = data.draw(histories(name)), data.draw(histories(name))
    swinging = ballot(rules(name), late_swing=LateSwing(window=60, extension=20, times=2))
    closed = tally(swinging, cast)
    assert closed.ends is not None
    next_number = len(cast)
    late = [
        replace(vote, at=closed.ends + 1 + vote.at - (OPENS - 50), sequence=next_number + vote.sequence)
        for vote in further
    ]
    backdated = [replace(vote, sequence=next_number + vote.sequence) for vote in further]
    assert tally(swinging, [*cast, *late]) == closed
    assert tally(swinging, [*cast, *backdated], until=next_number - 1) == closed


@pytest.mark.parametrize("name", sorted(set(kinds()) - {"approval", "quadratic", "copeland"}))
@BRISK
@given(data=st.data())
def test_all_power_is_given_to_options_or_to_exhausted_votes(name: str, data: st.DataObject) -> None:
    cast, delegated, made = data.draw(histories(name)), data.draw(orders()), rules(name)
    counted = tally(ballot(made), cast, delegated)
    own = sum(vote.power for vote in counted_votes(ballot(made), cast))
    assert counted.total == own + counted.delegated
    if name == "ranked-choice":
        assert sum(counted.scores) <= counted.total
        assert sum(power or 0 for power in counted.rounds[0]) == counted.total
    else:
        assert sum(counted.scores) == counted.total


@pytest.mark.parametrize("name", ["quadratic", "copeland"])
@BRISK
@given(data=st.data())
def test_scaled_scores_add_up_to_all_power(name: str, data: st.DataObject) -> None:
    counted = tally(ballot(rules(name)), data.draw(histories(name)))
    assert sum(counted.scores) in (counted.total, 0)


@BRISK
@given(st.lists(st.tuples(st.lists(NUMBERS, unique=True), LARGE), max_size=19))
def test_approvals_are_exact_near_the_limit(cast: list[tuple[list[int], int]]) -> None:
    counted = tally(ballot(rules("approval")), votes(rules("approval"), cast))
    for option, score in enumerate(counted.scores, start=1):
        assert score == sum(power for chosen, power in cast if option in chosen)


@BRISK
@given(st.lists(st.tuples(WEIGHTS, LARGE), max_size=19))
def test_divided_votes_are_exact_near_the_limit(cast: list[tuple[list[int], int]]) -> None:
    counted = tally(ballot(rules("weighted")), votes(rules("weighted"), cast))
    for option, score in enumerate(counted.scores):
        assert score == sum((Fraction(power * weights[option], sum(weights)) for weights, power in cast), Fraction(0))


@BRISK
@given(st.lists(st.tuples(WEIGHTS, st.one_of(st.integers(10**6, 10**12), LARGE)), max_size=19))
def test_squares_of_roots_equal_those_of_fifty_digits(cast: list[tuple[list[int], int]]) -> None:
    counted = tally(ballot(rules("quadratic")), votes(rules("quadratic"), cast))
    expected = reference.quadratic_scores(cast, OPTIONS)
    # Of a score as small as the smallest power that is recorded, a millionth may be missing.
    assert list(map(float, counted.scores)) == pytest.approx(list(map(float, expected)), rel=1e-9, abs=1e-6)


@settings(max_examples=examples(150), deadline=None)
@given(st.lists(st.tuples(RANKINGS, st.one_of(SMALL, LARGE)), max_size=19))
def test_a_run_off_equals_the_one_by_hand(cast: list[tuple[list[int], int]]) -> None:
    counted = tally(ballot(rules("ranked-choice")), votes(rules("ranked-choice"), cast))
    assert [
        {option: power for option, power in enumerate(standing, start=1) if power is not None}
        for standing in counted.rounds
    ] == reference.runoff(cast)


@BRISK
@given(cast=histories("single-choice"), delegated=orders(), transitive=st.booleans())
def test_delegated_power_follows_the_walk_by_hand(
    cast: list[Vote], delegated: list[DelegatedPower], transitive: bool
) -> None:
    following = ballot(rules("single-choice"), transitive_delegation=transitive)
    chosen = {vote.wallet: vote for vote in counted_votes(following, cast)}
    assert list(tally(following, cast, delegated).scores) == reference.delegated_scores(
        chosen, delegated, OPTIONS, transitive=transitive
    )


@BRISK
@given(cast=histories("single-choice"))
def test_every_counted_vote_and_no_other_is_proved_by_its_receipt(cast: list[Vote]) -> None:
    counted = counted_votes(ballot(rules("single-choice")), cast)
    root = tally(ballot(rules("single-choice")), cast).votes_root
    receipts = [vote.receipt for vote in counted]
    paths = [prove(receipts, receipt) for receipt in receipts]
    assert all(verify(receipt, path, root) for receipt, path in zip(receipts, paths, strict=True))
    for vote in set(cast) - set(counted):
        assert not any(verify(vote.receipt, path, root) for path in paths)
