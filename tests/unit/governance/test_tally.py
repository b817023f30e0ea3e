"""Which votes count, until when, and how a voter finds his own among them."""

from __future__ import annotations

import json

import pytest

from dao_bot.domain.hashing import canonical_json
from governance.ballots import (
    InvalidChoice,
    InvalidVote,
    LateSwing,
    Vote,
    counted_votes,
    floor_power,
    merkle_root,
    prove,
    tally,
    verify,
    vote_from_record,
)
from governance.ballots.power import MOST_POWER
from tests.unit.governance.ballot_box import ENDS, OPENS, ballot, exactly, method, vote, votes

SINGLE = method("single-choice")
BALLOT = ballot(SINGLE)


def test_power_is_floored_to_a_millionth_of_a_token() -> None:
    assert floor_power(1_999_999_999_999, 18) == 1
    assert floor_power(999_999_999_999, 18) == 0
    assert floor_power(5, 0) == 5_000_000
    with pytest.raises(InvalidVote, match="thousands"):
        floor_power(10**31, 18)


def test_the_last_vote_of_a_wallet_counts_and_the_record_says_which_is_last() -> None:
    lagging_clock = vote(SINGLE, "w", 2, 5, at=OPENS + 1, sequence=8)
    cast = [vote(SINGLE, "w", 1, 5, at=OPENS + 9, sequence=7), lagging_clock]
    assert tally(BALLOT, cast).scores == exactly(0, 5, 0)
    assert counted_votes(BALLOT, cast) == (lagging_clock,)


def test_two_spellings_of_one_address_are_one_wallet() -> None:
    address = "0xAbCd" + "0" * 36
    cast = [vote(SINGLE, address, 1, 5, sequence=1), vote(SINGLE, address.lower(), 2, 5, sequence=2)]
    assert tally(BALLOT, cast).scores == exactly(0, 5, 0)


@pytest.mark.parametrize(("at", "counts"), [(OPENS - 1, 0), (OPENS, 1), (ENDS, 1), (ENDS + 1, 0)])
def test_votes_count_from_the_opening_to_the_end_by_chain_time(at: int, counts: int) -> None:
    assert tally(BALLOT, [vote(SINGLE, "w", 1, at=at)]).votes == counts


def test_a_late_vote_does_not_void_the_timely_one_that_it_would_replace() -> None:
    cast = [vote(SINGLE, "w", 1, sequence=1), vote(SINGLE, "w", 2, at=ENDS + 1, sequence=2)]
    assert tally(BALLOT, cast) == tally(BALLOT, cast[:1])


def test_nothing_recorded_after_the_close_changes_the_tally() -> None:
    cast = [vote(SINGLE, "w", 1, sequence=1), vote(SINGLE, "w", 2, at=ENDS, sequence=3)]
    assert tally(BALLOT, cast, until=2) == tally(BALLOT, cast[:1])


def test_votes_that_cannot_be_of_this_ballot_are_refused() -> None:
    cast = votes(SINGLE, [(1, 1), (2, 1)])
    with pytest.raises(InvalidVote, match="another ballot"):
        tally(ballot(SINGLE, id="other"), cast)
    with pytest.raises(InvalidVote, match="same number"):
        tally(BALLOT, [cast[0], vote(SINGLE, "w9", 1, sequence=cast[0].sequence)])
    with pytest.raises(InvalidChoice):
        tally(BALLOT, [Vote("question", "v", "w", 1, 4, OPENS, 1)])
    with pytest.raises(InvalidVote, match="together"):
        tally(BALLOT, votes(SINGLE, [(1, MOST_POWER), (1, 1)]))


def test_all_power_that_an_int64_holds_is_counted_exactly() -> None:
    assert tally(BALLOT, votes(SINGLE, [(1, MOST_POWER - 3), (2, 1), (1, 2)])).scores == exactly(MOST_POWER - 1, 1, 0)


def test_a_swing_in_the_last_minutes_extends_the_ballot() -> None:
    swinging = ballot(SINGLE, late_swing=LateSwing(window=100, extension=300, times=2))
    early, swing = vote(SINGLE, "a", 1, 5, sequence=1), vote(SINGLE, "b", 2, 9, at=ENDS - 99, sequence=2)
    answer = vote(SINGLE, "c", 1, 9, at=ENDS + 150, sequence=3)
    last = vote(SINGLE, "d", 2, 99, at=ENDS + 290, sequence=4)
    final = vote(SINGLE, "e", 3, 999, at=ENDS + 600, sequence=5)
    too_late = vote(SINGLE, "f", 1, 9999, at=ENDS + 601, sequence=6)
    assert tally(swinging, [early]).ends == ENDS
    assert tally(swinging, [early, swing]).ends == ENDS + 300
    assert tally(swinging, [early, swing, answer]).ends == ENDS + 300  # answered in time for others to answer again
    everything = tally(swinging, [early, swing, answer, last, final, too_late])
    assert (everything.ends, everything.outcome.winners) == (ENDS + 600, (3,))


