"""Whose vote delegated power follows."""

from __future__ import annotations

import pytest

from governance.ballots import (
    DelegatedPower,
    Delegation,
    DelegationCycle,
    InvalidVote,
    in_force,
    require_no_cycle,
    tally,
)
from tests.unit.governance.ballot_box import ballot, exactly, method, vote

SINGLE = method("single-choice")
ONE_LEVEL, TRANSITIVE = ballot(SINGLE), ballot(SINGLE, transitive_delegation=True)


def power(delegator: str, delegate: str, amount: int = 10) -> DelegatedPower:
    return DelegatedPower(delegator, delegate, amount)


def test_delegated_power_goes_with_the_vote_of_the_delegate() -> None:
    counted = tally(ONE_LEVEL, [vote(SINGLE, "b", 2, 1)], [power("a", "B")])
    assert (counted.scores, counted.delegated, counted.votes) == (exactly(0, 11, 0), 10, 1)


def test_an_own_vote_comes_before_the_delegate() -> None:
    cast = [vote(SINGLE, "a", 1, 10, sequence=1), vote(SINGLE, "b", 2, 1, sequence=2)]
    assert tally(ONE_LEVEL, cast, [power("a", "b")]).scores == exactly(10, 1, 0)


def test_power_whose_delegate_does_not_vote_is_not_counted_on_one_level() -> None:
    cast, orders = [vote(SINGLE, "c", 3, 1)], [power("a", "b"), power("b", "c", 5)]
    assert tally(ONE_LEVEL, cast, orders).scores == exactly(0, 0, 6)


def test_power_follows_silent_delegates_if_the_ballot_says_so() -> None:
    orders = [power("a", "b"), power("b", "c", 5), power("x", "y")]
    assert tally(TRANSITIVE, [vote(SINGLE, "c", 3, 1)], orders).scores == exactly(0, 0, 16)
    cast = [vote(SINGLE, "c", 3, 1, sequence=1), vote(SINGLE, "b", 2, 5, sequence=2)]
    assert tally(TRANSITIVE, cast, orders).scores == exactly(0, 15, 1)


@pytest.mark.parametrize("length", [2, 3, 4, 7])
def test_a_circle_in_the_record_is_found_when_it_is_followed(length: int) -> None:
    circle = [power(f"w{i}", f"w{(i + 1) % length}") for i in range(length)]
    cast = [vote(SINGLE, "other", 1, 1)]
    with pytest.raises(DelegationCycle):
        tally(TRANSITIVE, cast, [*circle, power("tail", "w0")])
    assert tally(ONE_LEVEL, cast, circle).total == 1
    # A vote inside opens the circle: all of it ends there.
    assert tally(TRANSITIVE, [vote(SINGLE, "w0", 1, 1)], circle).total == 1 + 10 * (length - 1)


def test_a_long_chain_is_followed_to_its_end() -> None:
    orders = [power(f"w{i}", f"w{i + 1}", 1) for i in range(5_000)]
    assert tally(TRANSITIVE, [vote(SINGLE, "w5000", 1, 1)], orders).total == 5_001


def test_two_delegations_of_one_wallet_are_refused() -> None:
    with pytest.raises(InvalidVote, match="twice"):
        tally(ONE_LEVEL, [], [power("a", "b"), power("A", "c")])


def test_the_order_with_the_highest_number_is_in_force_until_it_is_taken_back() -> None:
    orders = [
        Delegation("A", "b", at=10, sequence=1),
        Delegation("a", "C", at=20, sequence=3),
        Delegation("a", None, at=30, sequence=4),
        Delegation("x", "y", at=10, sequence=2),
    ]
    for given in (orders, orders[::-1]):
        assert in_force(given, 9) == {}
        assert in_force(given, 10) == {"a": "b", "x": "y"}
        assert in_force(given, 20) == {"a": "c", "x": "y"}
        assert in_force(given, 30) == {"x": "y"}


def test_an_order_that_closes_a_circle_is_refused_and_shown() -> None:
    standing = {"a": "b", "b": "c", "x": "y"}
    require_no_cycle(standing, "c", "x")
    require_no_cycle(standing, "a", "c")
    with pytest.raises(DelegationCycle, match="c > a > b > c"):
        require_no_cycle(standing, "C", "a")
    with pytest.raises(DelegationCycle, match="a > a"):
        require_no_cycle({}, "a", "A")


def test_a_circle_already_in_the_record_does_not_trap_the_check() -> None:
    require_no_cycle({"a": "b", "b": "a"}, "c", "a")
