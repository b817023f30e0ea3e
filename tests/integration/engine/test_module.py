"""The module route on the chain: a proposal takes effect once or not at all, whoever relays what and when."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dao_bot.app.wiring import open_desk
from dao_bot.chain.abi import function
from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.artifacts import own_artifact
from dao_bot.devnet.errors import DevnetError
from dao_bot.devnet.running import refresh_feeds
from dao_bot.devnet.scenarios import swap_as_stranger
from dao_bot.devnet.transactions import Transaction, transact
from dao_bot.domain.calls import Call
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.lifecycle import State
from dao_bot.engine.routes.module_role import role_differences
from dao_bot.protocols.erc20 import TRANSFER
from tests.integration.engine import life
from tests.integration.engine.kills import EXECUTED, Killer, first_writes
from tests.integration.engine.kit import GRANTEE, KEEPER_VARIABLE, SENDING, Office, at, write_config
from tests.integration.engine.module_kit import (
    DAY,
    as_safe,
    before_a_refill,
    call_of_member,
    give_role,
    module_of,
    module_office,
    relay,
    through_the_module,
)
from tests.integration.engine.zygote import Zygote

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, RunningWorld, World

USDC = 10**6


@pytest.fixture
def office(tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    with module_office(tmp_path, world, anvil, monkeypatch) as opened:
        yield opened


def pay_as_member(office: Office, whole: int) -> None:
    """Somebody else with the member's key spends some of the allowance."""
    usdc = office.token("USDC").address
    transact(office.anvil, call_of_member(office, Call(usdc, TRANSFER.encode(GRANTEE, whole * USDC))))


def closings(office: Office, proposal: str) -> list[object]:
    return [event.body["how"] for event in office.desk.store.events(proposal) if event.kind == "closed"]


def test_a_proposal_is_executed_once_without_a_nonce_and_without_owners(office: Office) -> None:
    proposal = office.propose(office.payment("USDC", 1000))
    told = office.tick()
    assert office.state(proposal) is State.EXECUTED, told
    assert (office.received(), office.safe_nonce(), office.stored(proposal).nonce) == (1000 * USDC, 0, None)
    recorded = office.desk.store.outcome(proposal)
    assert recorded is not None
    assert recorded.outcome.realised == recorded.outcome.expected == ((office.token("USDC"), -1000 * USDC),)
    office.tick()
    assert office.received() == 1000 * USDC
    office.desk.store.verify()


