"""The curator moves a budget on the local chain: from stakes through the policy and the Safe to what was promised."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.wiring import open_desk
from dao_bot.config.source import read_source
from dao_bot.devnet.artifacts import own_artifact
from dao_bot.devnet.running import refresh_feeds
from dao_bot.devnet.transactions import deploy, read, send
from dao_bot.domain.addresses import Address, checksum
from dao_bot.domain.calls import Call
from dao_bot.domain.decisions import Decision
from dao_bot.domain.gauges import VoteForGauge
from dao_bot.domain.lifecycle import State
from dao_bot.domain.operations import Swap
from dao_bot.domain.runs import RunId
from dao_bot.engine.examine import decode
from dao_bot.engine.runs import RunReport, run_once
from dao_bot.protocols.gauge_controller import VOTE
from tests.integration.engine.kit import KEEPER_VARIABLE, ROOT, Office, deciding, write_config

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

CURATOR = "curator"
DAY = 86_400


@contextmanager
def curating(
    directory: Path, world: World, anvil: Anvil, change: Callable[[dict[str, Any]], object]
) -> Iterator[Office]:
    """The demo's treasury, open, with its curator changed."""

    def with_curator(data: dict[str, Any]) -> None:
        data["strategies"] = {CURATOR: read_source(ROOT / "strategies.yaml").data["strategies"][CURATOR]}
        change(data)

    with open_desk(write_config(directory, anvil.url, with_curator)) as desk:
        yield Office(desk, world, anvil)


def run(office: Office, nominal: int = 0) -> RunReport:
    """One run of the strategy in its own process."""
    refresh_feeds(office.anvil, office.world.feeds)
    services = office.desk.services
    plan, now = services.strategies[CURATOR], office.anvil.timestamp()
    report = run_once(services, office.desk.store, plan, RunId(CURATOR, nominal), "test", now)
    assert report is not None
    return report


def execute(office: Office, report: RunReport) -> str:
    """The id of the proposal, once owners signed it and the keeper sent it."""
    assert report.proposal is not None, report.detail
    assert report.proposal.verdict.passed, [each for each in report.proposal.verdict.reports if each.violated]
    proposal = report.proposal.id
    office.tick()
    office.sign(proposal)
    told = office.tick()
    office.anvil.mine(2)
    office.tick()
    assert office.state(proposal) is State.EXECUTED, told
    return proposal


@pytest.fixture(autouse=True)
def keeper(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)


def _buys(data: dict[str, Any]) -> None:
    params = data["strategies"][CURATOR]["params"]
    for work, token in {"Dusk": "DAO", "Tide": "WETH", "Ember": "DAO"}.items():
        params["works"][work]["token"] = token
    params |= {"purchases": {"share": "100%"}, "budget": "1000 USD", "recipient_cap": "60%"}


def test_it_buys_the_tokens_of_what_ranks_high_within_its_budget(tmp_path: Path, world: World, anvil: Anvil) -> None:
    with curating(tmp_path, world, anvil, _buys) as office:
        report = run(office)
        proposal = execute(office, report)
        assert report.proposal is not None
        swaps = [each for each in report.proposal.decision.operations if isinstance(each, Swap)]
        assert {swap.buy.symbol for swap in swaps} == {"DAO", "WETH"}
        sold = sum(swap.sell.units for swap in swaps)
        assert 900 * 10**6 < sold <= 1_000 * 10**6
        outcome = office.desk.store.outcome(proposal)
        assert outcome is not None
        realised = {token.symbol: units for token, units in outcome.outcome.realised}
        assert realised["USDC"] == -sold
        for swap in swaps:
            assert swap.least <= realised[swap.buy.symbol] <= swap.expected + swap.expected // 1_000
        again = run(office, nominal=1)
        assert again.proposal is None
        assert "the budget of the period" in again.detail, "what was spent counts"


