"""What each kind of ballot decides, and what it refuses."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest

from dao_bot.domain.hashing import canonical_json
from dao_bot.domain.units import parse_ratio
from governance.ballots import Ballot, InvalidBallot, InvalidChoice, LateSwing, Tally, ballot_from_record, tally
from governance.ballots.shares import Shares, shares
from tests.unit.governance.ballot_box import ballot, exactly, kind, kinds, method, votes

FOR, AGAINST, ABSTAIN = 1, 2, 3
VETO, NO_OBJECTION = 1, 2


def counted(name: str, *cast: tuple[object, int], **rules: Any) -> Tally:
    made = method(name, **rules)
    return tally(ballot(made), votes(made, cast))


def test_every_kind_is_found_by_its_own_name() -> None:
    assert {name: kind(name).kind for name in kinds()} == {name: name for name in kinds()}
    assert len(kinds()) >= 8


@pytest.mark.parametrize("name", kinds())
def test_a_recorded_ballot_comes_back_as_it_was(name: str) -> None:
    written = ballot(method(name), late_swing=LateSwing(100, 50, 2), transitive_delegation=True)
    assert ballot_from_record(json.loads(canonical_json(written.record())), kind) == written


def test_a_record_that_is_no_ballot_is_refused() -> None:
    record = ballot(method("for-against")).record()
    with pytest.raises(InvalidBallot, match="KeyError: 'opens'"):
        ballot_from_record({name: value for name, value in record.items() if name != "opens"}, kind)
    with pytest.raises(InvalidBallot, match="unknown"):
        ballot_from_record(record | {"method": {"kind": "for-against", "unknown": 1}}, kind)


@pytest.mark.parametrize("name", kinds())
def test_without_votes_nothing_is_decided_but_an_optimistic_ballot_passes(name: str) -> None:
    empty = counted(name)
    assert empty.outcome.passed == (name == "optimistic")
    assert (empty.total, empty.votes, sum(empty.scores)) == (0, 0, 0)


@pytest.mark.parametrize("name", sorted(set(kinds()) - {"optimistic"}))
def test_votes_without_power_decide_nothing(name: str) -> None:
    raw = {"weighted": [0, 1, 0], "quadratic": [0, 1, 0], "approval": [1], "ranked-choice": [1, 2, 3], "copeland": [1]}
    empty = counted(name, (raw.get(name, 1), 0))
    assert (empty.votes, empty.outcome.passed) == (1, False)


@pytest.mark.parametrize(
    ("cast", "rules", "passes"),
    [
        ([(FOR, 6), (AGAINST, 5)], {}, True),
        ([(FOR, 5), (AGAINST, 5)], {}, False),
        ([(FOR, 2), (AGAINST, 1)], {"threshold": parse_ratio("66%")}, True),
        ([(FOR, 66), (AGAINST, 34)], {"threshold": parse_ratio("66%")}, False),
        ([(FOR, 1), (ABSTAIN, 99)], {"threshold": parse_ratio("66%")}, True),
        ([(ABSTAIN, 99)], {}, False),
        ([(FOR, 6), (ABSTAIN, 4)], {"quorum": 10}, True),
        ([(FOR, 6), (ABSTAIN, 3)], {"quorum": 10}, False),
        ([(FOR, 6), (AGAINST, 4)], {"quorum": 10}, False),
        ([(FOR, 6), (AGAINST, 4)], {"quorum": 10, "against_counts_for_quorum": True}, True),
    ],
)
def test_for_against_needs_the_quorum_and_more_than_the_threshold(
    cast: list[tuple[object, int]], rules: dict[str, Any], passes: bool
) -> None:
    assert counted("for-against", *cast, **rules).outcome.passed is passes


def test_an_optimistic_ballot_passes_unless_enough_power_vetoes_it() -> None:
    assert counted("optimistic", (VETO, 9), (NO_OBJECTION, 1)).outcome.passed
    assert not counted("optimistic", (VETO, 9), (VETO, 1), (NO_OBJECTION, 1_000)).outcome.passed


def test_level_options_decide_nothing() -> None:
    level = counted("single-choice", (1, 5), (2, 5), (3, 4))
    assert (level.outcome.passed, level.outcome.winners) == (False, (1, 2))
    assert level.outcome.reason == "A and B are level"


def test_a_question_without_quorum_is_not_decided_but_names_the_leader() -> None:
    below = counted("single-choice", (1, 5), (2, 4), quorum=10)
    assert (below.outcome.passed, below.outcome.winners) == (False, (1,))
    assert counted("single-choice", (1, 5), (2, 5 - 1), quorum=9).outcome.passed


def test_an_empty_approval_counts_for_the_quorum_alone() -> None:
    blank = counted("approval", ([], 8), ([1, 3], 2), quorum=10)
    assert (blank.scores, blank.outcome.passed, blank.outcome.winners) == (exactly(2, 0, 2), False, (1, 3))


def shown(name: str, *cast: tuple[object, int], **rules: Any) -> Shares:
    return shares(method(name, **rules), counted(name, *cast, **rules))


def test_approvals_are_shares_of_all_power_that_voted_and_may_pass_one_together() -> None:
    approved = shown("approval", ([1, 3], 6), ([3], 2), ([], 2))
    assert approved.parts == (Fraction(6, 10), Fraction(0), Fraction(8, 10))
    assert "may pass 100 %" in approved.words
    assert shown("approval", ([], 2)).parts == exactly(0, 0, 0) == shown("approval").parts


def test_a_run_off_shows_shares_of_what_is_still_in_the_count() -> None:
    run = shown("ranked-choice", ([1], 4), ([2], 4), ([3], 2), rank_all=False)
    assert run.parts == (Fraction(1, 2), Fraction(1, 2), Fraction(0))
    assert "still in the count" in run.words


def test_an_approval_has_one_canonical_form() -> None:
    assert method("approval").parse([3, 1]) == method("approval").parse((1, 3)) == (1, 3)


def test_a_divided_vote_is_counted_without_rounding() -> None:
    divided = counted("weighted", ({"1": 1, "2": 2}, 1), ({"2": 1, "3": 6}, 1))
    assert divided.scores == (Fraction(1, 3), Fraction(2, 3) + Fraction(1, 7), Fraction(6, 7))


def test_roots_of_the_largest_powers_do_not_overflow() -> None:
    """Of twenty votes that share all power of an int64, the sum of roots passes an int64 at the precision kept."""
    whales = counted("quadratic", *[({"1": 1}, 2**63 // 20)] * 19, ({"2": 1}, 2**63 // 20))
    assert [float(score) for score in whales.scores] == pytest.approx(
        [whales.total * 361 / 362, whales.total / 362, 0], rel=1e-12
    )


def test_many_small_roots_outweigh_one_large_one() -> None:
    roots = counted("quadratic", *[({"1": 1}, 10**6)] * 4, ({"2": 1}, 9 * 10**6))
    assert roots.outcome.winners == (1,)
    assert [float(score) for score in roots.scores] == pytest.approx([13e6 * 16 / 25, 13e6 * 9 / 25, 0])


def test_a_run_off_drops_the_weakest_until_one_has_the_majority() -> None:
    run = counted("ranked-choice", ([1, 2, 3], 4), ([2, 1, 3], 3), ([3, 2, 1], 2))
    assert run.rounds == ((4, 3, 2), (4, 5, None))
    assert (run.scores, run.outcome.winners) == (exactly(4, 5, 0), (2,))


def test_of_level_options_the_first_falls() -> None:
    run = counted("ranked-choice", ([1, 3, 2], 2), ([2, 1, 3], 2), ([3, 2, 1], 3))
    assert run.rounds == ((2, 2, 3), (None, 2, 5))


def test_an_option_on_top_of_no_vote_cannot_fall_and_can_come_back() -> None:
    run = counted("ranked-choice", ([1, 4, 2, 3], 2), ([2, 1, 3, 4], 4), ([3, 2, 1, 4], 3), options="ABCD")
    assert run.rounds == ((2, 4, 3, None), (None, 4, 3, 2), (None, 6, 3, None))


def test_exhausted_votes_leave_the_count_and_lower_the_majority() -> None:
    cast = [([1], 4), ([2], 3), ([3], 2), ([3, 1], 1)]
    run = counted("ranked-choice", *cast, rank_all=False)
    assert run.rounds == ((4, 3, 3), (4, None, 3))  # B falls before C: level, and first
    assert (run.outcome.passed, run.outcome.winners, run.total) == (True, (1,), 10)
    with pytest.raises(InvalidChoice, match="every option"):
        counted("ranked-choice", *cast)


def test_the_option_that_wins_most_pairs_wins_by_copeland() -> None:
    pairs = counted("copeland", ([1, 2, 3], 4), ([2, 3, 1], 3), ([3, 2, 1], 2))
    assert (pairs.outcome.winners, pairs.scores) == ((2,), exactly(0, 6, 3))


@pytest.mark.parametrize("raw", [{"1": 1.5}, {"1": 10_001}, {"1": 10**30}, {1: 1}, {"01": 1}, [1, 2], "{}", {"1": "1"}])
def test_weights_that_cannot_be_counted_are_refused(raw: object) -> None:
    with pytest.raises(InvalidChoice):
        method("weighted").parse(raw)


def test_a_hostile_choice_is_quoted_in_part() -> None:
    with pytest.raises(InvalidChoice) as refused:
        method("single-choice").parse("@everyone " * 10_000)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("single-choice", {"options": ("A",)}),
        ("single-choice", {"options": ("A", " a ")}),
        ("single-choice", {"options": ("A", "")}),
        ("single-choice", {"options": [f"{i}" for i in range(101)]}),
        ("single-choice", {"quorum": -1}),
        ("for-against", {"threshold": parse_ratio("100%")}),
        ("optimistic", {"veto_power": 0}),
        ("optimistic", {"window": 0}),
    ],
)
def test_rules_that_make_no_ballot_are_refused(name: str, rules: dict[str, Any]) -> None:
    with pytest.raises(InvalidBallot):
        method(name, **rules)


def test_a_ballot_that_cannot_end_is_refused() -> None:
    with pytest.raises(InvalidBallot):
        Ballot("question", method("for-against"), opens=10, ends=9)
    with pytest.raises(InvalidBallot):
        Ballot("question", method("optimistic"), opens=10, ends=None, late_swing=LateSwing(1, 1))
