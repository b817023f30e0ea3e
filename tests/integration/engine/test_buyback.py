"""The demo's buy-back on the local chain: bought, burned, and as the card said; and what keeps it from buying."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from dao_bot.app.wiring import open_desk
from dao_bot.cards.story import tell
from dao_bot.config.source import read_source
from dao_bot.devnet.running import refresh_feeds
from dao_bot.devnet.scenarios import balance_of, give, set_feed_price, swap_as_stranger
from dao_bot.domain.decisions import Decision
from dao_bot.domain.lifecycle import State
from dao_bot.domain.operations import Burn
from dao_bot.domain.runs import RunId
from dao_bot.domain.units import WAD
from dao_bot.engine.runs import RunReport, run_once
from dao_bot.store.values import RunResult
from tests.integration.engine.kit import KEEPER_VARIABLE, ROOT, Office, deciding

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, RunningWorld, World

STRATEGY = "buyback"
HOUR = 3_600
Change = Callable[[dict[str, Any]], object]


def configured(directory: Path, node: str, change: Change) -> Path:
    """The demo's own strategies.yaml with the one strategy; the node stands there twice, as two operators."""
    path = directory / "strategies.yaml"
    data = read_source(ROOT / "strategies.yaml").data
    data["treasury"]["chain"]["rpcs"] = [{"url": node, "operator": "one"}, {"url": f"{node}/", "operator": "two"}]
    data["strategies"] = {STRATEGY: data["strategies"][STRATEGY]}
    change(data)
    path.write_text(yaml.safe_dump(data, sort_keys=False))
    return path


@pytest.fixture
def opened(
    tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[[Change], Office]]:
    """Opens the treasury with a changed configuration; closed after the test."""
    from contextlib import ExitStack

    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    with ExitStack() as stack:

        def open_office(change: Change) -> Office:
            desk = stack.enter_context(open_desk(configured(tmp_path, anvil.url, change)))
            return Office(desk, world, anvil)

        yield open_office


@pytest.fixture
def office(opened: Callable[[Change], Office]) -> Office:
    return opened(lambda _: None)


def run(office: Office, decision: Decision | None = None) -> RunReport:
    """One run at the newest block; with a decision in place of the strategy's own, if there is one."""
    plan = office.desk.services.strategies[STRATEGY]
    chosen = plan if decision is None else deciding(plan, decision)
    now = office.anvil.timestamp()
    # Blocks of one second have one time, and a run is known by its time.
    nominal = max(now, (office.desk.store.latest_nominal(STRATEGY) or 0) + 1)
    report = run_once(office.desk.services, office.desk.store, chosen, RunId(STRATEGY, nominal), "test", now)
    assert report is not None
    return report


def execute(office: Office, report: RunReport) -> str:
    """Sign and send what the run proposed; its id."""
    assert report.proposal is not None and report.proposal.verdict.passed, report.detail
    office.tick()
    office.sign(report.proposal.id)
    office.tick()
    assert office.state(report.proposal.id) is State.EXECUTED
    return report.proposal.id


def supply(office: Office) -> int:
    call = {"to": office.token("DAO").address, "data": "0x18160ddd"}
    return int(office.anvil.rpc("eth_call", call, "latest"), 16)


def held(office: Office, symbol: str) -> int:
    return balance_of(office.anvil, office.token(symbol).address, office.world.safe)


def test_what_is_bought_is_burned_and_comes_as_the_card_said(office: Office) -> None:
    before = {symbol: held(office, symbol) for symbol in ("USDC", "DAO")}
    supply_before = supply(office)
    report = run(office)
    assert report.proposal is not None
    swap, burn = report.proposal.decision.operations
    assert isinstance(burn, Burn)
    proposal = execute(office, report)
    assert supply(office) == supply_before - burn.amount.units
    stored, outcome = office.stored(proposal).proposal, office.desk.store.outcome(proposal)
    assert outcome is not None
    for line in stored.holdings:
        realised = next((delta for token, delta in outcome.outcome.realised if token == line.token), 0)
        assert realised == line.expected - line.before, line.token.symbol
    assert held(office, "USDC") == before["USDC"] - swap.sell.units  # type: ignore[attr-defined]  # a swap
    kept = held(office, "DAO") - before["DAO"]
    assert 0 <= kept < burn.amount.units // 100
    assert swap.least == burn.amount.units <= swap.expected <= burn.amount.units + kept  # type: ignore[attr-defined]
    assert " and burn " in tell(stored, outcome=outcome.outcome).title


