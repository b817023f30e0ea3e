"""`dao-bot demo`: all strategies through one Safe in the order of the configuration, and as their cards promised."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

import pytest

from dao_bot.config.source import read_source
from dao_bot.devnet.files import filled_directory
from tests.integration.app.kit import KEEPER_VARIABLE, ROOT, Ended, command
from tests.integration.engine.kit import SIGNER_VARIABLE


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Ended, Path]:
    """Played once, to be looked at by every test, whichever worker has it."""
    here = tmp_path_factory.getbasetemp()
    common = here.parent if "PYTEST_XDIST_WORKER" in os.environ else here
    home = common / "demo"

    def play(staging: Path) -> None:
        with pytest.MonkeyPatch.context() as patch:
            for variable in (KEEPER_VARIABLE, SIGNER_VARIABLE):
                patch.setenv(variable, "")  # the demo sets it; the patch takes it back
            ended = command("demo", "--json", "--directory", home)
        (staging / "ended.json").write_text(json.dumps(dataclasses.asdict(ended)))

    told = filled_directory(common / "demo-told", play, waiting=lambda: None)
    return Ended(**json.loads((told / "ended.json").read_text())), home


@pytest.fixture(scope="module")
def told(played: tuple[Ended, Path]) -> dict[str, Any]:
    ended, _ = played
    assert ended.code == 0, ended
    facts: dict[str, Any] = ended.facts
    return facts


def test_every_strategy_is_executed_in_the_order_of_the_configuration(told: dict[str, Any]) -> None:
    assert told["state"] == "executed"
    configured = read_source(ROOT / "strategies.yaml").data["strategies"]
    assert [each["strategy"] for each in told["strategies"]] == list(configured)
    assert {each["use"] for each in configured.values()} == {
        "reserve-rebalance",
        "buyback-burn",
        "liquidity",
        "curation",
    }
    assert all(each["state"] == "executed" and each["policy_passed"] for each in told["strategies"])
    hashes = [each["transaction_hash"] for each in told["strategies"]]
    assert len(set(hashes)) == len(hashes) and all(each.startswith("0x") for each in hashes)


def test_the_buyback_goes_through_the_module_and_the_others_by_owners_signatures(told: dict[str, Any]) -> None:
    routes = {each["strategy"]: each["route"] for each in told["strategies"]}
    assert [each["strategy"] for each in told["strategies"] if each["promotion"]] == ["buyback"]
    assert routes == {"reserve": "multisig", "buyback": "module", "market": "multisig", "curator": "multisig"}


def test_every_balance_changed_within_the_bounds_that_the_card_promised(told: dict[str, Any]) -> None:
    assert told["as_promised"]
    for each in told["strategies"]:
        assert each["as_promised"] and each["changes"], each
        for change in each["changes"]:
            realised = int(change["realised"])
            assert int(change["least"]) <= realised, change
            assert change["most"] is None or realised <= int(change["most"]), change
            # Nobody trades on this chain meanwhile, so it comes to the unit.
            assert realised == int(change["expected"]), change


def test_what_each_strategy_moves_is_what_it_is_for(told: dict[str, Any]) -> None:
    moved = {
        each["strategy"]: {change["token"]: int(change["realised"]) for change in each["changes"]}
        for each in told["strategies"]
    }
    assert moved["reserve"]["USDT"] < 0 < moved["reserve"]["DAI"]
    assert set(moved["buyback"]) == {"USDC", "DAO"} and moved["buyback"]["USDC"] < 0
    assert set(moved["market"]) == {"WETH", "DAO"} and max(moved["market"].values()) < 0
    assert set(moved["curator"]) == {"USDC"} and moved["curator"]["USDC"] < 0


def test_cards_and_the_preference_brief_are_left_for_people_and_for_programs(told: dict[str, Any]) -> None:
    for each in told["strategies"]:
        assert "<html" in Path(each["card"]).read_text(encoding="utf-8")
    as_json, as_page = map(Path, told["strategies"][-1]["brief"])
    brief = json.loads(as_json.read_text(encoding="utf-8"))
    assert brief["works"][0]["place"] == 1
    assert brief["trust"]["verdict"] in as_page.read_text(encoding="utf-8")
    assert not any(each["brief"] for each in told["strategies"][:-1])


def test_members_voted_and_stewards_approved_before_the_reserve_s_batch_was_signed(told: dict[str, Any]) -> None:
    audited = command("audit", "-c", told["config"], "--json")
    events = audited.facts["events"]
    reserve = told["strategies"][0]["proposal"]
    kinds = [event["kind"] for event in events if event["subject"] == reserve]
    order = ["proposed", "ballot opened", "voted", "steward took a stand", "ballot closed", "approved", "signed"]
    assert [kinds.index(kind) for kind in order] == sorted(kinds.index(kind) for kind in order)
    assert (kinds.count("voted"), kinds.count("steward took a stand")) == (3, 2)
    (closed,) = (event["body"] for event in events if event["kind"] == "ballot closed")
    assert closed["tally"]["scores"] == [10_000 * 10**6, 5_000 * 10**6, 0]


def test_people_decide_in_discord_and_exactly_what_they_approved_is_executed(told: dict[str, Any]) -> None:
    vote = told["discord"]
    assert vote["approved"] and vote["approved"] == vote["executed"]
    said = "\n".join(vote["transcript"])
    for words in (
        "What changes",
        "ann clicks For: Your vote is recorded",
        "sue clicks Approve",
        "2 of 2 stewards approve",
    ):
        assert words in said, said
    assert "<t:" not in said and " UTC" in said, "times are written out, as a client does"
    assert said.index("#proposals: Approved") < said.index("#proposals: Executed")
