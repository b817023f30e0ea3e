"""Candles from files: what is refused, what is repaired, and that nothing of the future is seen."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.shared_data import DIRECTORY
from dao_bot.chain.provider import ReadContext
from dao_bot.domain.errors import BadInput, DaoBotError, NotFound
from dao_bot.domain.needs import PriceHistory, Series
from dao_bot.domain.runs import Block
from dao_bot.market.history import PriceHistoryProvider
from dao_bot.market.history_files import FileHistory
from dao_bot.market.history_settings import HistoryFile, HistorySettings
from tests.shared_data import needs_shared_data

START = 1_699_999_200  # a whole hour
MINUTE = 60
HEADER = "time,close,high,low,volume"

Load = Callable[..., Series]


def rows(count: int, start: int = START) -> list[str]:
    return [f"{start + MINUTE * n},{1 + n / 100},{1.5 + n / 100},0.5,{n}" for n in range(count)]


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """The series of a CSV file with these lines, seen at `now`."""

    def from_lines(
        lines: list[str], now: int = START + 10 * MINUTE, interval: int = MINUTE, window: int = 3600, **settings: Any
    ) -> Series:
        (tmp_path / "candles.csv").write_text("\n".join([settings.pop("header", HEADER), *lines]))
        values = {"path": "candles.csv", "pair": "USDC/USDT", "interval": "1m", "stamp": "open", "epoch": "s"}
        file = HistoryFile.model_validate({**values, **settings})
        return FileHistory([file], tmp_path).series("USDC/USDT", window, interval, now)

    return from_lines


def test_only_candles_that_have_closed_are_seen(load: Load) -> None:
    series = load(rows(60), now=START + 5 * MINUTE + 59)
    assert list(series.time) == [START + MINUTE * n for n in range(1, 6)]
    assert list(series.close) == [1.0, 1.01, 1.02, 1.03, 1.04]


def test_what_comes_later_changes_nothing(load: Load) -> None:
    now = START + 30 * MINUTE
    known, changed = rows(60), [*rows(30), *(f"{START + MINUTE * n},9,9,9,9" for n in range(30, 60))]
    before, after = load(known, now, interval=300), load(changed, now, interval=300)
    assert all(np.array_equal(getattr(before, name), getattr(after, name)) for name in ("time", "close", "high"))
    later = load(changed, now + 300, interval=300)
    assert not np.array_equal(later.close[-1:], load(known, now + 300, interval=300).close[-1:])


def test_coarse_candles_are_made_of_fine_ones(load: Load) -> None:
    series = load(rows(10), interval=300)
    assert list(series.time) == [START + 300, START + 600]
    assert list(series.close) == [1.04, 1.09]
    assert list(series.high) == [1.54, 1.59]
    assert list(series.low) == [0.5, 0.5]
    assert list(series.volume) == [0 + 1 + 2 + 3 + 4, 5 + 6 + 7 + 8 + 9]


def test_the_window_begins_where_it_is_told(load: Load) -> None:
    assert list(load(rows(60), now=START + 3600, window=120).time) == [START + 3540, START + 3600]


def test_gaps_stay_gaps_and_thin_coarse_candles_are_missing(load: Load) -> None:
    lines = rows(15)
    del lines[6:9]  # three of the five of the second candle
    assert list(load(lines, now=START + 900).time) == [
        START + MINUTE * n for n in (1, 2, 3, 4, 5, 6, 10, 11, 12, 13, 14, 15)
    ]
    assert list(load(lines, now=START + 900, interval=300).time) == [START + 300, START + 900]


def test_rows_out_of_order_and_equal_rows_are_repaired(load: Load) -> None:
    lines = rows(10)
    assert list(load([*reversed(lines), lines[3]]).close) == list(load(lines).close)


def test_times_may_be_those_of_the_close(load: Load) -> None:
    assert list(load(rows(3), stamp="close").time) == [START, START + 60, START + 120]


def test_a_file_may_hold_the_pair_turned_round(load: Load) -> None:
    series = load([f"{START},0.5,0.8,0.4,100"], invert=True)
    assert (series.close[0], series.high[0], series.low[0], series.volume[0]) == (2.0, 2.5, 1.25, 50.0)


def test_without_high_low_and_volume_the_close_stands_for_them(load: Load) -> None:
    columns = {"high": None, "low": None, "volume": None}
    series = load([f"{START},2"], header="time,close", columns=columns)
    assert (series.high[0], series.low[0]) == (2.0, 2.0)
    assert np.isnan(series.volume[0])


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (f"{START},0,1,0,1", "a positive close"),
        (f"{START},-1,1,-1,1", "a positive close"),
        (f"{START},nan,1,1,1", "a positive close"),
        (f"{START},inf,inf,1,1", "a positive close"),
        (f"{START},1,1,0,1", "a positive low"),
        (f"{START},1,,1,1", "a positive high"),
        (f"{START},2,1,1,1", "a close between low and high"),
        (f"{START},1,2,1.5,1", "a close between low and high"),
        (f"{START},1,2,1,-1", "a volume that is not negative"),
        (f"{START},1,2,1,inf", "a finite volume"),
        (f"{START + 1},1,2,1,1", "times that are multiples of 1 min"),
        ("-60,1,2,1,1", "times that are multiples of 1 min"),
        (f"{START + 60},1.5,2,1,1", "one close for each time"),
        (f"{START},one,2,1,1", "does not hold numbers"),
        ("yesterday,1,2,1,1", "are no times"),
        (",1,2,1,1", "rows without a time"),
    ],
)
def test_candles_that_cannot_be_used_are_refused_in_words(load: Load, line: str, what: str) -> None:
    with pytest.raises(BadInput) as refusal:
        load([line, *rows(5, START + MINUTE)])
    assert what in str(refusal.value)


def test_times_whose_unit_or_zone_would_be_a_guess_are_refused(load: Load) -> None:
    with pytest.raises(BadInput, match="epoch: s, or epoch: ms"):
        load(rows(3), epoch=None)
    naive = ["2023-11-14 22:00:00,1,1,1,1"]
    with pytest.raises(BadInput, match="no time zone"):
        load(naive, epoch=None)
    assert list(load(naive, epoch=None, time_zone="UTC").time) == [START + 60]
    assert list(load(["2023-11-14 22:00:00Z,1,1,1,1"], epoch=None).time) == [START + 60]
    assert list(load([f"{START}000,1,1,1,1"], epoch="ms").time) == [START + 60]


def test_an_interval_that_the_data_does_not_have_is_refused(load: Load) -> None:
    with pytest.raises(BadInput, match="cannot be made of"):
        load(rows(3), interval=90)


@pytest.mark.parametrize(
    ("settings", "error"),
    [
        ({"path": "nothing.csv"}, NotFound),
        ({"path": "."}, BadInput),
        ({"columns": {"close": "price"}}, NotFound),
        ({"rows": {"low": "7"}}, NotFound),
        ({"rows": {"venue": "x"}}, NotFound),
    ],
)
def test_files_columns_and_rows_that_are_not_there_are_named(
    load: Load, settings: dict[str, Any], error: type[DaoBotError]
) -> None:
    with pytest.raises(error):
        load(rows(3), **settings)


def test_a_broken_parquet_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and nothing more")
    values = {"path": "broken.parquet", "pair": "A/B", "interval": "1m", "stamp": "open"}
    history = FileHistory([HistoryFile.model_validate(values)], tmp_path)
    with pytest.raises(BadInput, match="cannot be read"):
        history.series("A/B", 60, 60, START)


def test_a_file_that_changed_is_read_again(load: Load, tmp_path: Path) -> None:
    values = {"path": "candles.csv", "pair": "A/B", "interval": "1m", "stamp": "open", "epoch": "s"}
    load(rows(3))
    history = FileHistory([HistoryFile.model_validate(values)], tmp_path)
    assert len(history.series("A/B", 3600, 60, START + 600).time) == 3
    load(rows(4))
    assert len(history.series("A/B", 3600, 60, START + 600).time) == 4


def at(context: ReadContext, now: int) -> ReadContext:
    return ReadContext(context.treasury, context.run, Block(1, 1, context.block.hash, now), {})


def history(context: ReadContext, source: FileHistory, need: PriceHistory) -> dict[str, Series]:
    plan = PriceHistoryProvider([source]).read(need, context)
    with pytest.raises(StopIteration) as end:
        next(plan)
    found: dict[str, Series] = end.value.value
    return found


def test_a_late_pair_and_an_unknown_pair_are_absent(load: Load, tmp_path: Path, context: ReadContext) -> None:
    load(rows(10))
    values = {"path": "candles.csv", "pair": "A/B", "interval": "1m", "stamp": "open", "epoch": "s"}
    source = FileHistory([HistoryFile.model_validate(values)], tmp_path)
    need = PriceHistory(("A/B", "C/D"), 3600, 60)
    assert set(history(at(context, START + 660), source, need)) == {"A/B"}
    assert set(history(at(context, START + 720), source, need)) == {"A/B"}
    assert history(at(context, START + 721), source, need) == {}
    assert history(at(context, START - 60), source, need) == {}
    with pytest.raises(BadInput, match="positive window"):
        next(PriceHistoryProvider([source]).read(PriceHistory(("A/B",), 0, 60), context))


def test_a_replay_moves_the_candles_of_its_moment_to_the_present_and_shows_no_later_one(
    load: Load, tmp_path: Path, context: ReadContext
) -> None:
    load(rows(60))
    values = {"path": "candles.csv", "pair": "A/B", "interval": "1m", "stamp": "open", "epoch": "s"}
    moment, now = START + 30 * MINUTE, START + 10**8
    source = FileHistory([HistoryFile.model_validate(values)], tmp_path, as_of=moment)
    replayed = history(at(context, now), source, PriceHistory(("A/B",), 300, 60))["A/B"]
    assert list(replayed.time) == [now - 240, now - 180, now - 120, now - 60, now]
    assert replayed.close[-1] == 1 + 29 / 100
    assert "as of 2023-11-14 22:30 UTC" in replayed.source


def test_two_files_for_one_pair_are_refused() -> None:
    file = {"path": "a.csv", "pair": "A/B", "interval": "1m", "stamp": "open"}
    with pytest.raises(ValueError, match="two sources for the pair A/B"):
        HistorySettings.model_validate({"files": [file, file]})
    with pytest.raises(ValueError, match="not a pair"):
        HistoryFile.model_validate({**file, "pair": "AB"})


@needs_shared_data("stablecoin_crises_1m.parquet")
def test_the_break_of_may_2022_is_read_as_it_was(context: ReadContext) -> None:
    values = {
        "path": "stablecoin_crises_1m.parquet",
        "pair": "USDC/USDT",
        "rows": {"pair": "USDCUSDT"},
        "interval": "1m",
        "stamp": "open",
    }
    source = FileHistory([HistoryFile.model_validate(values)], DIRECTORY)
    now = calendar.timegm((2022, 5, 12, 8, 0, 0))
    series = history(at(context, now), source, PriceHistory(("USDC/USDT",), 86_400, 900))["USDC/USDT"]
    assert series.time[-1] == now
    assert len(series.time) == 96
    assert 1.02 < series.close[-1] < 1.03
    assert max(series.close) > 1.04
    month = history(
        at(context, calendar.timegm((2022, 5, 8, 0, 0, 0))), source, PriceHistory(("USDC/USDT",), 604_800, 60)
    )
    assert abs(month["USDC/USDT"].close - 1).max() < 0.0015
