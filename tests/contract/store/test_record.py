"""What must hold of the record: nothing changed, left out, cut off or half-written goes unseen."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from dao_bot.domain import failpoints
from dao_bot.domain.decisions import Memory
from dao_bot.domain.errors import Conflict, StoreError
from dao_bot.domain.lifecycle import State
from dao_bot.domain.record import GENESIS, Head
from dao_bot.store.store import Store
from tests.contract.store.samples import NOW, SAFE, hash32, outcome, proposal, run
from tests.contract.store.test_proposals import added


def run_sql(store: Store, *statements: str) -> None:
    """What somebody with a database client could do."""
    with store._database.write("tamper") as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)


def without_guards(store: Store) -> list[str]:
    """Statements that take the triggers of the events away."""
    if store._database.is_postgresql:
        return ["ALTER TABLE events DISABLE TRIGGER USER"]
    return [f"DROP TRIGGER events_{what}" for what in ("no_update", "no_delete", "only_next")]


def test_an_empty_record_has_a_head(store: Store) -> None:
    assert store.head() == store.verify() == Head(0, GENESIS)
    assert store.events() == ()


def test_events_are_numbered_without_gaps_and_linked(store: Store) -> None:
    heads = [store.append("keeper", "started", NOW + n, {"n": n, "big": 2**80, "raw": b"\x00"}) for n in range(3)]
    events = store.events()
    assert [event.number for event in events] == [1, 2, 3]
    assert [event.previous for event in events] == [GENESIS, heads[0].hash, heads[1].hash]
    assert events[2].body == {"n": 2, "big": 2**80, "raw": b"\x00"}
    assert store.verify() == heads[2] == store.head()
    assert store.verify(against=heads[0]) == heads[2]
    assert store.verify(against=Head(0, GENESIS)) == heads[2]


def test_events_are_read_by_subject_and_in_parts(store: Store) -> None:
    for n in range(6):
        store.append("keeper" if n % 2 else "reserve", "tick", NOW, {"n": n})
    assert [event.number for event in store.events("keeper")] == [2, 4, 6]
    assert [event.number for event in store.events(after=2, limit=2)] == [3, 4]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE events SET at = 1 WHERE number = 1",
        "DELETE FROM events WHERE number = 2",
        "INSERT INTO events SELECT number + 3, subject, kind, at, body, previous, hash FROM events WHERE number = 1",
        "INSERT INTO events SELECT number + 2, subject, kind, at, body, previous, hash FROM events WHERE number = 1",
        "INSERT INTO events SELECT number - 1, subject, kind, at, body, previous, hash FROM events WHERE number = 1",
    ],
)
def test_the_database_itself_refuses_to_change_the_record(store: Store, statement: str) -> None:
    for _ in range(2):
        store.append("keeper", "tick", NOW, {})
    with pytest.raises(Conflict, match="append-only|only the next"):
        run_sql(store, statement)
    assert store.verify().number == 2


def test_replacing_and_truncating_are_refused_too(store: Store) -> None:
    store.append("keeper", "tick", NOW, {})
    statement = (
        "TRUNCATE events"
        if store._database.is_postgresql
        else "INSERT OR REPLACE INTO events SELECT number, subject, 'x', at, body, previous, hash FROM events"
    )
    with pytest.raises(Conflict):
        run_sql(store, statement)
    assert store.verify().number == 1


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("UPDATE events SET body = '{\"n\":9}' WHERE number = 2", "event 2 of the record was changed"),
        ("UPDATE events SET at = at + 1 WHERE number = 3", "event 3 of the record was changed"),
        (f"UPDATE events SET hash = '{hash32(1)}' WHERE number = 2", "event 2 of the record was changed"),
        ("UPDATE events SET body = 'nonsense' WHERE number = 1", "cannot be read"),
        ("DELETE FROM events WHERE number = 2", "gap"),
        ("DELETE FROM events WHERE number = 1", "gap"),
    ],
)
def test_a_changed_record_is_found(store: Store, statement: str, complaint: str) -> None:
    for n in range(3):
        store.append("keeper", "tick", NOW, {"n": n})
    run_sql(store, *without_guards(store), statement)
    with pytest.raises(StoreError, match=complaint):
        store.verify()


def test_a_cut_off_tail_is_found_with_a_published_head(store: Store) -> None:
    for n in range(3):
        store.append("keeper", "tick", NOW, {"n": n})
    published = store.head()
    run_sql(store, *without_guards(store), "DELETE FROM events WHERE number = 3")
    assert store.verify().number == 2
    with pytest.raises(StoreError, match="cut off.*event 2.*event 3"):
        store.verify(against=published)


def test_a_rewritten_tail_is_found_with_a_published_head(store: Store) -> None:
    for n in range(3):
        store.append("keeper", "tick", NOW, {"n": n})
    published = store.head()
    run_sql(store, *without_guards(store), "DELETE FROM events WHERE number = 3")
    store.append("keeper", "tick", NOW, {"n": "another"})
    store.append("keeper", "tick", NOW, {})
    assert store.verify().number == 4
    with pytest.raises(StoreError, match="rewritten at or before event 3"):
        store.verify(against=published)


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("UPDATE proposals SET body = replace(body, 'USDT is above', 'USDT is below')", "body of a proposal"),
        ("UPDATE proposals SET state = 'ready'", "state of a proposal"),
        ("UPDATE proposals SET nonce = 8", "nonce of a proposal"),
        ("UPDATE outcomes SET body = replace(body, '-1000000', '-1')", "outcome of a proposal"),
        ("DELETE FROM outcomes", "outcome of a proposal"),
    ],
)
def test_a_table_that_does_not_say_what_the_record_says_is_found(store: Store, statement: str, complaint: str) -> None:
    one = added(store, proposal(), State.SUCCEEDED)
    store.assign_nonce(one, SAFE, 7, NOW)
    for before, after in ((State.SUCCEEDED, State.QUEUED), (State.QUEUED, State.READY)):
        store.transition(one, before, after, NOW, "on")
    store.record_outcome(one, outcome(), NOW)
    store.verify()
    run_sql(store, statement)
    with pytest.raises(StoreError, match=complaint):
        store.verify()


def test_a_proposal_that_was_taken_out_is_found(store: Store) -> None:
    added(store, proposal())
    run_sql(store, "DELETE FROM spends", "DELETE FROM proposals")
    with pytest.raises(StoreError, match="missing"):
        store.verify()


def test_a_proposal_that_was_put_in_is_found(store: Store) -> None:
    added(store, proposal())
    columns = "chain_id, safe, strategy, nominal, 1, batch_hash, state, nonce, created_at, changed_at, body"
    run_sql(store, f"INSERT INTO proposals SELECT '{hash32(9)}', 99, {columns} FROM proposals")
    with pytest.raises(StoreError, match="without an event"):
        store.verify()


def test_a_write_that_fails_leaves_nothing_behind(store: Store) -> None:
    one = added(store, proposal())
    head = store.head()

    def stop(name: str) -> None:
        if name == "store.record_outcome.before_commit":
            raise RuntimeError(name)

    for before, after in (
        ("simulated", "pending"),
        ("pending", "active"),
        ("active", "succeeded"),
        ("succeeded", "queued"),
    ):
        store.transition(one, State(before), State(after), NOW, "on")
    head = store.head()
    failpoints.install(stop)
    try:
        with pytest.raises(RuntimeError):
            store.record_outcome(one, outcome(), NOW)
    finally:
        failpoints.install(None)
    assert store.head() == head
    assert store.outcome(one) is None
    assert store.proposal(one).state is State.QUEUED
    assert [move.open for move in store.moves(SAFE, 0)] == [True]


def test_several_writes_in_one_transaction_happen_together_and_are_seen_inside(store: Store) -> None:
    reached: list[str] = []
    failpoints.install(reached.append)
    try:
        with store.transaction("conclude"):
            store.claim_run(run(), "alice", NOW, 60)
            store.add_proposal(proposal(), State.DRAFT, NOW)
            assert store.proposal(proposal().id).state is State.DRAFT
            store.swap_memory("reserve", 0, Memory(1, {}))
            store.finish_run(run(), "proposal", proposal().id, NOW)
    finally:
        failpoints.install(None)
    assert reached == ["store.conclude.before_commit", "store.conclude.after_commit"]
    assert store.memory("reserve") is not None
    assert [event.kind for event in store.events()] == ["proposed", "run finished"]


def test_a_transaction_in_which_one_write_failed_is_given_up_even_if_the_error_was_caught(store: Store) -> None:
    with pytest.raises(StoreError, match="passed over"), store.transaction("conclude"):
        store.add_proposal(proposal(), State.DRAFT, NOW)
        with pytest.raises(Conflict):
            store.swap_memory("reserve", 5, Memory(1, {}))
    assert store.proposals() == ()
    assert store.head().number == 0


def test_every_write_passes_its_failpoints(store: Store) -> None:
    reached: list[str] = []
    failpoints.install(reached.append)
    try:
        store.append("keeper", "tick", NOW, {})
        store.lease("safe", "alice", NOW, 5)
    finally:
        failpoints.install(None)
    assert reached == [f"store.{name}.{side}_commit" for name in ("append", "lease") for side in ("before", "after")]


def test_what_one_process_wrote_another_opening_reads(url: str, opened: Callable[..., Store]) -> None:
    first = opened(url)
    head = first.append("keeper", "tick", NOW, {})
    first.close()
    assert opened(url).verify(against=head) == head
