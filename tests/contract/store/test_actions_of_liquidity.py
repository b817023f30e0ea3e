"""What a strategy did is counted from the record, also where it took nothing out of the Safe."""

from __future__ import annotations

from dao_bot.domain.lifecycle import State
from dao_bot.domain.needs import PastAction
from dao_bot.store.store import Store
from tests.contract.store.samples import NOW, outcome, proposal
from tests.contract.store.test_proposals import added


def kinds_of(store: Store) -> list[tuple[int, bool]]:
    return [(action.at, action.open) for action in store.actions("reserve", NOW)]


def test_open_proposals_count_and_executed_ones_at_their_execution(store: Store) -> None:
    one = added(store, proposal(), State.EXECUTING)
    (open_action,) = store.actions("reserve", NOW + 10**6)
    made = tuple(operation.kind for operation in proposal().decision.operations)
    assert open_action == PastAction(made, NOW, True)
    store.record_outcome(one, outcome(900_000), NOW + 15)
    assert store.actions("reserve", NOW + 15) == (PastAction(made, NOW + 15, False),)
    assert store.actions("reserve", NOW + 16) == ()


def test_what_was_given_up_and_what_others_did_does_not_count(store: Store) -> None:
    one = added(store, proposal())
    store.transition(one, State.SIMULATED, State.STALE, NOW, "gone")
    added(store, proposal(strategy="other"))
    assert kinds_of(store) == []