def test_a_swing_long_before_the_end_or_one_that_was_answered_extends_nothing() -> None:
    swinging = ballot(SINGLE, late_swing=LateSwing(window=100, extension=300))
    early = vote(SINGLE, "a", 1, 5, sequence=1)
    long_before = vote(SINGLE, "b", 2, 9, at=ENDS - 100, sequence=2)
    late, answered = (
        vote(SINGLE, "b", 2, 9, at=ENDS - 50, sequence=2),
        vote(SINGLE, "c", 1, 9, at=ENDS - 40, sequence=3),
    )
    assert tally(swinging, [early, long_before]).ends == ENDS
    assert tally(swinging, [early, late, answered]).ends == ENDS


def test_an_extension_shorter_than_the_window_does_not_see_the_same_swing_twice() -> None:
    swinging = ballot(SINGLE, late_swing=LateSwing(window=100, extension=10, times=5))
    cast = [vote(SINGLE, "a", 1, 5, sequence=1), vote(SINGLE, "b", 2, 9, at=ENDS, sequence=2)]
    assert tally(swinging, cast).ends == ENDS + 10


def test_a_quorum_reached_late_is_a_swing() -> None:
    rules = method("for-against", quorum=10)
    swinging = ballot(rules, late_swing=LateSwing(window=100, extension=300))
    cast = [vote(rules, "a", 1, 9, sequence=1), vote(rules, "b", 1, 1, at=ENDS, sequence=2)]
    assert tally(swinging, cast).ends == ENDS + 300


def test_a_recorded_vote_comes_back_with_its_receipt() -> None:
    for rules, raw in ((SINGLE, 2), (method("weighted"), {"1": 1, "3": 2}), (method("ranked-choice"), [3, 1, 2])):
        cast = vote(rules, "w", raw, 2**60, sequence=5)
        again = vote_from_record(rules, json.loads(canonical_json(cast.record())), 5)
        assert (again, again.receipt) == (cast, cast.receipt)


@pytest.mark.parametrize("change", [{"power": "x"}, {"at": None}, {"power": -1}, {"wallet": ""}])
def test_an_event_that_is_no_vote_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(InvalidVote):
        vote_from_record(SINGLE, vote(SINGLE, "w", 1).record() | change, 1)


def test_every_detail_of_a_vote_changes_its_receipt() -> None:
    cast = Vote("question", "v", "w", 1, 1, OPENS, 1)
    others = [
        Vote("other", "v", "w", 1, 1, OPENS, 1),
        Vote("question", "x", "w", 1, 1, OPENS, 1),
        Vote("question", "v", "x", 1, 1, OPENS, 1),
        Vote("question", "v", "w", 2, 1, OPENS, 1),
        Vote("question", "v", "w", 1, 2, OPENS, 1),
        Vote("question", "v", "w", 1, 1, OPENS + 1, 1),
        Vote("question", "v", "w", 1, 1, OPENS, 2),
    ]
    assert len({cast.receipt, *(other.receipt for other in others)}) == 8


def test_a_receipt_leads_to_the_root_of_the_tally_unless_the_vote_was_replaced() -> None:
    replaced = vote(SINGLE, "w3", 1, sequence=100)
    last = vote(SINGLE, "w3", 2, sequence=101)
    cast = [*votes(SINGLE, [(1, 1)] * 13), replaced, last]
    root = tally(BALLOT, cast).votes_root
    receipts = [counted.receipt for counted in counted_votes(BALLOT, cast)]
    path = prove(receipts, last.receipt)
    assert verify(last.receipt, path, root)
    assert not verify(replaced.receipt, path, root)
    assert not verify(last.receipt, path[1:], root)
    with pytest.raises(InvalidVote, match="voted again"):
        prove(receipts, replaced.receipt)


def test_the_tree_is_that_of_openzeppelin() -> None:
    """Root computed by hand from the definition: leaves hashed twice, pairs sorted, an odd one moves up."""
    from eth_hash.auto import keccak

    receipts = [vote(SINGLE, f"w{i}", 1, sequence=i).receipt for i in range(3)]
    a, b, c = sorted(keccak(keccak(bytes.fromhex(receipt[2:]))) for receipt in receipts)
    assert merkle_root(receipts) == "0x" + keccak(b"".join(sorted([keccak(a + b), c]))).hex()


def test_the_input_digest_covers_the_ballot_the_votes_and_the_delegations() -> None:
    from governance.ballots import DelegatedPower

    cast, orders = votes(SINGLE, [(1, 1)]), [DelegatedPower("d", "w0", 1)]
    digests = {
        tally(BALLOT, cast).input_digest,
        tally(BALLOT, []).input_digest,
        tally(BALLOT, cast, orders).input_digest,
        tally(ballot(method("single-choice", quorum=1)), cast).input_digest,
    }
    assert len(digests) == 4


def test_a_tally_can_be_recorded() -> None:
    rules = method("weighted")
    record = tally(ballot(rules), votes(rules, [([1, 2, 0], 10), ([1, 1, 1], 1)])).record()
    assert json.loads(canonical_json(record))["scores"] == [3, 7, 0]
