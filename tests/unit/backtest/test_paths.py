"""Prices from candles: what is repaired, what is refused, and what is unknown."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dao_bot.backtest.history import CandleHistory, SlicedHistory
from dao_bot.backtest.paths import PricePaths, Stated, Traded, from_columns, price_paths
from dao_bot.domain.errors import BadInput, NotFound
from dao_bot.domain.units import WAD
from dao_bot.market.candles import Candles
from dao_bot.market.history_files import FileHistory
from dao_bot.market.history_settings import HistoryFile
from tests.unit.backtest.kit import BEGIN, DAI, DAY, HOUR, MINUTE, USDC, USDT, candles


def paths(*close: float, marks: int = 0, keep: slice = slice(None)) -> PricePaths:
    whole = candles(close, first=BEGIN)
    cut = Candles(
        *(getattr(whole, name) for name in ("source", "interval")),
        *(getattr(whole, name)[keep] for name in ("time", "close", "high", "low", "volume")),
    )
    return price_paths({USDT: Traded("USDT/USD", MINUTE)}, SlicedHistory([CandleHistory({"USDT/USD": cut})]), marks)


def at(found: PricePaths, now: int) -> float:
    return float(found.usd[found.row(now), 0])


def test_a_price_holds_from_the_close_of_its_candle_until_the_next_one() -> None:
    found = paths(1.0, 0.9, 0.8)
    assert found.row(BEGIN - 1) == -1
    assert [at(found, BEGIN + second) for second in (0, 59, 60, 119, 120)] == [1.0, 1.0, 0.9, 0.9, 0.8]


def test_in_a_gap_a_price_is_unknown_after_two_intervals_and_the_last_one_is_carried_for_marks() -> None:
    whole = candles([1.0] * 30, first=BEGIN)
    rows = np.r_[0:10, 20:30]
    falling = np.linspace(1.0, 0.9, 20)
    gap = Candles("gap", MINUTE, whole.time[rows], falling, falling, falling, whole.volume[rows])
    found = price_paths({USDT: Traded("USDT/USD", MINUTE)}, SlicedHistory([CandleHistory({"USDT/USD": gap})]), 0)
    last = BEGIN + 9 * MINUTE
    assert not math.isnan(at(found, last + 2 * MINUTE))
    assert math.isnan(at(found, last + 2 * MINUTE + 1))
    assert math.isnan(at(found, last + 10 * MINUTE))
    assert found.carried[found.row(last + 5 * MINUTE), 0] == gap.close[9]
    assert at(found, last + 11 * MINUTE) == gap.close[10]


def test_after_the_last_candle_a_price_is_unknown_too() -> None:
    found = paths(1.0, 1.0, 1.0)
    assert at(found, BEGIN + 2 * MINUTE) == 1.0
    assert math.isnan(at(found, BEGIN + DAY))


@pytest.mark.parametrize("spikes", [1, 2])
def test_trades_that_stand_alone_do_not_move_a_price_that_is_a_median_of_five(spikes: int) -> None:
    close = [1.0] * 20
    close[10 : 10 + spikes] = [3.99] * spikes
    found = paths(*close, marks=5 * MINUTE)
    assert set(found.usd[: len(close), 0]) == {1.0}


def test_a_fall_that_stays_is_followed_within_the_window() -> None:
    found = paths(*[1.0] * 10, *[0.9] * 10, marks=5 * MINUTE)
    assert at(found, BEGIN + 11 * MINUTE) == 1.0
    assert at(found, BEGIN + 12 * MINUTE) == 0.9


def test_the_mean_over_time_is_that_of_the_steps() -> None:
    found = paths(*[1.0] * 30, *[math.e] * 30)
    mean = found.mean_log(BEGIN + 45 * MINUTE, 30 * MINUTE)
    assert mean is not None
    assert mean[0] == pytest.approx(0.5, abs=1e-12)
    assert found.mean_log(BEGIN + 10 * MINUTE, 11 * MINUTE) is None


def test_a_price_in_another_token_is_multiplied_and_the_pair_may_stand_the_other_way_round() -> None:
    history = SlicedHistory([CandleHistory({"USDC/USDT": candles([1.25, 1.25], first=BEGIN)})])
    sources: dict[Any, Stated | Traded] = {USDC: Stated(2 * WAD), USDT: Traded("USDT/USDC", MINUTE)}
    found = price_paths(sources, history, 0)
    assert at(found, BEGIN) == 2.0
    assert float(found.usd[0, 1]) == pytest.approx(1.6)


def test_prices_that_are_measured_in_each_other_are_refused() -> None:
    history = SlicedHistory([CandleHistory({"USDC/USDT": candles([1.0], first=BEGIN)})])
    with pytest.raises(BadInput, match="measured in each other"):
        price_paths({USDC: Traded("USDC/USDT", MINUTE), USDT: Traded("USDT/USDC", MINUTE)}, history, 0)


def test_a_price_in_a_token_without_a_price_is_refused() -> None:
    history = SlicedHistory([CandleHistory({"DAI/USDC": candles([1.0], first=BEGIN)})])
    with pytest.raises(NotFound, match="USDC, which has no price"):
        price_paths({DAI: Traded("DAI/USDC", MINUTE)}, history, 0)


def test_no_history_at_all_is_refused() -> None:
    with pytest.raises(NotFound, match="no history of USDT/USD"):
        price_paths({USDT: Traded("USDT/USD", MINUTE)}, SlicedHistory(()), 0)
    with pytest.raises(BadInput, match="no price moves"):
        price_paths({USDT: Stated(WAD)}, SlicedHistory(()), 0)


@pytest.mark.parametrize("price", [0.0, -1.0, math.inf])
def test_a_price_that_is_none_is_refused(price: float) -> None:
    with pytest.raises(BadInput, match="a price of USDT cannot be used"):
        from_columns((USDT,), np.array([1, 2]), np.array([[1.0], [price]]))


@pytest.mark.parametrize("time", [[], [2, 1], [1, 1]])
def test_moments_that_do_not_grow_are_refused(time: list[int]) -> None:
    with pytest.raises(BadInput, match="must grow"):
        from_columns((USDT,), np.array(time, dtype=np.int64), np.ones((len(time), 1)))


def test_slices_of_a_history_are_what_its_source_says_at_every_moment() -> None:
    random = np.random.default_rng(1)
    whole = candles(1.0 + 0.01 * random.random(600), first=BEGIN)
    rows = np.sort(random.choice(600, 430, replace=False))
    broken = Candles("gaps", MINUTE, *(getattr(whole, n)[rows] for n in ("time", "close", "high", "low", "volume")))
    source = CandleHistory({"USDT/USD": broken})
    sliced = SlicedHistory([source])
    for now in random.integers(BEGIN - HOUR, BEGIN + 11 * HOUR, 200).tolist():
        for window, interval in ((HOUR, MINUTE), (3 * HOUR, 300), (7 * HOUR + 13, HOUR)):
            expected, found = (each.series("USDT/USD", window, interval, now) for each in (source, sliced))
            for name in ("time", "close", "high", "low", "volume"):
                np.testing.assert_array_equal(getattr(found, name), getattr(expected, name))


def test_what_a_strategy_is_shown_cannot_be_changed_by_it() -> None:
    sliced = SlicedHistory([CandleHistory({"USDT/USD": candles([1.0] * 60, first=BEGIN)})])
    shown = sliced.series("USDT/USD", HOUR, MINUTE, BEGIN + HOUR)
    with pytest.raises(ValueError, match="read-only"):
        shown.close[0] = 2.0


BAD_FILES = {
    "a zero price": ("2023-11-15T00:00:00Z,1,1\n2023-11-15T00:01:00Z,0,1\n", "cannot be used"),
    "a negative volume": ("2023-11-15T00:00:00Z,1,-1\n", "cannot be used"),
    "two rows of one time": ("2023-11-15T00:00:00Z,1,1\n2023-11-15T00:00:00Z,2,1\n", "cannot be used"),
    "no time zone": ("2023-11-15T00:00:00,1,1\n", "no time zone"),
    "no rows": ("", "holds no|cannot be read|no times|no rows"),
}


@pytest.mark.parametrize(("rows", "says"), BAD_FILES.values(), ids=list(BAD_FILES))
def test_a_bad_file_is_refused_with_its_reason(tmp_path: Path, rows: str, says: str) -> None:
    (tmp_path / "usdt.csv").write_text("time,close,volume\n" + rows)
    with pytest.raises(BadInput, match=says):
        price_paths({USDT: Traded("USDT/USD", MINUTE)}, SlicedHistory([_file(tmp_path)]), 0)


def test_rows_out_of_order_and_repeated_are_put_right(tmp_path: Path) -> None:
    minutes = [f"2023-11-15T00:{minute:02d}:00Z,{1 + minute / 100},5" for minute in (3, 1, 2, 2, 0)]
    (tmp_path / "usdt.csv").write_text("\n".join(["time,close,volume", *minutes]) + "\n")
    found = price_paths({USDT: Traded("USDT/USD", MINUTE)}, SlicedHistory([_file(tmp_path)]), 0)
    assert found.usd[:4, 0].tolist() == [1.0, 1.01, 1.02, 1.03]


def _file(directory: Path) -> FileHistory:
    settings = HistoryFile.model_validate(
        {
            "path": "usdt.csv",
            "pair": "USDT/USD",
            "columns": {"high": None, "low": None},
            "interval": "1m",
            "stamp": "close",
        }
    )
    return FileHistory([settings], directory)