def test_a_quarter_of_yesterday_s_revenue_is_the_budget_and_two_slices_do_not_pass_it(office: Office) -> None:
    first = run(office)
    assert first.decision is not None
    assert next(item.value for item in first.decision.evidence if item.name == "budget of this period") == 2_500
    assert first.proposal is not None, first.detail
    execute(office, first)
    again = run(office)
    assert again.result is RunResult.NOTHING
    assert "the last purchase was" in again.detail
    spent = office.desk.store.spends(STRATEGY, 0)
    assert 1_200 * WAD < sum(each.usd for each in spent) <= 1_250 * WAD


def test_a_pushed_pool_is_not_bought_in_and_a_batch_of_before_does_not_execute(
    office: Office, running_world: RunningWorld
) -> None:
    report = run(office)
    assert report.proposal is not None
    office.tick()
    office.sign(report.proposal.id)
    swap_as_stranger(running_world, "WETH", "DAO", 3000, 30 * 10**18)
    pushed = office.tick()
    assert "executed" not in str(pushed)
    assert office.state(report.proposal.id) is not State.EXECUTED
    supply_before = supply(office)
    refused = run(office)
    assert refused.result is RunResult.NOTHING
    assert "from the USD prices" in refused.detail or "has no usable USD price" in refused.detail
    assert supply(office) == supply_before


def test_a_price_that_pool_and_feed_do_not_agree_on_is_no_price(office: Office, anvil: Anvil, world: World) -> None:
    set_feed_price(anvil, world, "DAO", 3_00000000)
    refused = run(office)
    assert refused.result is RunResult.NOTHING
    assert "DAO has no usable USD price" in refused.detail


def test_many_hands_close_the_gate(opened: Callable[[Change], Office]) -> None:
    def strict(data: dict[str, Any]) -> None:
        data["strategies"][STRATEGY]["params"]["velocity"]["at_most"] = "20%"

    refused = run(opened(strict))
    assert refused.result is RunResult.NOTHING
    assert "of the free float changes hands in a year, and at most 20.0 % opens the gate" in refused.detail


def test_a_short_runway_comes_first(opened: Callable[[Change], Office]) -> None:
    def hungry(data: dict[str, Any]) -> None:
        data["strategies"][STRATEGY]["params"]["runway"]["months"] = "40"

    refused = run(opened(hungry))
    assert refused.result is RunResult.NOTHING
    assert "are missing beyond 40 months of runway" in refused.detail


def test_the_tokens_can_go_to_an_address_of_the_address_book_instead(opened: Callable[[Change], Office]) -> None:
    grants = "0x000000000000000000000000000000000000dEaD"

    def send(data: dict[str, Any]) -> None:
        data["treasury"]["address_book"] = {"Grants": grants}
        data["strategies"][STRATEGY]["params"].update(then="send", to=grants)

    office = opened(send)
    supply_before = supply(office)
    execute(office, run(office))
    assert supply(office) == supply_before
    assert balance_of(office.anvil, office.token("DAO").address, grants) > 400 * 10**18


def test_the_treasury_s_own_stock_can_not_be_burned(office: Office) -> None:
    burn = Burn(office.token("DAO").amount(100 * 10**18))
    report = run(office, Decision((burn,), "A bug, or a thief, wants it."))
    assert report.proposal is not None
    broken = {each.rule for each in report.proposal.verdict.violations}
    assert "burn" in broken
    assert report.result is RunResult.REFUSED


def test_other_tokens_do_not_burn(office: Office, running_world: RunningWorld) -> None:
    give(running_world, running_world.world.tokens["USDC"], running_world.world.safe, 1)
    report = run(office, Decision((Burn(office.token("USDC").amount(10**6)),), "A bug wants it."))
    assert report.result is RunResult.REFUSED
    assert "may not be burned" in report.detail or "reverts" in report.detail


def test_a_day_after_which_nobody_paid_or_traded_buys_nothing(office: Office, anvil: Anvil, world: World) -> None:
    execute(office, run(office))
    anvil.advance(30 * HOUR)
    refresh_feeds(anvil, world.feeds)
    later = run(office)
    # A day later nobody has traded or paid: the bid has neither volume nor budget to go on.
    assert later.result is RunResult.NOTHING
    assert "this period has no budget" in later.detail or "are traded on a usual day" in later.detail
