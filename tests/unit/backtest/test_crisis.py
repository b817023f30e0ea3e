"""The verdict of a crisis replay on made-up crises whose outcome is known beforehand."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dao_bot.app.backtesting import parts_of
from dao_bot.backtest.backtest import Player
from dao_bot.backtest.crises import CRISES, LIMITS, VERSION, Crisis
from dao_bot.backtest.crisis import Case, Line, Replay, replayed_in
from dao_bot.backtest.crisis_data import AFTERWARDS, load_candles, without_recovery
from dao_bot.backtest.measures import Runway
from dao_bot.backtest.report import crisis_page
from dao_bot.backtest.settings import MarketSettings
from dao_bot.domain.errors import BadInput, NotFound
from dao_bot.domain.units import WAD
from dao_bot.engine.schedule import Every
from dao_bot.strategy import Decision, Observation, Prices
from tests.unit.backtest.kit import BEGIN, DAY, HOUR, MINUTE, Base, Seller, candles, ladder_of, quoted

ROOT = Path(__file__).parents[3]

MADE_UP = Crisis(
    name="made-up",
    title="Made up",
    file="made_up.parquet",
    rows={"pair": "USDCUSDT"},
    pair="USDC/USDT",
    begin="2023-11-15 00:00",
    eve="2023-11-15 01:00",
    end="2023-11-15 12:00",
    prices={
        "USDC": "1 USD",
        "USDT": "USDT/USDC",
        "DAI": "1 USD",
        "LUSD": "1 USD",
        "DAO": "2.50 USD",
        "WETH": "2000 USD",
    }
    | {"ETH": "2000 USD"},
    fallen="USDT",
    marks="It is made up.",
    start={"USDC": "500000", "USDT": "500000"},
)


class Leaver(Seller):
    """Sells all its USDT, urgently, as soon as a dollar buys more than 1.003 of it."""

    def decide(self, seen: Observation) -> Decision:
        price = seen[Prices()][seen.tokens["USDT"]].usd
        ladder = ladder_of(seen, "USDT", "USDC")
        if price is None or price > 997 * WAD // 1000 or ladder is None:
            return Decision.nothing("It stays.")
        units = ladder.rungs[-1].sell
        from dao_bot.strategy import Swap

        swap = Swap(ladder.sell.amount(units), ladder.buy, quoted(ladder, units), ladder.venue, ladder.path)
        return Decision((swap,), "It leaves.", urgent=True)


def write(directory: Path, usdt: np.ndarray[Any, Any]) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    close = 1.0 / usdt
    time = pa.array((BEGIN - DAY + MINUTE * np.arange(len(close))) * 1_000_000, pa.timestamp("us", "UTC"))
    columns = {name: close for name in ("open", "high", "low", "close")}
    volume = np.ones(len(close))
    table = pa.table({"pair": ["USDCUSDT"] * len(close), "time": time, **columns, "volume": volume})
    parquet.write_table(table, directory / "made_up.parquet")


def sinking(back: float = 0.9995) -> np.ndarray[Any, Any]:
    """Slowly down to 0.95 from the third hour on, up again after the eighth."""
    usdt = np.ones(36 * 60)
    usdt[27 * 60 : 30 * 60] = np.linspace(1.0, 0.95, 180)
    usdt[30 * 60 : 32 * 60] = 0.95
    usdt[32 * 60 :] = back
    return usdt


def plan(strategy: Any, runway: Runway | None = None, every: int = 10 * MINUTE) -> Replay:
    settings = MarketSettings.model_validate(
        {"start": {"ETH": "0"}, "prices": {"ETH": "1 USD"}, "delay": "0s", "depth": {"usd": "500M USD"}}
    )
    return Replay(parts_of(ROOT / "strategies.yaml"), (Player("leaver", strategy, Every(every)),), runway, settings)


def lines(case: Case) -> dict[str, Line]:
    return {line.limit: line for line in case.lines}


def unruled(made: Replay) -> Replay:
    """Without the policy's caps, which would forbid to hold but one coin."""
    config = made.parts.config
    rules = tuple(rule for rule in config.rules if rule.name not in ("token_cap", "issuer_cap", "move_size"))
    return replace(made, parts=replace(made.parts, config=replace(config, rules=rules)))


