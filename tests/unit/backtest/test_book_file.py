"""Recorded order books as a depth: what an exchange would have paid, whichever way round its pair is."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from dao_bot.backtest.book_file import load_book
from dao_bot.backtest.depth import Book
from dao_bot.backtest.settings import BookFile, DepthSettings
from dao_bot.domain.errors import BadInput, NotFound
from tests.unit.backtest.kit import BEGIN, MINUTE

Level = tuple[int, str, float, float]
"""Second, side, price, size."""
FIRST: Sequence[Level] = [
    (BEGIN, "ask", 2.02, 50.0),
    (BEGIN, "bid", 1.98, 100.0),
    (BEGIN, "ask", 2.01, 100.0),
    (BEGIN, "bid", 1.99, 100.0),
]
LATER: Sequence[Level] = [(BEGIN + MINUTE, "bid", 1.9, 10.0), (BEGIN + MINUTE, "ask", 2.1, 10.0)]


def book(directory: Path, levels: Sequence[Level], *, turned: bool = False) -> Book:
    import pyarrow as pa
    from pyarrow import parquet

    columns = {name: [level[place] for level in levels] for place, name in ((1, "side"), (2, "price"), (3, "size"))}
    time = pa.array([level[0] * 1_000_000 for level in levels], pa.timestamp("us", "UTC"))
    parquet.write_table(pa.table({"time": time, **columns}), directory / "book.parquet")
    return load_book(BookFile(path="book.parquet"), directory, turned=turned)


def test_a_sale_walks_the_recorded_levels_best_first(tmp_path: Path) -> None:
    found = book(tmp_path, [*LATER, *FIRST])
    sold = found.sale(BEGIN, 2.0, 2.0, True, 150.0)
    assert sold is not None and sold.received == pytest.approx(100 * 1.99 + 50 * 1.98)
    assert sold.price == pytest.approx(1.98)
    bought = found.sale(BEGIN, 2.0, 2.0, False, 100 * 2.01 + 2.02)
    assert bought is not None and bought.received == pytest.approx(101.0)


def test_a_snapshot_holds_until_the_next_one_and_not_before_it(tmp_path: Path) -> None:
    found = book(tmp_path, [*FIRST, *LATER])
    assert found.sale(BEGIN - 1, 2.0, 2.0, True, 1.0) is None
    assert found.sale(BEGIN + MINUTE - 1, 2.0, 2.0, True, 150.0) is not None
    assert found.sale(BEGIN + MINUTE, 2.0, 2.0, True, 150.0) is None


def test_the_pair_turned_round_pays_the_same(tmp_path: Path) -> None:
    straight, turned = book(tmp_path, FIRST), book(tmp_path, FIRST, turned=True)
    one = straight.sale(BEGIN, 2.0, 2.0, True, 150.0)
    other = turned.sale(BEGIN, 0.5, 1.0, False, 150.0)
    assert one is not None and other is not None
    assert other.received == pytest.approx(one.received, rel=1e-3)


BAD: dict[str, tuple[Sequence[Level], str]] = {
    "a crossed book": ([*FIRST, (BEGIN, "bid", 2.5, 1.0)], "above the ask"),
    "one side alone": ([(BEGIN, "bid", 2.0, 1.0)], "no asks"),
    "a zero price": ([*FIRST, (BEGIN, "bid", 0.0, 1.0)], "not positive"),
    "a negative size": ([*FIRST, (BEGIN, "ask", 3.0, -1.0)], "not positive"),
    "two levels at one price": ([*FIRST, (BEGIN, "ask", 2.02, 1.0)], "out of order"),
    "another side": ([*FIRST, (BEGIN, "buy", 1.0, 1.0)], "buy"),
    "no rows": ([], "says neither|cannot be read"),
}


@pytest.mark.parametrize(("levels", "says"), BAD.values(), ids=list(BAD))
def test_what_is_no_order_book_is_refused(tmp_path: Path, levels: Sequence[Level], says: str) -> None:
    with pytest.raises(BadInput, match=says):
        book(tmp_path, levels)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match=r"book\.parquet"):
        load_book(BookFile(path="book.parquet"), tmp_path, turned=False)


def test_a_depth_is_one_thing() -> None:
    with pytest.raises(ValueError, match="one of `usd`, `states` and `book`"):
        DepthSettings.model_validate({"usd": "1M USD", "book": {"path": "book.parquet"}})


def test_every_snapshot_has_a_middle_of_its_own(tmp_path: Path) -> None:
    found = book(tmp_path, [*FIRST, (BEGIN + MINUTE, "bid", 3.98, 1.0), (BEGIN + MINUTE, "ask", 4.02, 1.0)])
    assert found.bid_distance[:, 0] == pytest.approx(np.array([0.005, 0.005]))
