"""Several keepers on one PostgreSQL: each proposal takes effect once, whoever dies, whatever their clocks say."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dao_bot.app.keeping import make_keeper, make_seat
from dao_bot.app.wiring import open_desk
from dao_bot.domain.errors import Conflict
from dao_bot.domain.lifecycle import State
from dao_bot.domain.runs import RunId
from dao_bot.engine.fleet import LEASE_SECONDS
from dao_bot.engine.keeper import Keeper
from dao_bot.engine.look import Look
from dao_bot.engine.seat import Seat
from tests.contract.store.conftest import empty_postgresql_url, postgresql  # noqa: F401 - fixtures
from tests.integration.engine.fleet import Fleet, on_server
from tests.integration.engine.kit import KEEPER_VARIABLE, STRATEGY, Office, at, ready, write_config

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

USDC = 10**6


@pytest.fixture
def office(
    tmp_path: Path,
    world: World,
    anvil: Anvil,
    monkeypatch: pytest.MonkeyPatch,
    empty_postgresql_url: str,  # noqa: F811 - the fixture
) -> Iterator[Office]:
    """The demo's treasury with its record on a server, where keepers may be several."""
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    with open_desk(write_config(tmp_path, anvil.url, on_server(empty_postgresql_url))) as desk:
        yield Office(desk, world, anvil)


def keeper(office: Office, name: str) -> Keeper:
    return make_keeper(office.desk, Seat(name))


def test_what_a_dead_keeper_held_is_taken_over_within_the_stated_time(office: Office) -> None:
    proposal = ready(office)
    store, safe = office.desk.store, office.world.safe
    # It died while it held the lock: nothing was released.
    assert store.lease(f"safe:{safe}", "dead", office.anvil.timestamp(), LEASE_SECONDS)
    with pytest.raises(Conflict, match="another keeper is at work"):
        keeper(office, "alive").tick()
    office.anvil.advance(LEASE_SECONDS + 1)
    keeper(office, "alive").tick()
    assert (office.state(proposal), office.executions()) == (State.EXECUTED, 1)


def test_what_a_dead_keeper_sent_is_followed_by_the_next(office: Office) -> None:
    proposal = ready(office)

    def dies() -> None:
        raise SystemExit

    with at("rpc:eth_sendRawTransaction:after", dies), pytest.raises(SystemExit):
        keeper(office, "one").tick()
    assert office.state(proposal) is State.EXECUTING
    keeper(office, "two").tick()
    assert office.state(proposal) is State.EXECUTED
    assert (office.executions(), office.keeper_nonce(), office.received()) == (1, 1, 1000 * USDC)


def test_two_keepers_in_one_moment_have_one_effect(office: Office) -> None:
    proposal = ready(office)
    told: list[str] = []

    def the_other_ticks() -> None:
        with pytest.raises(Conflict, match="another keeper is at work"):
            keeper(office, "two").tick()
        told.append("refused")

    with at("rpc:eth_sendRawTransaction:before", the_other_ticks):
        keeper(office, "one").tick()
    assert told and office.state(proposal) is State.EXECUTED
    assert (office.executions(), office.keeper_nonce()) == (1, 1)


def test_a_lease_that_ended_too_early_has_one_effect_all_the_same(office: Office) -> None:
    """A keeper that is frozen for hours in the middle of sending wakes up and goes on."""
    proposal = ready(office)

    def frozen() -> None:
        office.anvil.advance(LEASE_SECONDS + 1)
        keeper(office, "two").tick()

    with at("rpc:eth_sendRawTransaction:before", frozen):
        keeper(office, "one").tick()
    office.tick()
    assert office.state(proposal) is State.EXECUTED
    assert (office.executions(), office.received()) == (1, 1000 * USDC)


def test_a_keeper_that_looked_before_another_executed_takes_no_nonce_that_is_used(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same bytes at the same nonce would be one execution for two proposals."""
    first, second = (office.propose(office.payment("USDC", 10), nominal=number) for number in range(2))
    assert office.stored(first).proposal.batch.batch_hash == office.stored(second).proposal.batch.batch_hash
    office.tick()
    office.sign(first)
    slow = keeper(office, "slow")
    look = slow._look

    def dies() -> None:
        raise SystemExit

    def looks_and_is_overtaken() -> Look:
        seen = look()
        with at("store.settle.after_commit", dies), pytest.raises(SystemExit):
            keeper(office, "fast").tick()
        return seen

    monkeypatch.setattr(slow, "_look", looks_and_is_overtaken)
    slow.tick()
    assert (office.state(first), office.stored(second).nonce) == (State.EXECUTED, None)
    office.tick()
    assert (office.state(second), office.stored(second).nonce) == (State.QUEUED, 1)
    office.sign(second)
    office.tick()
    assert (office.executions(), office.received()) == (2, 20 * USDC)


def test_a_run_is_claimed_by_one_of_them(office: Office) -> None:
    now, run = office.anvil.timestamp(), RunId(STRATEGY, 0)
    assert [office.desk.store.claim_run(run, name, now, 600) for name in ("one", "two")] == [True, False]


def test_clocks_that_differ_by_a_day_make_no_difference(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    proposal = ready(office)
    store, safe = office.desk.store, office.world.safe
    store.lease(f"safe:{safe}", "one", office.anvil.timestamp(), LEASE_SECONDS)
    clock = time.time
    for days in (-1, 1):
        monkeypatch.setattr(time, "time", lambda days=days: clock() + days * 86_400)
        with pytest.raises(Conflict, match="another keeper is at work"):
            keeper(office, "two").tick()
    store.release(f"safe:{safe}", "one")
    keeper(office, "two").tick()
    assert (office.state(proposal), office.executions()) == (State.EXECUTED, 1)


def test_keepers_of_another_policy_or_version_wait_until_the_others_are_gone(office: Office) -> None:
    proposal = office.propose(office.payment("USDC", 1000))
    keeper(office, "old").tick()
    services = replace(office.desk.services, policy_hash="0x" + "11" * 32)
    other = replace(office.desk, services=services)
    with pytest.raises(Conflict, match="another version or policy"):
        make_keeper(other, Seat("new")).tick()
    assert office.state(proposal) is State.QUEUED, "it did not refuse what the others proposed"
    office.anvil.advance(LEASE_SECONDS + 1)
    make_keeper(other, Seat("new")).tick()
    assert office.state(proposal) is State.STALE
    with pytest.raises(Conflict, match="another version or policy"):
        keeper(office, "old").tick()


def test_no_two_keepers_have_one_name(office: Office) -> None:
    assert make_seat(office.desk).name != make_seat(office.desk).name


def test_two_processes_under_kills_lose_nothing_and_double_nothing(office: Office, tmp_path: Path) -> None:
    proposals = [office.propose(office.payment("USDC", 10), nominal=number) for number in range(4)]
    with Fleet(office, random.Random(5), tmp_path / "log") as fleet:
        fleet.work(time.monotonic() + 12, kill_every=(2.0, 5.0))
        fleet.work(time.monotonic() + 120, kill_every=None)
    assert fleet.kills
    fleet.require_each_once(proposals, 10 * USDC)
