"""The shipped policy over the crises of 2022, from their minutes."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest

from benchmarks.shared_data import DIRECTORY
from dao_bot.app.backtesting import parts_of, runway_of
from dao_bot.backtest.assembly import players_of
from dao_bot.backtest.crises import CRISES
from dao_bot.backtest.crisis import Case, Replay
from dao_bot.backtest.result import Ending
from dao_bot.backtest.settings import MarketSettings
from tests.shared_data import needs_shared_data

ROOT = Path(__file__).parents[3]

pytestmark = needs_shared_data("stablecoin_crises_1m.parquet")


@cache
def case(name: str, cut_off: bool = False) -> Case:
    parts = parts_of(ROOT / "strategies.yaml")
    settings = MarketSettings.model_validate({"start": {"ETH": "0"}, "prices": {"ETH": "1 USD"}, "delay": "1h"})
    plan = Replay(parts, players_of(parts.config, ["reserve"]), runway_of(parts, "reserve"), settings)
    crisis = next(each for each in CRISES if each.name == name)
    return plan.case(crisis, DIRECTORY, cut_off=cut_off)


def value(found: Case, limit: str) -> float:
    return next(line.value for line in found.lines if line.limit == limit)


def test_through_celsius_there_is_no_false_alarm() -> None:
    found = case("celsius-2022")
    assert found.passed, found.lines
    assert not any(deed.batch.urgent for deed in found.result.deeds)
    assert value(found, "false exits a year") == 0.0


@pytest.mark.parametrize("cut_off", [False, True])
def test_ftx_keeps_its_limits(cut_off: bool) -> None:
    found = case("ftx-2022", cut_off)
    assert found.passed, found.lines


def test_the_marks_of_usdt_follow_the_data_and_no_single_trade() -> None:
    found = case("ftx-2022")
    column = [token.symbol for token in found.marks.tokens].index("USDT")
    lowest = float(found.marks.usd[:, column].min())
    assert 1 / 1.025 < lowest < 1 / 1.015
    assert np.all(found.marks.usd[:, [t.symbol for t in found.marks.tokens].index("USDC")] == 1.0)


def test_the_runway_is_never_broken() -> None:
    for name in ("celsius-2022", "ftx-2022"):
        assert value(case(name), "fewest months of runway") >= 12


@pytest.mark.parametrize("cut_off", [False, True])
@pytest.mark.parametrize("name", ["terra-2022-from-the-eve", "ftx-2022-from-the-eve"])
def test_a_reserve_that_comes_to_the_break_unprepared_keeps_its_limits(name: str, cut_off: bool) -> None:
    found = case(name, cut_off)
    assert found.passed, found.lines
    assert found.measures.worst_hold > 0.01
    assert found.measures.turnover > 0.5 and found.measures.executed >= 5


@pytest.mark.parametrize("cut_off", [False, True])
def test_terra_keeps_its_limits(cut_off: bool) -> None:
    found = case("terra-2022", cut_off)
    assert found.passed, found.lines


@needs_shared_data("token_daily.parquet")
def test_in_two_calm_years_nothing_is_left_that_comes_back() -> None:
    found = case("dai-2019-2022")
    assert found.passed, found.lines
    assert found.measures.days > 2 * 365
    assert not any(deed.batch.urgent for deed in found.result.deeds)


def test_the_policy_refuses_nothing_that_the_reserve_wants_but_for_the_pace() -> None:
    """A parameter beyond the policy's caps would have every later batch refused, an exit with them."""
    for name in ("celsius-2022", "ftx-2022", "terra-2022"):
        refused = {visit.words.split(":")[0] for visit in case(name).result.visits if visit.ending is Ending.REFUSED}
        assert refused <= {"move_size"}
