"""Numbers of a run against arithmetic by hand, and the files and pages that tell them."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from dao_bot.backtest.export import assumptions, measures_json, write_result
from dao_bot.backtest.measures import Measures, Runway, deepest, fallen, mark, measure
from dao_bot.backtest.report import run_page
from dao_bot.backtest.result import Result
from dao_bot.backtest.run import run
from dao_bot.domain.errors import BadInput
from dao_bot.domain.units import WAD
from tests.unit.backtest.kit import DAY, HOUR, USDT, Base, Seller, backtest, flat, market


def dip() -> np.ndarray[Any, Any]:
    """One dollar; 0.9 from the second to the fourth hour; 0.99 afterwards."""
    close = flat()
    close[26 * 60 : 28 * 60], close[28 * 60 :] = 0.9, 0.99
    return close


def measured(*strategies: Any, runway: Runway | None = None, **rest: Any) -> tuple[Result, Measures]:
    result = run(backtest(market(dip()), *strategies, **rest))
    return result, measure(result, mark(result), runway)


def test_holding_is_measured_by_hand() -> None:
    _, found = measured(Base(), hours=6)
    assert found.start_value == found.final_value + 10_000 == 2e6
    assert found.worst == found.worst_hold == pytest.approx(0.05)
    assert found.drawdown == pytest.approx(0.05)
    assert (found.cost, found.turnover, found.executed) == (0.0, 0.0, 0)
    assert found.endings == {"nothing": 7}


def test_equal_weight_spreads_the_same_dollars_over_what_can_be_traded() -> None:
    _, found = measured(Base(), hours=6)
    assert found.final_equal == pytest.approx(2e6 * (1 - 0.01 / 3))


def test_what_was_sold_before_a_fall_is_not_lost() -> None:
    result, found = measured(Seller(100_000), hours=6, every=DAY)
    (deed,) = result.deeds
    assert found.worst == pytest.approx((90_000 + deed.fills[0].cost) / 2e6)
    assert found.worst < found.worst_hold == pytest.approx(0.05)
    assert found.turnover == pytest.approx(0.05)
    assert found.cost == pytest.approx(deed.fills[0].sold_usd - deed.fills[0].bought_usd)


def test_the_runway_counts_burn_commitments_and_haircuts() -> None:
    runway = Runway(97_000 * WAD, 500_000 * WAD, 10, {USDT: WAD // 2})
    _, found = measured(Base(), hours=6, runway=runway)
    assert found.runway_least == pytest.approx((1e6 + 0.9e6 / 2 - 5e5) / 9.7e4)
    assert found.runway_final == pytest.approx((1e6 + 0.99e6 / 2 - 5e5) / 9.7e4)
    assert found.days_short == pytest.approx(2 / 24), "below ten months only while the price is at 0.9"


def test_days_without_a_price_are_counted_and_marked_at_the_last_one() -> None:
    result = run(backtest(market(flat(hours=26)), Base(), hours=1.9))
    found = measure(result, mark(result))
    assert found.days_unknown == 0.0
    longer = run(backtest(market(flat(hours=26)), Base(), hours=5))
    late = measure(longer, mark(longer))
    assert late.days_unknown == pytest.approx((5 * HOUR - (2 * HOUR - 60) - 121) / DAY)
    assert late.final_value == 2e6


def test_worst_and_deepest() -> None:
    assert fallen(np.array([2.0, 3.0, 1.5, 2.5])) == 0.25
    assert fallen(np.array([2.0, 3.0])) == 0.0
    assert deepest(np.array([2.0, 3.0, 1.5, 2.5])) == 0.5


def test_the_page_is_well_formed_and_loads_and_runs_nothing() -> None:
    result, found = measured(Seller(100_000), hours=6)
    page = run_page("Backtest of <b>&", result, mark(result), found)
    assert "<b>&" not in page
    assert not re.search(r"<script|<img|<link|\bsrc=|https?://(?!www\.w3\.org)", page)
    assert page.count("<svg") == 4
    _Balanced().check(page)


def test_the_page_tells_what_was_stated_and_what_happened() -> None:
    result, found = measured(Seller(100_000), hours=6)
    page = run_page("Backtest", result, mark(result), found)
    for words in ("stated as 1.0000 USD", "5,000,000 USD until the price is 1 % worse", "It sells.", "100,000.00 USDT"):
        assert words in page


class _Balanced(HTMLParser):
    """Every element that is opened is closed, in order."""

    VOID = frozenset({"meta", "rect", "line", "polyline", "polygon", "circle"})

    def check(self, page: str) -> None:
        self.open: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag


def test_files_hold_the_exact_amounts(tmp_path: Path) -> None:
    from pyarrow import parquet

    result, found = measured(Seller(100_000), hours=6, delay=600)
    facts = {"measures": measures_json(found), "assumptions": assumptions(result)}
    write_result(tmp_path / "out", result, mark(result), facts, "page")
    assert json.loads((tmp_path / "out" / "result.json").read_text())["measures"]["executed"] == found.executed
    fills = parquet.read_table(tmp_path / "out" / "fills.parquet").to_pylist()
    assert [int(row["sold_units"]) for row in fills] == [deed.fills[0].sold.units for deed in result.deeds]
    bought = [deed.fills[0].bought for deed in result.deeds]
    assert [int(row["bought_units"]) for row in fills] == [each.units for each in bought if each is not None]
    assert parquet.read_table(tmp_path / "out" / "visits.parquet").num_rows == len(result.visits)
    marks = parquet.read_table(tmp_path / "out" / "marks.parquet")
    assert marks.column("value").to_pylist()[-1] == found.final_value


def test_a_directory_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    result, found = measured(Base(), hours=2)
    (tmp_path / "file").write_text("")
    with pytest.raises(BadInput, match="cannot be written"):
        write_result(tmp_path / "file", result, mark(result), measures_json(found), "page")


def test_a_run_without_batches_has_files_too(tmp_path: Path) -> None:
    result, found = measured(Base(), hours=2)
    write_result(tmp_path, result, mark(result), measures_json(found), "page")
    assert (tmp_path / "fills.parquet").exists()
