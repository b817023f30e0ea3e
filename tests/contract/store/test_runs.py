"""What must hold of runs, strategies, their memories, and leases, on every kind of database."""

from __future__ import annotations

import pytest

from dao_bot.domain.decisions import Decision, Evidence, Memory
from dao_bot.domain.errors import BadInput, Conflict, NotFound
from dao_bot.domain.runs import RunId
from dao_bot.store.store import Store
from dao_bot.store.values import RunResult, StrategyState
from tests.contract.store.samples import NOW, proposal, run


def test_a_run_is_claimed_once(store: Store) -> None:
    assert store.claim_run(run(), "alice", NOW, 60) is True
    assert store.claim_run(run(), "bob", NOW + 59, 60) is False
    assert store.claim_run(run(NOW + 1), "bob", NOW, 60) is True
    assert store.claim_run(run(strategy="other"), "bob", NOW, 60) is True


def test_a_keeper_extends_its_own_claim(store: Store) -> None:
    store.claim_run(run(), "alice", NOW, 60)
    assert store.claim_run(run(), "alice", NOW + 30, 60) is True
    assert store.claim_run(run(), "bob", NOW + 80, 60) is False


def test_a_claim_whose_lease_expired_is_taken_over(store: Store) -> None:
    store.claim_run(run(), "alice", NOW, 60)
    assert store.abandoned_runs(NOW + 59) == ()
    assert store.abandoned_runs(NOW + 60) == (run(),)
    assert store.claim_run(run(), "bob", NOW + 60, 60) is True
    assert store.abandoned_runs(NOW + 60) == ()
    with pytest.raises(Conflict, match="took this run over"):
        store.finish_run(run(), "nothing", "calm", NOW + 61, keeper="alice")
    store.finish_run(run(), "nothing", "calm", NOW + 61, keeper="bob")


def test_a_finished_run_is_never_claimed_again(store: Store) -> None:
    store.claim_run(run(), "alice", NOW, 60)
    store.finish_run(run(), "proposal", "one", NOW + 5, keeper="alice")
    assert store.claim_run(run(), "alice", NOW + 6, 60) is False
    assert store.claim_run(run(), "bob", NOW + 600, 60) is False
    assert store.abandoned_runs(NOW + 600) == ()


def test_a_run_ends_once(store: Store) -> None:
    store.claim_run(run(), "alice", NOW, 60)
    store.finish_run(run(), "failed", "the RPC is down", NOW)
    store.finish_run(run(), "failed", "the RPC is down", NOW + 1)
    assert store.strategy_state("reserve").failures == 1
    with pytest.raises(Conflict, match="ended already"):
        store.finish_run(run(), "nothing", "calm", NOW)
    with pytest.raises(NotFound, match="nobody claimed"):
        store.finish_run(run(1), "nothing", "calm", NOW)
    with pytest.raises(BadInput, match="no such end"):
        store.finish_run(run(), "done", "calm", NOW)


def test_a_decision_to_do_nothing_is_kept_with_its_reason(store: Store) -> None:
    decided = Decision.nothing("inside the band", evidence=(Evidence("deviation", 0.2, "%"),))
    store.claim_run(run(), "alice", NOW, 60)
    store.finish_run(run(), "nothing", decided.reason, NOW + 2, decision=decided)
    [kept] = store.last_runs("reserve")
    assert (kept.decision, kept.result, kept.finished_at) == (decided, RunResult.NOTHING, NOW + 2)
    assert store.run(run()) == kept
    assert store.events("reserve")[-1].body["reason"] == "inside the band"


def test_a_refused_run_keeps_the_verdict(store: Store) -> None:
    store.claim_run(run(), "alice", NOW, 60)
    store.finish_run(run(), "refused", "token_cap", NOW, verdict=proposal().verdict)
    assert store.last_runs("reserve")[0].verdict == proposal().verdict


def test_the_latest_runs_come_first(store: Store) -> None:
    assert store.latest_nominal("reserve") is None
    assert store.run(run()) is None
    for nominal in (30, 10, 20):
        store.claim_run(run(nominal), "alice", NOW, 60)
    assert [kept.run.nominal for kept in store.last_runs("reserve", limit=2)] == [30, 20]
    assert store.latest_nominal("reserve") == 30
    assert store.last_runs("other") == ()


def test_failures_count_in_a_row_and_any_other_end_ends_the_row(store: Store) -> None:
    for nominal, result, failures in ((1, "failed", 1), (2, "failed", 2), (3, "nothing", 0), (4, "failed", 1)):
        store.claim_run(run(nominal), "alice", NOW, 60)
        store.finish_run(run(nominal), result, "x", NOW)
        assert store.strategy_state("reserve").failures == failures
    assert store.strategy_state("other") == StrategyState("other")