def test_two_keepers_that_relay_the_same_module_transaction_pay_once(
    office: Office, tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They share neither a record nor an account; the salt alone keeps them from paying twice."""
    second = tmp_path / "second"
    second.mkdir()
    with module_office(second, world, anvil, monkeypatch, set_up=False) as other:
        # At one block both come to the same proposal.
        first_id, second_id = (each.propose(each.payment("USDC", 400)) for each in (office, other))
        assert first_id == second_id
        monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
        office.tick()
        monkeypatch.setenv(KEEPER_VARIABLE, world.stranger_key)
        other.tick()
        assert (office.state(first_id), other.state(second_id)) == (State.EXECUTED, State.EXECUTED)
    assert office.received() == 400 * USDC


def test_two_keepers_that_send_at_the_same_moment_pay_once(
    office: Office, tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = tmp_path / "second"
    second.mkdir()
    with module_office(second, world, anvil, monkeypatch, set_up=False) as other:
        proposal = office.propose(office.payment("USDC", 400))
        other.propose(other.payment("USDC", 400))

        def other_is_first() -> None:
            monkeypatch.setenv(KEEPER_VARIABLE, world.stranger_key)
            other.tick()

        with at(SENDING, other_is_first):
            office.tick()
        office.tick()
        assert (office.state(proposal), other.state(proposal)) == (State.EXECUTED, State.EXECUTED)
    assert office.received() == 400 * USDC


@pytest.mark.parametrize("depth", [1, 2, 5])
def test_an_execution_that_a_reorganisation_took_back_happens_once_in_the_new_branch(
    office: Office, depth: int
) -> None:
    proposal = office.propose(office.payment("USDC", 400))
    office.tick()
    office.anvil.mine(depth - 1)
    office.anvil.rpc("anvil_reorg", depth, [])
    assert office.received() == 0
    for _ in range(3):
        office.tick()
    assert (office.state(proposal), office.received()) == (State.EXECUTED, 400 * USDC)
    office.desk.store.verify()


def test_a_keeper_that_is_killed_at_any_commit_or_send_pays_once(
    tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    role = tmp_path / "role"
    role.mkdir()
    proposed = life.settle_down(tmp_path / "proposed", anvil.url, lambda data: through_the_module(world, data))
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    with module_office(role, world, anvil, monkeypatch):
        pass
    with Zygote(world, tmp_path) as zygote:
        killer = Killer(zygote, anvil, world, tmp_path)
        killer.prepare("propose", proposed)
        trace = killer.trace("live", proposed)
        chosen = first_writes(trace)
        sys.stdout.write(f"{len(chosen)} of {len(trace)} places\n")
        assert len(chosen) >= 16
        assert killer.kill_at_each("live", proposed, chosen, "live", EXECUTED) == []


def test_an_allowance_that_runs_out_before_the_check_makes_the_proposal_stale_in_words(office: Office) -> None:
    proposal = office.propose(office.payment("USDC", 1000))
    pay_as_member(office, 1)
    told = office.tick()
    assert office.state(proposal) is State.STALE
    assert "the allowance of the role is used up" in str(told)
    assert (office.received(), office.desk.store.attempts(proposal)) == (1 * USDC, ())


def test_an_allowance_that_runs_out_between_check_and_send_pays_nothing_not_even_after_the_refill(
    office: Office,
) -> None:
    before_a_refill(office, 3600)
    proposal = office.propose(office.payment("USDC", 600))
    with at(SENDING, lambda: pay_as_member(office, 500)):
        office.tick()
    told = office.tick()
    assert office.state(proposal) is State.STALE, told
    # What was signed would pass after the refill, and anybody has it: it must be invalidated.
    office.tick()
    office.tick()
    assert closings(office, proposal) == ["invalidated on the chain"]
    office.anvil.advance(3700)
    with pytest.raises(DevnetError, match="reverted"):
        relay(office, proposal)
    assert office.received() == 500 * USDC
    pay_as_member(office, 1000)  # the allowance was full again; that was not the reason


def test_an_invalidation_that_a_reorganisation_takes_back_is_sent_again(office: Office) -> None:
    proposal = office.propose(office.payment("USDC", 600))
    with at(SENDING, lambda: pay_as_member(office, 500)):
        office.tick()
    for _ in range(2):
        office.tick()
    assert closings(office, proposal) == ["invalidated on the chain"]
    office.anvil.rpc("anvil_reorg", 1, [])
    for _ in range(2):
        office.tick()
    assert closings(office, proposal) == ["invalidated on the chain"] * 2
    with pytest.raises(DevnetError, match="reverted"):
        relay(office, proposal)


def test_a_token_that_is_paused_meanwhile_makes_the_proposal_stale(office: Office) -> None:
    proposal = office.propose(office.payment("USDC", 1000))
    pause = encode_call(own_artifact("GuardedToken"), "pause")
    office.anvil.rpc("anvil_impersonateAccount", office.world.deployer)
    transact(office.anvil, Transaction(office.world.deployer, office.token("USDC").address, pause))
    office.tick()
    assert (office.state(proposal), office.received()) == (State.STALE, 0)


def test_a_pool_that_is_drained_between_simulation_and_execution_costs_nothing_but_gas(
    office: Office, running_world: RunningWorld
) -> None:
    proposal = office.propose(office.swap("USDC", "DAI", 100, 500))
    before = balances(office)
    drain = 10**9 * USDC
    with at(SENDING, lambda: swap_as_stranger(running_world, "USDC", "DAI", 100, drain)):
        office.tick()
    office.tick()
    assert office.state(proposal) is State.STALE
    assert balances(office) == before
    # Nothing left, so nothing of the allowance was used up.
    pay_as_member(office, 1000)


def balances(office: Office) -> list[int]:
    data = encode_call(own_artifact("Token"), "balanceOf", office.world.safe)
    return [
        int(office.anvil.rpc("eth_call", {"to": office.token(symbol).address, "data": data}, "latest"), 16)
        for symbol in ("USDC", "DAI")
    ]


def test_a_canceled_proposal_that_was_never_signed_needs_no_invalidation(office: Office) -> None:
    proposal = office.propose(office.payment("USDC", 1000))
    now = office.anvil.timestamp()
    office.desk.store.transition(proposal, State.DRAFT, State.CANCELED, now, "canceled", {})
    office.tick()
    assert (office.state(proposal), office.received(), office.keeper_nonce()) == (State.CANCELED, 0, 0)
    assert office.desk.store.left_open(office.world.safe) == ()


def test_after_the_deadline_nothing_is_executed_and_nothing_has_to_be_invalidated(office: Office) -> None:
    proposal = office.propose(office.payment("USDC", 600))
    with at(SENDING, lambda: pay_as_member(office, 500)):
        office.tick()
    office.anvil.set_time(office.stored(proposal).proposal.batch.valid_until + 1)
    office.tick()
    office.tick()
    assert office.state(proposal) is State.STALE
    assert closings(office, proposal) == ["its deadline has passed"]
    with pytest.raises(DevnetError, match="reverted"):
        relay(office, proposal)


def test_a_module_that_is_not_enabled_lets_the_proposal_fail_before_anybody_is_asked(
    tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    with module_office(tmp_path, world, anvil, monkeypatch, set_up=False) as office:
        report = office.run(office.payment("USDC", 1000))
        assert report.proposal is not None and not report.proposal.verdict.passed
        assert "NotAuthorized" in report.detail
        give_role(office)
        proposal = office.propose(office.payment("USDC", 1000), nominal=1)
        office.tick()
        assert office.state(proposal) is State.EXECUTED


def test_the_keeper_waits_while_the_role_is_not_exactly_the_derived_one(office: Office) -> None:
    proposal = office.propose(office.payment("USDC", 1000))
    allow = function("allowTarget(bytes32,address,uint8)")
    data = allow.encode(module_of(office).role, office.token("DAI").address, 0)
    as_safe(office.anvil, office.world, Call(office.world.roles, data))
    told = office.tick()
    assert office.state(proposal) is State.READY
    assert "may call every function of DAI token" in str(told)
    assert office.received() == 0


def test_owners_signatures_are_no_approval_of_what_goes_through_the_module(
    tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> None:
    with module_office(tmp_path, world, anvil, monkeypatch) as office:
        plan = dataclasses.replace(office.desk.services.strategies["reserve"], approval="two-owners")
        services = dataclasses.replace(office.desk.services, strategies={"reserve": plan})
        signing = dataclasses.replace(office, desk=dataclasses.replace(office.desk, services=services))
        proposal = signing.propose(signing.payment("USDC", 10))
        signing.tick()
        assert (signing.state(proposal), office.received()) == (State.DEFEATED, 0)


def test_owners_are_told_that_there_is_nothing_to_sign(office: Office) -> None:
    proposal = office.propose(office.payment("USDC", 10))
    with pytest.raises(BadInput, match="owners sign nothing for this proposal"):
        office.sign(proposal)


def test_the_member_of_the_role_must_not_send(office: Office, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEEPER_VARIABLE, world.module_signer_key)
    with pytest.raises(Refused, match="could be executed twice"):
        office.tick()


def test_a_day_later_the_allowance_is_full_again(office: Office) -> None:
    for nominal in range(2):
        proposal = office.propose(office.payment("USDC", 1000), nominal=nominal)
        office.tick()
        assert office.state(proposal) is State.EXECUTED
        office.anvil.advance(DAY)
        refresh_feeds(office.anvil, office.world.feeds)
    assert office.received() == 2000 * USDC


def test_another_configuration_leads_to_another_role(
    office: Office, tmp_path: Path, world: World, anvil: Anvil
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()

    def more(data: dict[str, object]) -> None:
        through_the_module(world, data)
        data["routes"]["module"]["limits"]["USDC"]["most"] = "2000"  # type: ignore[index]  # plain YAML

    with open_desk(write_config(elsewhere, anvil.url, more)) as desk:
        block = desk.services.endpoints.pin()
        found = role_differences(module_of(Office(desk, world, anvil)), desk.services, block)
    assert [line.partition(":")[2] for line in found] == [
        " it is 1000000000 base units, 1000000000 back every 86400 s, not 2000000000 base units, "
        "2000000000 back every 86400 s"
    ]