def test_who_leaves_early_keeps_the_limits(tmp_path: Path) -> None:
    write(tmp_path, sinking())
    little = replace(MADE_UP, start={"USDC": "700000", "USDT": "300000"})
    case = unruled(plan(Leaver())).case(little, tmp_path)
    assert case.passed, case.lines
    assert lines(case)["worst mark, of holding's"].value < 0.2
    assert case.measures.worst_hold == pytest.approx(0.015, rel=1e-3)


def test_who_stays_breaks_the_limit_on_the_worst_mark_and_not_the_one_on_the_end(tmp_path: Path) -> None:
    write(tmp_path, sinking())
    case = plan(Base()).case(MADE_UP, tmp_path)
    assert not case.passed
    assert lines(case)["worst mark, of holding's"].value == 1.0
    assert lines(case)["worst mark since the eve, of holding's"].value == pytest.approx(1.0)
    assert lines(case)["final value behind holding's"].passed


def test_who_leaves_at_the_bottom_breaks_the_limit_on_the_end(tmp_path: Path) -> None:
    class Late(Leaver):
        def decide(self, seen: Observation) -> Decision:
            late = seen.block.timestamp >= BEGIN + 7 * HOUR
            return super().decide(seen) if late else Decision.nothing("It waits.")

    write(tmp_path, sinking())
    line = lines(unruled(plan(Late())).case(MADE_UP, tmp_path))["final value behind holding's"]
    assert line.value == pytest.approx(0.025, rel=0.02)
    assert not line.passed


def test_a_peg_that_did_not_come_back_is_not_held_to_the_end(tmp_path: Path) -> None:
    write(tmp_path, sinking(back=0.99))
    assert "final value behind holding's" not in lines(plan(Base()).case(MADE_UP, tmp_path))


def test_without_recovery_the_loss_is_what_holding_lost_at_the_bottom(tmp_path: Path) -> None:
    write(tmp_path, sinking())
    case = plan(Base()).case(MADE_UP, tmp_path, cut_off=True)
    (line,) = case.lines
    assert line.value == pytest.approx(0.025, rel=1e-3)
    assert line.passed == (line.value <= LIMITS.cut_off_loss / WAD)
    assert case.marks.value[-1] == case.marks.value.min()


def test_a_runway_that_is_broken_is_told(tmp_path: Path) -> None:
    write(tmp_path, sinking())
    line = lines(plan(Base(), Runway(98_000 * WAD, 0, 10)).case(MADE_UP, tmp_path))["fewest months of runway"]
    assert not line.passed and line.value == pytest.approx(0.975e6 / 98_000, rel=1e-3)


def test_exits_in_calm_times_are_false_and_cost_what_would_have_come_back(tmp_path: Path) -> None:
    usdt = np.ones(36 * 60)
    usdt[27 * 60 : 28 * 60] = 0.996
    write(tmp_path, usdt)
    calm = replace(MADE_UP, fallen=None, eve=None)
    case = unruled(plan(Leaver())).case(calm, tmp_path)
    found = lines(case)
    assert found["false exits a year"].value == pytest.approx(730)
    assert found["cost of false exits a year"].value == pytest.approx(500_000 * 0.0041 / 1e6 * 730, rel=0.1)
    assert not case.passed
    assert plan(Base()).case(calm, tmp_path).passed


