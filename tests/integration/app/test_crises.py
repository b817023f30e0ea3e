"""`dao-bot plan` on the local chain while the candles of 2022 say what they said: all pairs are quoted in USDT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from benchmarks.shared_data import DIRECTORY
from dao_bot.devnet.scenarios import give
from tests.integration.app.crisis import let_fall
from tests.integration.app.kit import Change, Ended, Office
from tests.shared_data import needs_shared_data

if TYPE_CHECKING:
    from pathlib import Path

    from dao_bot.devnet import RunningWorld

CANDLES = DIRECTORY / "stablecoin_crises_1m.parquet"

pytestmark = needs_shared_data(CANDLES.name)

BREAK = ("2022-05-12 06:00", "2022-05-12 07:30")
CELSIUS = ("2022-06-13 06:00", "2022-06-15 11:35", "2022-06-18 18:00")
CALM = "2022-05-05 12:00"


def at(moment: str, episode: str, pair: str) -> Change:
    """The strategy checks its prices against the candles of that moment; `pair` is what they are taken for."""

    def change(data: dict[str, Any]) -> None:
        file = {
            "path": str(CANDLES),
            "pair": pair,
            "rows": {"pair": "USDCUSDT", "episode": episode},
            "interval": "1m",
            "stamp": "open",
        }
        data["history"] = {"as_of": f"{moment} UTC", "files": [file]}
        data["strategies"]["reserve"]["params"]["cross_rates"] = [pair]

    return change


def two_coins(data: dict[str, Any]) -> None:
    """A reserve of USDC and USDT alone, neither more than 70 %."""
    data["strategies"]["reserve"]["params"].update(
        assets={"USDC": {"backing": {"Circle": "100%"}}, "USDT": {"backing": {"Tether": "100%"}}},
        issuers={name: {"hazard": "2%", "loss": "15%", "cap": "70%"} for name in ("Circle", "Tether")},
        turnover="5%",
    )


def without_caps(data: dict[str, Any]) -> None:
    """What is sold because it falls is not also sold because there is too much of it."""
    for issuer in data["strategies"]["reserve"]["params"]["issuers"].values():
        del issuer["cap"]


def trades(ended: Ended) -> tuple[set[str], set[str]]:
    """Symbols that the plan sells and buys."""
    assert ended.code == 0, ended
    changes = {row["symbol"]: int(row["change"]["units"]) for row in ended.facts.get("holdings", ())}
    return {s for s, units in changes.items() if units < 0}, {s for s, units in changes.items() if units > 0}


def plan(office: Office, moment: str, *, episode: str = "terra_luna_2022", pair: str = "USDC/USDT") -> Ended:
    office.configure(two_coins, at(moment, episode, pair))
    return office.dao_bot("plan", "reserve", "--json")


@pytest.fixture
def much_usdc(office: Office, running_world: RunningWorld) -> Office:
    """The demo's Safe holds six times as much USDT as USDC; here it is the other way round."""
    give(running_world, running_world.world.tokens["USDC"], running_world.world.safe, 9_900_000 * 10**6)
    return office


@pytest.mark.parametrize("moment", BREAK)
def test_at_the_break_of_may_2022_it_refuses_to_buy_usdt(much_usdc: Office, moment: str) -> None:
    ended = plan(much_usdc, moment)
    assert trades(ended) == (set(), set())
    assert "USDT trades" in ended.facts["strategy_says"]["reason"]
    assert "not bought" in ended.facts["strategy_says"]["reason"]


@pytest.mark.parametrize("moment", BREAK)
def test_with_the_legs_exchanged_it_refuses_to_buy_usdc(office: Office, moment: str) -> None:
    ended = plan(office, moment, pair="USDT/USDC")
    assert trades(ended) == (set(), set())
    assert "USDC trades" in ended.facts["strategy_says"]["reason"]
    assert "not bought" in ended.facts["strategy_says"]["reason"]


@pytest.mark.parametrize(("fallen", "other", "pair"), [("USDT", "USDC", "USDC/USDT"), ("USDC", "USDT", "USDT/USDC")])
def test_where_dollar_prices_know_of_the_break_the_fallen_coin_is_sold_at_once(
    office: Office, running_world: RunningWorld, fallen: str, other: str, pair: str
) -> None:
    give(running_world, running_world.world.tokens["USDC"], running_world.world.safe, 1_500_000 * 10**6)
    let_fall(running_world, fallen, 0.9825)
    office.configure(two_coins, at(BREAK[0], "terra_luna_2022", pair), without_caps)
    ended = office.dao_bot("plan", "reserve", "--json")
    assert trades(ended) == ({fallen}, {other}), ended
    assert ended.facts["urgent"]


@pytest.mark.parametrize("moment", CELSIUS)
def test_through_celsius_there_is_no_false_alarm(much_usdc: Office, moment: str) -> None:
    assert trades(plan(much_usdc, moment, episode="celsius_3ac_2022")) == ({"USDC"}, {"USDT"})


def test_on_a_calm_day_the_same_holdings_are_traded(much_usdc: Office) -> None:
    assert trades(plan(much_usdc, CALM)) == ({"USDC"}, {"USDT"})


def test_on_a_calm_day_the_demo_s_holdings_are_traded_too(office: Office, tmp_path: Path) -> None:
    """And the candles may lie beside the configuration, under a relative path."""
    (tmp_path / "candles").symlink_to(CANDLES.parent)
    office.configure(two_coins, at(CALM, "terra_luna_2022", "USDT/USDC"))
    office.configure(lambda data: data["history"]["files"][0].update(path=f"candles/{CANDLES.name}"))
    assert trades(office.dao_bot("plan", "reserve", "--json")) == ({"USDT"}, {"USDC"})


def test_a_strategy_that_asks_for_cross_rates_that_nobody_has_buys_nothing_and_says_so(office: Office) -> None:
    office.configure(two_coins, at(CALM, "terra_luna_2022", "USDC/USDT"), lambda data: data.pop("history"))
    ended = office.dao_bot("plan", "reserve", "--json")
    assert trades(ended) == (set(), set())
    assert "has no source" in ended.out


def test_a_file_of_candles_that_is_missing_is_named(office: Office) -> None:
    office.configure(two_coins, at(CALM, "terra_luna_2022", "USDC/USDT"))
    office.configure(lambda data: data["history"]["files"][0].update(path="nowhere.parquet"))
    ended = office.dao_bot("plan", "reserve", "--json")
    assert ended.code == 2
    assert ended.facts["error"] == "NotFound"
    assert "nowhere.parquet" in ended.err
