"""What people write means what they meant, or is refused with what they could have written."""

from __future__ import annotations

import pytest

from dao_bot.domain.errors import BadInput
from governance.ballots import Method
from governance.ballots.approval import Approval
from governance.ballots.for_against import ForAgainst
from governance.ballots.quadratic import Quadratic
from governance.ballots.ranked_choice import RankedChoice
from governance.ballots.single_choice import SingleChoice
from governance.ballots.weighted import Weighted
from governance.ballots.written import told_choice, written_choice

COLOURS = ("Red", "Deep blue", "3", "Green, or none")
VOTE = ForAgainst(0)
ONE, SEVERAL, SHARES = SingleChoice(COLOURS), Approval(COLOURS), Weighted(COLOURS)
ROOTS, RANKS = Quadratic(COLOURS), RankedChoice(COLOURS, rank_all=False)


@pytest.mark.parametrize(
    ("text", "method", "choice", "told"),
    [
        ("for", VOTE, 1, "For"),
        ("Against", VOTE, 2, "Against"),
        ("3", VOTE, 3, "Abstain"),
        (" deep BLUE ", ONE, 2, "Deep blue"),
        ("Green, or none", ONE, 4, "Green, or none"),
        ("3", ONE, 3, "3"),
        ("red", SEVERAL, [1], "Red"),
        ("4, red", SEVERAL, [4, 1], "Red, Green, or none"),
        ("[]", SEVERAL, [], "none of them"),
        ("deep blue, red", RANKS, [2, 1], "Deep blue, Red"),
        ("[2, 1]", RANKS, [2, 1], "Deep blue, Red"),
        ("red", SHARES, {"1": 1}, "Red: 1"),
        ("red, deep blue", SHARES, {"1": 1, "2": 1}, "Red: 1, Deep blue: 1"),
        ("red: 60%, 4:40", SHARES, {"1": 60, "4": 40}, "Red: 60, Green, or none: 40"),
        ("Green, or none", ROOTS, {"4": 1}, "Green, or none: 1"),
        ('{"1": 3}', ROOTS, {"1": 3}, "Red: 3"),
    ],
)
def test_a_choice_is_written_by_name_or_number_and_told_by_name(
    text: str, method: Method, choice: object, told: str
) -> None:
    written = written_choice(text, method)
    assert written == choice
    assert told_choice(method, method.parse(written)) == told


@pytest.mark.parametrize("text", ["", "fro", "true", "null", '"for"', "1.5", "0", "4", "[" * 9999, "for,", "for: 1x"])
def test_what_is_no_choice_is_told_with_what_could_be(text: str) -> None:
    with pytest.raises(BadInput, match="no such option"):
        written_choice(text, VOTE)


@pytest.mark.parametrize(
    ("text", "method", "why"),
    [
        ("red, red", SEVERAL, "named twice"),
        ("red: 1, 1: 2", SHARES, "named twice"),
        ("for, against", VOTE, "no such option"),
        ("red: 2", ONE, "no weights"),
        ("red: 0", SHARES, "cannot be counted"),
        ("red: 999999", SHARES, "cannot be counted"),
        ("red", RankedChoice(COLOURS), "too short"),
        ('{"9": 1}', SHARES, "do not exist"),
    ],
)
def test_what_this_kind_of_ballot_does_not_take_is_refused(text: str, method: Method, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        written_choice(text, method)
