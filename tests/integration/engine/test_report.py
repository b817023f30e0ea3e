"""`dao-bot report`: what executions cost, against the oracle's price and against what was promised."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.app.looking import show
from dao_bot.app.reporting import report
from dao_bot.app.wiring import open_desk
from dao_bot.domain.lifecycle import State
from dao_bot.domain.units import WAD
from tests.integration.engine.kit import KEEPER_VARIABLE, Office, ready, write_config

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World


def swapped(office: Office, nominal: int) -> str:
    proposal = office.propose(office.swap("USDC", "USDT", 100, 10_000), nominal=nominal)
    office.tick()
    office.sign(proposal)
    office.tick()
    assert office.state(proposal) is State.EXECUTED
    return proposal


def test_a_swap_and_a_payment_are_told_and_summed(
    office: Office, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    swap, payment = swapped(office, 1), ready(office)
    office.tick()
    path, table, page = office.desk.config.path, tmp_path / "report.csv", tmp_path / "report.html"
    capsys.readouterr()
    assert report(path, None, None, True, table, page) == 0
    facts = json.loads(capsys.readouterr().out)
    told = {line["proposal"]: line for line in facts["executions"]}
    assert told.keys() == {swap, payment}
    known = office.desk.store.outcome(swap)
    assert known is not None
    realised = {token.symbol: delta for token, delta in known.outcome.realised}
    prices = {line.token.symbol: (line.price.usd or 0) / WAD for line in office.stored(swap).proposal.holdings}
    sold, bought = -realised["USDC"] / 1e6 * prices["USDC"], realised["USDT"] / 1e6 * prices["USDT"]
    assert told[swap]["out_usd"] == pytest.approx(sold) and told[swap]["back_usd"] == pytest.approx(bought)
    assert told[swap]["cost_bps"] == pytest.approx((sold - bought) / sold * 1e4, abs=0.01)
    assert -30 < told[swap]["cost_bps"] < 30
    assert told[swap]["shortfall_bps"] == pytest.approx(0, abs=0.5), "nothing happened between decision and execution"
    assert told[payment]["cost_bps"] is None and told[payment]["shortfall_usd"] == 0
    assert told[payment]["gas_usd"] > 0
    assert told[payment]["seconds_to_finality"] == told[payment]["seconds_to_execution"] >= 0, "one block is final"
    assert told[swap]["expected_cost_bps"] == pytest.approx(told[swap]["cost_bps"], abs=0.5)
    (total,) = facts["sums"]
    assert (total["executions"], total["strategy"]) == (2, "reserve")
    assert total["out_usd"] == pytest.approx(11_000, rel=0.01)
    assert total["cost_bps"] == pytest.approx(told[swap]["cost_bps"], abs=0.01), "a payment is no trade"
    with table.open() as lines:
        assert [line["proposal"] for line in csv.DictReader(lines)] == [swap, payment]
    assert "<svg" in page.read_text() and "Cost against the oracle" in page.read_text()


def test_a_month_or_a_strategy_may_be_chosen(office: Office, capsys: pytest.CaptureFixture[str]) -> None:
    swapped(office, 1)
    capsys.readouterr()
    assert report(office.desk.config.path, "1999-01", None, False, None, None) == 0
    assert "Nothing was executed." in capsys.readouterr().out
    assert report(office.desk.config.path, None, "reserve", False, None, None) == 0
    assert "1 executed" in capsys.readouterr().out


def test_final_is_when_the_last_confirmation_came(
    tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def patient(data: dict[str, Any]) -> None:
        data["treasury"]["chain"]["finality"] = "3 blocks"

    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    with open_desk(write_config(tmp_path, anvil.url, patient)) as desk:
        office = Office(desk, world, anvil)
        proposal = ready(office)
        office.tick()
        assert office.state(proposal) is State.EXECUTING and desk.store.outcome(proposal) is None
        mined = anvil.timestamp()
        anvil.set_time(mined + 12)
        anvil.set_time(mined + 24)
        anvil.set_time(mined + 36)
        office.tick()
        known = desk.store.outcome(proposal)
    assert known is not None and (known.at, known.final_at) == (mined, mined + 24), "what came later changes nothing"
    assert show(tmp_path / "strategies.yaml", proposal, True, None, None) == 0
    quality = json.loads(capsys.readouterr().out)["quality"]
    assert quality["seconds_to_finality"] == quality["seconds_to_execution"] + 24
