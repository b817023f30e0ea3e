"""Sweeps: the same to the bit whoever computes them, in the order of the points."""

from __future__ import annotations

import pytest

from dao_bot.backtest.measures import Measures, mark, measure
from dao_bot.backtest.run import run
from dao_bot.backtest.sweep import grid, parse_ranges, sweep, varied
from dao_bot.domain.errors import BadInput
from tests.unit.backtest.kit import Seller, backtest, flat, market


def work(whole: int) -> Measures:
    close = flat()
    close[25 * 60 :] = 0.997
    result = run(backtest(market(close), Seller(whole), hours=3))
    return measure(result, mark(result))


POINTS = [1_000 * number for number in range(1, 20)]


def test_every_point_is_computed_once_and_in_order() -> None:
    counted: list[int] = []
    found = sweep(work, POINTS, done=counted.append)
    assert [each.turnover for each in found] == sorted(each.turnover for each in found)
    assert found == [work(point) for point in POINTS]
    assert counted == sorted(counted) and counted[-1] == len(POINTS)


def test_two_processes_compute_the_same_to_the_bit() -> None:
    assert sweep(work, POINTS, jobs=2) == sweep(work, POINTS, jobs=1)


def test_nothing_to_do_is_nothing() -> None:
    assert sweep(work, []) == []


def test_a_dask_cluster_computes_the_same_to_the_bit() -> None:
    import dask.config
    from dask.distributed import LocalCluster

    counted: list[int] = []
    patient = dask.config.set({"distributed.comm.timeouts.connect": "120s"})
    with patient, LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster:  # type: ignore[no-untyped-call]  # untyped
        found = sweep(work, POINTS[:6], dask=cluster.scheduler_address, done=counted.append)
    assert found == sweep(work, POINTS[:6])
    assert counted[-1] == 6


def test_a_cluster_that_does_not_answer_is_an_error_in_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dao_bot.backtest.sweep.ANSWER_WITHIN", 1)
    with pytest.raises(BadInput, match="does not answer"):
        sweep(work, POINTS, dask="tcp://127.0.0.1:9")


def test_without_dask_a_cluster_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "dask", None)
    monkeypatch.setitem(sys.modules, "dask.distributed", None)
    with pytest.raises(BadInput, match="not installed"):
        sweep(work, POINTS, dask="tcp://127.0.0.1:1")


def test_ranges_make_a_grid_in_which_the_last_varies_fastest() -> None:
    ranges = parse_ranges(["a=1,2", "b.c=x, y"])
    assert [tuple(point.values()) for point in grid(ranges)] == [("1", "x"), ("1", "y"), ("2", "x"), ("2", "y")]


@pytest.mark.parametrize("text", ["a", "a=", "=1", "a=,"])
def test_what_is_no_range_is_refused(text: str) -> None:
    with pytest.raises(BadInput, match="not a range"):
        parse_ranges([text])
    with pytest.raises(BadInput, match="not a range"):
        parse_ranges(["a=1", "a=2"])


def test_a_point_changes_its_parameter_and_nothing_else() -> None:
    params = {"turnover": "30%", "peg": {"bound": "50bps", "noise": "30bps"}}
    assert varied(params, {"peg.bound": "1%"}) == {"turnover": "30%", "peg": {"bound": "1%", "noise": "30bps"}}
    assert varied(params, {"new.key": "1"})["new"] == {"key": "1"}
    assert params["peg"] == {"bound": "50bps", "noise": "30bps"}
