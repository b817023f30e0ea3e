"""Whatever comes into the record in whatever order: a wallet counts once, and a closed tally stays as it was closed."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dao_bot.chain.provider import Treasury
from dao_bot.domain.addresses import Address
from dao_bot.domain.runs import Block
from dao_bot.domain.tokens import Token
from dao_bot.store.store import Store, open_store
from governance.acts.ballot_box import BallotBox, Counted
from governance.acts.kinds import BALLOT_OPENED, VOTED
from governance.acts.opened import opened_body
from governance.acts.register import Register
from governance.acts.subject import Subject
from governance.ballots.ballot import Ballot
from governance.ballots.delegation import DelegatedPower
from governance.ballots.for_against import ForAgainst
from governance.ballots.late_swing import LateSwing
from governance.ballots.vote import Vote
from governance.power.source import Moment
from governance.power.tier import PowerSnapshot
from tests.examples import examples

if TYPE_CHECKING:
    from dao_bot.chain.endpoints import Endpoints

SAFE = Address("0x" + "5a" * 20)
ID, HASH = "0x" + "11" * 32, "0x" + "22" * 32
OPENS, ENDS = 1_000, 2_000
WALLETS = tuple(f"0x{number:040x}" for number in range(1, 7))
POWER = {wallet: 10**number for number, wallet in enumerate(WALLETS)}
"""Different digits, so that every counted wallet shows in a sum."""

DELEGATED = (DelegatedPower(WALLETS[4], WALLETS[0], POWER[WALLETS[4]]),)


@dataclass(frozen=True)
class Cast:
    """A vote as it comes into the record: `key` may come again, `at` may be any time that somebody claims."""

    wallet: int
    choice: int
    at: int
    key: int
    upper: bool
    look: bool


casts = st.lists(
    st.builds(
        Cast,
        st.integers(0, 5),
        st.integers(1, 3),
        st.integers(OPENS - 50, ENDS + 700),
        st.integers(0, 30),
        st.booleans(),
        st.booleans(),
    ),
    max_size=25,
)
swings = st.sampled_from([None, LateSwing(100, 300, 2)])


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    """A store with the schema and no rows."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "template.sqlite3"
        open_store(f"sqlite:///{path}").close()
        yield path


@contextmanager
def opened_store(template: Path, swing: LateSwing | None) -> Iterator[Store]:
    """With one open ballot."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "store.sqlite3"
        shutil.copy(template, path)
        with open_store(f"sqlite:///{path}") as store:
            ballot = Ballot(ID, ForAgainst(), OPENS, ENDS, swing)
            block = Block(1, 7, "0x" + "33" * 32, OPENS - 100)
            power = PowerSnapshot("members", block, None, POWER)
            subject = Subject(ID, HASH, OPENS - 50, ENDS + 10_000, 0)
            body = opened_body(ballot, subject, Moment(block), None, power, DELEGATED, signed=False)
            store.record_act(ID, BALLOT_OPENED, "keeper", "open", OPENS, body)
            yield store


def box_of(store: Store) -> BallotBox:
    """Nothing here reads a chain: all power was read when the ballot opened, and no wallet is a contract."""
    treasury = Treasury(1, SAFE, {}, Token(1, SAFE, "ETH", 18), SAFE)
    return BallotBox(treasury, cast("Endpoints", None), store, Register(store), {})


def put_in(store: Store, one: Cast) -> None:
    wallet = WALLETS[one.wallet]
    vote = Vote(ID, "somebody", wallet, POWER[wallet], one.choice, one.at, 0)
    spelled = wallet.upper().replace("X", "x") if one.upper else wallet
    store.record_act(ID, VOTED, spelled, f"key {one.key}", one.at, {**vote.record(), "signed": None})


def facts(counted: Counted) -> dict[str, Any]:
    return {**counted.tally.record(), "void": counted.void, "votes": counted.votes}


def expected(recorded: list[Cast], ends: int) -> list[int]:
    """Written anew: the last timely vote of each wallet, and what was delegated to who voted by who did not."""
    keys: set[int] = set()
    last: dict[int, int] = {}
    for one in recorded:
        if one.key not in keys and OPENS <= one.at <= ends:
            last[one.wallet] = one.choice
        keys.add(one.key)
    scores = [0, 0, 0]
    for wallet, choice in last.items():
        scores[choice - 1] += POWER[WALLETS[wallet]]
    if 4 not in last and 0 in last:
        scores[last[0] - 1] += POWER[WALLETS[4]]
    return scores


@settings(max_examples=examples(15), deadline=None)
@given(before=casts, after=casts, swing=swings)
def test_no_order_of_events_counts_a_wallet_twice_or_changes_a_closed_tally(
    template: Path, before: list[Cast], after: list[Cast], swing: LateSwing | None
) -> None:
    with opened_store(template, swing) as store:
        watching = box_of(store)
        ballot = watching.get(ID)
        for one in before:
            put_in(store, one)
            if one.look:
                assert watching.count(ballot).closed is None
        final = watching.close(ballot, Block(1, 9, "0x" + "44" * 32, ENDS + 5_000))
        assert final is not None and final.closed is not None and final.tally.ends is not None
        assert ENDS <= final.tally.ends <= ENDS + (600 if swing else 0)
        assert [int(score) for score in final.tally.scores] == expected(before, final.tally.ends)
        assert len({vote.wallet for vote in final.votes}) == len(final.votes)
        for one in after:
            put_in(store, one)
        again = watching.close(ballot, Block(1, 10, "0x" + "55" * 32, ENDS + 9_000))
        assert again is not None
        assert facts(again) == facts(final) == facts(watching.count(ballot)) == facts(box_of(store).count(ballot))
        store.verify()


@settings(max_examples=examples(12), deadline=None)
@given(order=st.permutations(range(6)), choices=st.lists(st.integers(1, 3), min_size=6, max_size=6))
def test_the_order_of_different_wallets_does_not_matter(template: Path, order: list[int], choices: list[int]) -> None:
    with opened_store(template, None) as store:
        for number in order:
            put_in(store, Cast(number, choices[number], OPENS, number, False, False))
        box = box_of(store)
        scores = [sum(POWER[WALLETS[n]] for n in range(6) if choices[n] == option) for option in (1, 2, 3)]
        assert [int(score) for score in box.count(box.get(ID)).tally.scores] == scores
