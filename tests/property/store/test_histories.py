"""Whatever is done to proposals in whatever order, the store agrees with a model of it, and the record with both."""

from __future__ import annotations

import shutil
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from dao_bot.domain.errors import Conflict, Refused
from dao_bot.domain.lifecycle import OPEN_STATES, TRANSITIONS, State
from dao_bot.store.schema import NONCE_HOLDING_STATES
from dao_bot.store.store import open_store
from tests.contract.store.samples import NOW, OTHER_SAFE, SAFE, USDC, USDT, outcome, proposal
from tests.examples import examples

WAY = (State.SIMULATED, State.PENDING, State.ACTIVE, State.SUCCEEDED, State.QUEUED, State.READY, State.EXECUTING)
SAFES = (SAFE, OTHER_SAFE)
ANY = st.integers(0, 3)


@cache
def template() -> Path:
    path = Path(tempfile.mkdtemp()) / "template.sqlite3"
    open_store(f"sqlite:///{path}").close()
    return path


@dataclass
class Kept:
    """What the model knows of one proposal."""

    id: str
    safe: str
    sold: int
    state: State
    nonce: int | None = None
    realised: int | None = None


class Histories(RuleBasedStateMachine):
    """At most four proposals of two Safes; wrong steps are taken too, and must be refused without a trace."""

    @initialize()
    def open(self) -> None:
        self.directory = Path(tempfile.mkdtemp())
        shutil.copy(template(), self.directory / "store.sqlite3")
        self.store = open_store(f"sqlite:///{self.directory / 'store.sqlite3'}")
        self.kept: list[Kept] = []

    def teardown(self) -> None:
        self.store.close()
        shutil.rmtree(self.directory)

    def one(self, which: int) -> Kept | None:
        return self.kept[which % len(self.kept)] if self.kept else None

    @rule(safe=st.sampled_from(SAFES), sold=st.integers(1, 10**12), first=st.sampled_from(WAY[:2]))
    def add(self, safe: str, sold: int, first: State) -> None:
        if len(self.kept) < 4:
            wanted = proposal(len(self.kept), safe=safe, sold=sold)  # type: ignore[arg-type]  # an Address
            assert self.store.add_proposal(wanted, first, NOW)
            assert not self.store.add_proposal(wanted, first, NOW)
            self.kept.append(Kept(wanted.id, safe, sold, first))

    @rule(which=ANY, steps=st.integers(1, 6))
    def go_on(self, which: int, steps: int) -> None:
        """The usual way, some steps at once."""
        for _ in range(steps):
            kept = self.one(which)
            if kept is None or kept.state not in WAY[:-1]:
                return
            self.move(which, WAY[WAY.index(kept.state) + 1])

    @rule(which=ANY, to=st.sampled_from([state for state in State if state is not State.EXECUTED]))
    def move(self, which: int, to: State) -> None:
        kept = self.one(which)
        if kept is None or kept.state is State.EXECUTED:
            return
        if to not in TRANSITIONS[kept.state]:
            with pytest.raises(Refused):
                self.store.transition(kept.id, kept.state, to, NOW, "moved")
            return
        self.store.transition(kept.id, kept.state, to, NOW, "moved")
        with pytest.raises((Conflict, Refused)):
            self.store.transition(kept.id, kept.state, to, NOW, "moved twice")
        kept.state = to

    @rule(which=ANY, chain_nonce=st.integers(0, 4), one_at_a_time=st.booleans())
    def assign(self, which: int, chain_nonce: int, one_at_a_time: bool) -> None:
        kept = self.one(which)
        if kept is None:
            return
        try:
            kept.nonce = self.store.assign_nonce(kept.id, kept.safe, chain_nonce, NOW, one_at_a_time=one_at_a_time)
        except Refused:
            assert kept.state not in NONCE_HOLDING_STATES or one_at_a_time
        except Conflict:
            assert kept.nonce is not None
            assert kept.nonce < chain_nonce
        else:
            assert kept.nonce >= chain_nonce

    @rule(which=ANY, realised=st.integers(1, 10**12), success=st.booleans(), first_all_the_way=st.booleans())
    def execute(self, which: int, realised: int, success: bool, first_all_the_way: bool) -> None:
        if first_all_the_way:
            self.go_on(which, len(WAY))
        kept = self.one(which)
        after = State.EXECUTED if success else State.FAILED
        if kept is None or kept.state in (State.EXECUTED, State.FAILED):
            return
        found = outcome(realised, success=success)
        if after not in TRANSITIONS[kept.state]:
            with pytest.raises(Refused):
                self.store.record_outcome(kept.id, found, NOW)
            return
        assert self.store.record_outcome(kept.id, found, NOW)
        assert not self.store.record_outcome(kept.id, found, NOW)
        kept.state, kept.realised = after, realised

    @rule(which=ANY)
    def roll_back(self, which: int) -> None:
        executed = [kept for kept in self.kept if kept.state is State.EXECUTED] or self.kept
        if not executed:
            return
        kept = executed[which % len(executed)]
        try:
            self.store.roll_back_execution(kept.id, NOW, "reorg")
        except Conflict:
            assert kept.state is not State.EXECUTED or kept.nonce in self.held(kept.safe)
        else:
            assert kept.state is State.EXECUTED
            kept.state, kept.realised = State.READY, None

    def held(self, safe: str) -> list[int]:
        """Nonces that live proposals of a Safe have."""
        of_safe = [kept for kept in self.kept if kept.safe == safe and kept.state in NONCE_HOLDING_STATES]
        return [kept.nonce for kept in of_safe if kept.nonce is not None]

    @invariant()
    def no_nonce_is_held_twice(self) -> None:
        for safe in SAFES if hasattr(self, "kept") else ():
            assert max(Counter(self.held(safe)).values(), default=1) == 1

    @invariant()
    def limits_count_what_the_model_counts(self) -> None:
        for safe in SAFES if hasattr(self, "kept") else ():
            open_ = [kept.sold for kept in self.kept if kept.safe == safe and kept.state in OPEN_STATES]
            spent = [kept.realised for kept in self.kept if kept.safe == safe and kept.state is State.EXECUTED]
            moves = self.store.moves(safe, 0)
            assert self.store.committed(safe).get(USDT.address, 0) == sum(open_)
            assert sorted(move.units for move in moves if move.open) == sorted(open_)
            assert sorted(move.units for move in moves if not move.open) == sorted(map(int, filter(None, spent)))
            assert all(move.token != USDC for move in moves)

    @invariant()
    def the_record_agrees(self) -> None:
        if hasattr(self, "kept"):
            self.store.verify()
            stored = {one.id: (one.state, one.nonce) for one in self.store.proposals(limit=None)}
            assert stored == {kept.id: (kept.state, kept.nonce) for kept in self.kept}


TestHistories = Histories.TestCase
TestHistories.settings = settings(max_examples=examples(9), stateful_step_count=30, deadline=None)
