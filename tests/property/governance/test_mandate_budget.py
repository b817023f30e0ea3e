"""However batches come, end and fail: what a mandate lets through never passes its total, nor its window."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dao_bot.domain.lifecycle import State
from dao_bot.domain.units import WAD
from dao_bot.store.store import Store, open_store
from governance.acts.mandates import Mandate, mandate_from_record, outside, record_use, spent
from tests.contract.store.samples import CHAIN, NOW, SAFE, USDC, USDT, hash32, outcome, proposal
from tests.examples import examples

TOTAL, PER_WINDOW, WINDOW = 100, 40, 1000
"""Whole USD, and seconds."""

MANDATE = Mandate(
    chain_id=CHAIN,
    safe=SAFE,
    strategy="reserve",
    rule="people",
    parameters=hash32(1),
    policy_hash=hash32(9),
    tokens=tuple(sorted((USDC.address, USDT.address))),
    total=TOTAL * WAD,
    window=WINDOW,
    per_window=PER_WINDOW * WAD,
    worst_price=WAD // 100,
    expires=NOW + 10**7,
)
WAY = (State.ACTIVE, State.SUCCEEDED, State.QUEUED, State.READY, State.EXECUTING)


@dataclass(frozen=True)
class Step:
    """Time passes; then a batch is proposed, or the oldest open one is executed, or canceled."""

    passes: int
    do: str
    whole: int


steps = st.lists(
    st.builds(
        Step, st.integers(0, 700), st.sampled_from(["propose", "propose", "execute", "cancel"]), st.integers(1, 45)
    ),
    max_size=30,
)


@pytest.fixture(scope="module")
def template() -> Iterator[Path]:
    """A store with the schema and no rows."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "template.sqlite3"
        open_store(f"sqlite:///{path}").close()
        yield path


@dataclass
class Model:
    """What a mandate must come to, written anew: (approved amount, execution time or None) of every batch under it."""

    open: dict[str, int]
    executed: list[tuple[int, int]]

    def total(self) -> int:
        return sum(self.open.values()) + sum(whole for whole, _ in self.executed)

    def lately(self, now: int) -> int:
        return sum(self.open.values()) + sum(whole for whole, at in self.executed if at >= now - WINDOW)


def propose(store: Store, model: Model, number: int, whole: int, now: int) -> None:
    made = proposal(NOW + number, sold=whole * 10**6)
    store.add_proposal(made, State.PENDING, now)
    store.transition(made.id, State.PENDING, State.ACTIVE, now, "open")
    fits = model.total() + whole <= TOTAL and model.lately(now) + whole <= PER_WINDOW
    assert (outside(store, MANDATE, store.proposal(made.id), now) is None) == fits
    if fits:
        record_use(store, MANDATE, made.id, now)
        record_use(store, MANDATE, made.id, now + 1)
        model.open[made.id] = whole
        assert outside(store, MANDATE, store.proposal(made.id), now) is None, "it does not stand in its own way"
    else:
        store.transition(made.id, State.ACTIVE, State.DEFEATED, now, "not approved")


def execute(store: Store, model: Model, now: int) -> None:
    oldest = next(iter(model.open))
    for before, after in zip(WAY, WAY[1:], strict=False):
        store.transition(oldest, before, after, now, "moved on")
    whole = model.open.pop(oldest)
    store.record_outcome(oldest, outcome(whole * 10**6), now)
    model.executed.append((whole, now))


@settings(max_examples=examples(20), deadline=None)
@given(steps=steps)
def test_no_sequence_of_batches_takes_more_than_was_approved(template: Path, steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "store.sqlite3"
        shutil.copy(template, path)
        now, model = NOW, Model({}, [])
        with open_store(f"sqlite:///{path}") as store:
            for number, step in enumerate(steps):
                now += step.passes
                if step.do == "propose":
                    propose(store, model, number, step.whole, now)
                elif model.open and step.do == "execute":
                    execute(store, model, now)
                elif model.open:
                    oldest = next(iter(model.open))
                    store.transition(oldest, State.ACTIVE, State.CANCELED, now, "canceled")
                    del model.open[oldest]
                assert spent(store, MANDATE) == model.total() * WAD <= TOTAL * WAD
                assert model.lately(now) <= PER_WINDOW
            store.verify()


def test_a_mandate_reads_back_as_it_was_recorded() -> None:
    assert mandate_from_record(MANDATE.record()) == MANDATE
    assert mandate_from_record(MANDATE.record()).hash == MANDATE.hash