def test_who_sells_low_in_calm_times_without_calling_it_an_exit_made_one_all_the_same(tmp_path: Path) -> None:
    class Quiet(Leaver):
        def decide(self, seen: Observation) -> Decision:
            return replace(super().decide(seen), urgent=False)

    for price, exits in ((0.9945, 730), (0.996, 0)):
        usdt = np.ones(36 * 60)
        usdt[27 * 60 : 28 * 60] = price
        write(tmp_path, usdt)
        found = lines(unruled(plan(Quiet())).case(replace(MADE_UP, fallen=None, eve=None), tmp_path))
        assert found["false exits a year"].value == pytest.approx(exits)
        assert (found["cost of false exits a year"].value > 0) == bool(exits)


def test_the_recovery_is_cut_off_at_the_highest_median_and_single_trades_are_not_it() -> None:
    close = np.ones(600)
    close[100] = 3.99
    close[300:310] = np.linspace(1.01, 1.05, 10)
    close[310:320] = 1.05
    cut = without_recovery(candles(close, first=BEGIN), BEGIN, BEGIN + 600 * MINUTE, 5)
    assert cut.close[-1] == pytest.approx(1.05)
    kept = len(cut.close) - AFTERWARDS // MINUTE
    assert 310 <= kept <= 316
    np.testing.assert_array_equal(cut.close[:kept], close[:kept])
    cut.checked()


def test_rows_without_a_price_are_gaps_and_missing_columns_are_named(tmp_path: Path) -> None:
    import pyarrow as pa
    from pyarrow import parquet

    daily = replace(MADE_UP, daily=True, file="days.parquet", rows={"asset": "dai"}, pair="DAI/USD")
    days = pa.array([(BEGIN + DAY * day) * 1_000_000 for day in range(4)], pa.timestamp("us"))
    table = pa.table({"asset": ["dai"] * 4, "time": days, "PriceUSD": [1.0, float("nan"), None, 1.01]})
    parquet.write_table(table, tmp_path / "days.parquet")
    found = load_candles(daily, tmp_path)
    assert found.time.tolist() == [BEGIN + DAY, BEGIN + 4 * DAY]
    with pytest.raises(NotFound, match="no rows"):
        load_candles(replace(daily, rows={"asset": "sai"}), tmp_path)
    with pytest.raises(NotFound, match="no column close"):
        load_candles(replace(daily, daily=False), tmp_path)
    (tmp_path / "days.parquet").write_text("no parquet")
    with pytest.raises(BadInput, match="cannot be read"):
        load_candles(daily, tmp_path)


def test_only_crises_with_data_are_replayed_and_breaks_twice(tmp_path: Path) -> None:
    assert replayed_in(tmp_path) == []
    (tmp_path / CRISES[0].file).write_text("")
    found = [(crisis.name, cut_off) for crisis, cut_off in replayed_in(tmp_path)]
    assert found[:3] == [("terra-2022", False), ("terra-2022", True), ("terra-2022-from-the-eve", False)]
    assert ("celsius-2022", True) not in found


def test_a_configuration_without_the_tokens_of_a_crisis_is_refused(tmp_path: Path) -> None:
    write(tmp_path, sinking())
    with pytest.raises(BadInput, match="tokens that the configuration does not have"):
        plan(Base()).case(replace(MADE_UP, start={"BUSD": "1"}), tmp_path)


def test_every_crisis_says_where_its_dollars_come_from() -> None:
    for crisis in CRISES:
        assert crisis.marks
        assert crisis.fallen is None or crisis.eve is not None
    assert VERSION == 3


def test_the_page_tells_every_limit(tmp_path: Path) -> None:
    write(tmp_path, sinking())
    cases = [plan(Base()).case(MADE_UP, tmp_path), plan(Base()).case(MADE_UP, tmp_path, cut_off=True)]
    page = crisis_page(cases, VERSION)
    kept = sum(case.passed for case in cases)
    assert f"{kept} of 2 cases keep their limits" in page
    assert "It is made up." in page and "worst mark, of holding" in page
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids)), "ids must be unique over all cases"
