"""The demo's own strategies.yaml under the commands that look before anything is done: check, doctor, plan, brief."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.integration.app.kit import KEEPER_VARIABLE, ROOT, Office

if TYPE_CHECKING:
    from dao_bot.devnet import Anvil, World


@pytest.fixture
def demo(tmp_path: Path, world: World, anvil: Anvil, monkeypatch: pytest.MonkeyPatch) -> Office:
    """The file as it ships, at the node of this test."""
    monkeypatch.setenv(KEEPER_VARIABLE, world.keeper_key)
    shipped = (ROOT / "strategies.yaml").read_text(encoding="utf-8")
    assert "http://127.0.0.1:8545" in shipped
    office = Office(tmp_path, world)
    office.path.write_text(shipped.replace("http://127.0.0.1:8545", anvil.url), encoding="utf-8")
    return office


def test_it_is_valid_and_the_chain_agrees_with_it(demo: Office) -> None:
    assert demo.dao_bot("check").code == 0
    told = demo.dao_bot("doctor")
    assert told.code == 0, told


@pytest.mark.usefixtures("untouched")
def test_liquidity_plans_a_position_whose_card_shows_both_alternatives(demo: Office) -> None:
    card = demo.facts("plan", "market")
    assert card["title"].startswith("Put ") and card["title"].endswith(" into liquidity")
    assert [each["is_new"] for each in card["positions"]] == [True]
    assert not any(rule["violated"] for rule in card["rules"])
    names = [each["name"] for each in card["strategy_says"]["evidence"]]
    assert any("plain holding / full range" in name for name in names), names


@pytest.mark.usefixtures("untouched")
def test_curation_plans_grants_to_the_address_book_and_briefs(demo: Office) -> None:
    card = demo.facts("plan", "curator")
    assert not any(rule["violated"] for rule in card["rules"])
    assert card["payments"] and all(recipient["label"] for each in card["payments"] for recipient in each["recipients"])
    assert sum(int(each["amount"]["units"]) for each in card["payments"]) <= 5_000 * 10**6
    assert demo.facts("brief", "curator")["works"][0]["place"] == 1
