"""A keeper's writes from run to outcome, each of which can be repeated after a crash; run in processes of their own."""

from __future__ import annotations

import os
import signal

from dao_bot.domain import failpoints
from dao_bot.domain.decisions import Memory
from dao_bot.domain.lifecycle import State
from dao_bot.domain.record import Head
from dao_bot.store.store import Store, open_store
from tests.contract.store.samples import NOW, OWNERS, SAFE, SENDER, approval, hash32, outcome, proposal, run
from tests.contract.store.test_proposals import WAY


def keep(store: Store, nominal: int = NOW) -> Head:
    """All of one run; whatever is done already is skipped or changes nothing."""
    wanted = proposal(nominal)
    if store.claim_run(run(nominal), "alice", NOW, 60):
        with store.transaction("conclude"):
            store.add_proposal(wanted, State.SIMULATED, NOW)
            store.swap_memory("reserve", (store.memory("reserve") or (0, None))[0], Memory(1, {"last": nominal}))
            store.finish_run(run(nominal), "proposal", wanted.id, NOW, keeper="alice")
    store.add_approval(wanted.id, approval(wanted), NOW)
    for before, after in zip(WAY, WAY[1:], strict=False):
        if before is State.QUEUED:
            if store.proposal(wanted.id).nonce is None:
                store.assign_nonce(wanted.id, SAFE, _nonce_of_the_safe(store), NOW, one_at_a_time=False)
            store.add_signature(hash32(nominal), OWNERS[0], "eoa", b"\x01" * 65, NOW, proposal_id=wanted.id)
        if store.proposal(wanted.id).state is before:
            store.transition(wanted.id, before, after, NOW, "moved on")
    attempt = hash32(nominal + 1)
    store.plan_attempt(wanted.id, SENDER, nominal, b"raw", attempt, {"max_fee_per_gas": 1}, NOW)
    if attempt in {open_.transaction_hash for open_ in store.unsettled_attempts()}:
        store.mark_broadcast(attempt, NOW)
        store.mark_mined(attempt, 120, hash32(120), 1, 90_000, NOW)
    store.record_outcome(wanted.id, outcome(), NOW)
    return store.head()


def _nonce_of_the_safe(store: Store) -> int:
    """As the chain would tell it: after all that was executed."""
    executed = [each.nonce for each in store.with_nonce_from(SAFE, 0) if each.state is State.EXECUTED]
    return max((nonce for nonce in executed if nonce is not None), default=-1) + 1


def keep_until_killed(url: str, failpoint: int) -> None:
    """Kill this process, as `kill -9` does, at the n-th failpoint that it reaches."""
    left = failpoint

    def hook(_name: str) -> None:
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    with open_store(url) as store:
        failpoints.install(hook)
        keep(store)


def keep_forever(url: str, first: int) -> None:
    """One run after another until somebody kills this process."""
    with open_store(url, wait=30) as store:
        while True:
            keep(store, first)
            first += 10


def append_many(url: str, keeper: str, count: int) -> None:
    with open_store(url, wait=30) as store:
        for number in range(count):
            store.append(keeper, "tick", NOW, {"n": number})
