"""What was recorded of a pool: read in any order, never too early, and refused where it cannot be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dao_bot.backtest.depth import StatedDepth
from dao_bot.backtest.paths import PricePaths
from dao_bot.backtest.pool_states import load_pool_states, load_pool_trades
from dao_bot.backtest.settings import PoolStatesFile, PoolTradesFile, TradingSettings
from dao_bot.backtest.traffic import Traffic, require_cover, stated_traffic
from dao_bot.domain.errors import BadInput, NotFound
from tests.unit.backtest.kit import BEGIN, DAY, MINUTE, POOLS, flat, market

POOL = POOLS[0]
Columns = Mapping[str, Sequence[Any]]
MINUTES = [BEGIN + MINUTE * number for number in range(5)]


def write(directory: Path, **changes: Sequence[Any]) -> Path:
    import pyarrow as pa
    from pyarrow import parquet

    usual: Columns = {
        "timestamp": MINUTES,
        "currentLiquidity": ["1000000000000"] * 5,
        "inAmount0": [1e6, 2e6, 3e6, 4e6, 5e6],
        "inAmount1": ["0"] * 5,
    }
    columns = {**usual, **changes}
    stamps = pa.array([second * 1_000_000 for second in columns["timestamp"]], pa.timestamp("us"))
    table = pa.table({**{name: pa.array(column) for name, column in columns.items()}, "timestamp": stamps})
    parquet.write_table(table, directory / "pool.parquet")
    return directory


def paths() -> PricePaths:
    return market(flat()).paths


def traffic(directory: Path, in_order: bool = True, **settings: Any) -> Traffic:
    return load_pool_trades(PoolTradesFile(path="pool.parquet", **settings), POOL, in_order, directory, paths())


def at(found: Traffic, time: int) -> list[float]:
    row = int(np.searchsorted(found.time, time, side="right")) - 1
    return [] if row < 0 else [float(each) for each in found.paid_in[row]]


def test_what_a_minute_did_is_known_when_it_has_closed_and_not_before(tmp_path: Path) -> None:
    found = traffic(write(tmp_path))
    assert at(found, BEGIN + MINUTE - 1) == []
    assert at(found, BEGIN + MINUTE) == [1e6, 0.0]
    assert at(traffic(tmp_path, stamp="close"), BEGIN) == [1e6, 0.0]
    assert at(traffic(tmp_path, in_order=False), BEGIN + MINUTE) == [0.0, 1e6]


def test_recorded_liquidity_is_known_when_its_minute_has_closed_and_not_before(tmp_path: Path) -> None:
    states = load_pool_states(PoolStatesFile(path="pool.parquet"), POOL, write(tmp_path))
    assert states.sale(BEGIN + MINUTE - 1, 1.0, 1.0, True, 1.0) is None
    assert states.sale(BEGIN + MINUTE, 1.0, 1.0, True, 1.0) is not None


def test_rows_in_any_order_are_the_same_pool(tmp_path: Path) -> None:
    (tmp_path / "turned").mkdir()
    turned = write(tmp_path / "turned", timestamp=MINUTES[::-1], inAmount0=[5e6, 4e6, 3e6, 2e6, 1e6])
    one, other = traffic(write(tmp_path)), traffic(turned)
    assert one.time.tolist() == other.time.tolist() and one.paid_in.tolist() == other.paid_in.tolist()


def test_in_a_gap_nothing_is_traded_and_the_liquidity_stays(tmp_path: Path) -> None:
    late = [BEGIN, BEGIN + 30 * MINUTE, *(BEGIN + number * MINUTE for number in (31, 32, 33))]
    found = traffic(write(tmp_path, timestamp=late))
    assert at(found, BEGIN + 10 * MINUTE) == [0.0, 0.0]
    assert found.liquidity.min() == 10**12


BAD: dict[str, tuple[Columns, str]] = {
    "no rows": ({"timestamp": [], "currentLiquidity": [], "inAmount0": [], "inAmount1": []}, "no row"),
    "two rows of one time": ({"timestamp": [BEGIN, BEGIN, *MINUTES[2:]]}, "two rows of one time"),
    "no liquidity": ({"currentLiquidity": ["1", "0", "1", "1", "1"]}, "without liquidity"),
    "negative liquidity": ({"currentLiquidity": ["1", "-1", "1", "1", "1"]}, "currentLiquidity"),
    "negative volume": ({"inAmount0": [1e6, -1.0, 0.0, 0.0, 0.0]}, "inAmount0"),
    "no number": ({"inAmount1": ["much"] * 5}, "cannot be read"),
    "an infinite amount": ({"inAmount0": [float("inf")] * 5}, "inAmount0"),
}


@pytest.mark.parametrize(("changes", "says"), BAD.values(), ids=list(BAD))
def test_what_a_pool_cannot_have_done_is_refused(tmp_path: Path, changes: Columns, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        traffic(write(tmp_path, **changes))


def test_a_pool_without_history_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"pool\.parquet"):
        traffic(tmp_path)
    with pytest.raises(NotFound, match="inAmount2"):
        traffic(write(tmp_path), paid_in=("inAmount0", "inAmount2"))


def test_a_pool_whose_history_ends_too_early_or_begins_too_late_is_refused(tmp_path: Path) -> None:
    found = traffic(write(tmp_path))
    require_cover(found, POOL, BEGIN + MINUTE, int(found.time[-1]))
    with pytest.raises(BadInput, match="not known for the whole backtest"):
        require_cover(found, POOL, BEGIN, int(found.time[-1]))
    with pytest.raises(BadInput, match="not known for the whole backtest"):
        require_cover(found, POOL, BEGIN + MINUTE, int(found.time[-1]) + DAY)


def test_a_stated_volume_is_spread_over_the_day_and_both_ways() -> None:
    found = stated_traffic(POOL, StatedDepth(5e6), 86_400.0, paths())
    row = 10
    seconds = float(found.time[row] - found.time[row - 1])
    assert found.paid_in[row].tolist() == pytest.approx([seconds / 2 * 1e6, seconds / 2 * 1e6])
    assert not found.paid_in[0].any()


@pytest.mark.parametrize("settings", [{}, {"volume": "1000 USD", "file": {"path": "pool.parquet"}}])
def test_one_of_a_volume_and_a_file_is_stated(settings: Mapping[str, Any]) -> None:
    with pytest.raises(ValueError, match="either `volume` or `file`"):
        TradingSettings.model_validate(settings)