GAUGES = {work: checksum(bytes([0x60 + number]) * 20) for number, work in enumerate(("Dusk", "Tide", "Quarry"))}
CONTROLLER = own_artifact("GaugeController")


@pytest.fixture
def controller(world: World, anvil: Anvil) -> Address:
    """A gauge controller at which the Safe has locked for two years, and gave the gauge of Quarry nearly all."""
    deployed = deploy(anvil, CONTROLLER, list(GAUGES.values()))
    send(anvil, world.deployer, deployed, CONTROLLER, "lock", world.safe, 10**18, anvil.timestamp() + 730 * DAY)
    anvil.rpc("anvil_impersonateAccount", world.safe)
    anvil.rpc("anvil_setBalance", world.safe, hex(10**18))
    send(anvil, world.safe, deployed, CONTROLLER, "vote_for_gauge_weights", GAUGES["Quarry"], 9_900)
    anvil.rpc("anvil_setBalance", world.safe, "0x0")
    return deployed


def _votes(controller: Address) -> Callable[[dict[str, Any]], object]:
    def change(data: dict[str, Any]) -> None:
        data["protocols"]["gauge_controller"] = {"controller": controller, "gauges": GAUGES}
        params = data["strategies"][CURATOR]["params"]
        for work in params["works"].values():
            del work["pay"]
        for work, gauge in GAUGES.items():
            params["works"][work]["gauge"] = gauge
        params |= {"gauges": {"most": "60%"}}

    return change


def held(office: Office, controller: Address) -> dict[str, int]:
    """The Safe's votes as the controller tells them, in basis points."""
    safe = office.world.safe
    return {
        work: read(office.anvil, controller, CONTROLLER, "vote_user_slopes", safe, gauge)[1]
        for work, gauge in GAUGES.items()
    }


def test_it_votes_for_the_gauges_of_what_ranks_high_and_gives_less_before_it_gives_more(
    tmp_path: Path, world: World, anvil: Anvil, controller: Address
) -> None:
    with curating(tmp_path, world, anvil, _votes(controller)) as office:
        fixed = run(office)
        assert fixed.proposal is None, "all that is free is one percent: no change is large enough"
        assert "No vote on a gauge changes enough" in fixed.detail
        anvil.advance(11 * DAY)
        report = run(office, nominal=1)
        execute(office, report)
        assert report.proposal is not None
        operations = [each for each in report.proposal.decision.operations if isinstance(each, VoteForGauge)]
        assert operations[0].gauge == GAUGES["Quarry"] and operations[0].weight < 9_900
        assert held(office, controller) == {
            work: each.weight for work, gauge in GAUGES.items() for each in operations if each.gauge == gauge
        }
        assert 9_990 <= sum(held(office, controller).values()) <= 10_000
        assert max(held(office, controller).values()) <= 6_000
        assert not report.proposal.simulation.changes, "a vote moves nothing that the Safe holds"
        anvil.advance(11 * DAY)
        again = run(office, nominal=2)
        assert again.proposal is None, "nothing new was staked, so nothing is worth a vote"


def test_a_gauge_that_is_not_configured_is_neither_encoded_nor_understood(
    tmp_path: Path, world: World, anvil: Anvil, controller: Address
) -> None:
    with curating(tmp_path, world, anvil, _votes(controller)) as office:
        plan = office.desk.services.strategies[CURATOR]
        stranger = checksum(b"\x66" * 20)
        plan = deciding(plan, Decision((VoteForGauge(stranger, 100),), "A test wants it."))
        services, store = office.desk.services, office.desk.store
        report = run_once(services, store, plan, RunId(CURATOR, 0), "test", anvil.timestamp())
        assert report is not None and report.proposal is None
        assert "gauge that is not configured" in report.detail
        assert decode(services, Call(controller, VOTE.encode(GAUGES["Dusk"], 100))).function is not None
        assert decode(services, Call(controller, VOTE.encode(stranger, 100))).function is None