def test_a_pause_keeps_its_first_reason_until_it_ends(store: Store) -> None:
    store.claim_run(run(), "alice", NOW, 60)
    store.finish_run(run(), "failed", "x", NOW)
    store.pause("reserve", "three failures", NOW + 1)
    store.pause("reserve", "again", NOW + 2)
    assert store.strategy_state("reserve") == StrategyState("reserve", 1, True, "three failures", NOW + 1)
    store.resume("reserve", NOW + 3)
    store.resume("reserve", NOW + 4)
    assert store.strategy_state("reserve") == StrategyState("reserve")
    assert [event.kind for event in store.events("reserve")] == ["run finished", "paused", "resumed"]


def test_hostile_text_is_kept_as_it_is(store: Store) -> None:
    text = "nul \x00, surrogate \ud800, quote ' \" ; -- %s :x {} \N{SNOWMAN}"
    store.claim_run(run(), "alice", NOW, 60)
    store.finish_run(run(), "failed", text, NOW, decision=Decision.nothing(text))
    store.pause("reserve", text, NOW)
    kept = store.last_runs("reserve")[0]
    assert (kept.detail, kept.decision) == (text, Decision.nothing(text))
    assert store.strategy_state("reserve").reason == text
    store.verify()


@pytest.mark.parametrize("name", ["", "a" * 201, "nul\x00", "line\nbreak", None])
def test_names_are_short_and_printable(store: Store, name: str) -> None:
    with pytest.raises(BadInput, match="not a name"):
        store.claim_run(run(), name, NOW, 60)
    with pytest.raises(BadInput, match="not a name"):
        store.claim_run(RunId(name, NOW), "alice", NOW, 60)
    with pytest.raises(BadInput, match="not a name"):
        store.lease(name, "alice", NOW, 60)


@pytest.mark.parametrize("time", [-1, 2**63, 1.5, True])
def test_times_are_whole_and_fit_the_column(store: Store, time: int) -> None:
    with pytest.raises(BadInput, match="whole number"):
        store.claim_run(run(), "alice", time, 60)
    with pytest.raises(BadInput, match="whole number"):
        store.pause("reserve", "x", time)


def test_memory_is_replaced_only_by_who_saw_the_last_version(store: Store) -> None:
    assert store.memory("reserve") is None
    assert store.swap_memory("reserve", 0, Memory(1, {"a": [1, 2**80, -0.5, "x"]})) == 1
    with pytest.raises(Conflict, match="memory"):
        store.swap_memory("reserve", 0, Memory(1, {}))
    assert store.memory("reserve") == (1, Memory(1, {"a": [1, 2**80, -0.5, "x"]}))
    assert store.swap_memory("reserve", 1, Memory(2, {})) == 2
    with pytest.raises(Conflict, match="memory"):
        store.swap_memory("reserve", 1, Memory(2, {"late": True}))
    with pytest.raises(Conflict, match="memory"):
        store.swap_memory("other", 1, Memory(2, {}))
    assert store.memory("reserve") == (2, Memory(2, {}))


@pytest.mark.parametrize("value", [{"a": float("nan")}, {"a": {1, 2}}, {1: 2}, {"a": object()}])
def test_memory_that_is_no_plain_json_is_bad_input(store: Store, value: dict[str, object]) -> None:
    with pytest.raises(BadInput, match="cannot be stored"):
        store.swap_memory("reserve", 0, Memory(1, value))
    assert store.memory("reserve") is None


def test_memory_nested_without_end_is_bad_input(store: Store) -> None:
    nested: dict[str, object] = {}
    nested["again"] = nested
    with pytest.raises(BadInput, match="cannot be stored"):
        store.swap_memory("reserve", 0, Memory(1, nested))


def test_a_lease_has_one_holder_until_it_ends(store: Store) -> None:
    assert store.lease("safe", "alice", NOW, 30) is True
    assert store.lease("safe", "bob", NOW + 29, 30) is False
    assert store.lease("safe", "alice", NOW + 29, 30) is True
    assert store.lease("safe", "bob", NOW + 58, 30) is False
    assert store.lease_holder("safe", NOW + 58) == "alice"
    assert store.lease("safe", "bob", NOW + 59, 30) is True
    assert store.lease_holder("safe", NOW + 60) == "bob"


def test_a_lease_is_released_by_its_holder_only(store: Store) -> None:
    store.lease("safe", "alice", NOW, 30)
    store.release("safe", "bob")
    assert store.lease_holder("safe", NOW) == "alice"
    store.release("safe", "alice")
    assert store.lease_holder("safe", NOW) is None
    assert store.lease("safe", "bob", NOW, 30) is True
