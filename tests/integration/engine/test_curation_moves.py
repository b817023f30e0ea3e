"""The curator moves a budget on the local chain: from stakes through the policy and the Safe to what was promised."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.wiring import open_desk
from dao_bot.config.source import read_source
from dao_bot.devnet.running import refresh_feeds
from dao_bot.domain.lifecycle import State
from dao_bot.domain.operations import Swap
from dao_bot.domain.runs import RunId
from dao_bot.engine.runs import RunReport, run_once
from tests.integration.engine.kit import KEEPER_VARIABLE, ROOT, Office, write_config

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World

CURATOR = "curator"


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
