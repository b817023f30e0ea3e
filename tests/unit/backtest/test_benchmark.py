"""The benchmark's own problem runs, so that it is the speed that is compared and not an error."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.bench_backtest import ASSETS, CAP, FIRST, ours, returns, small


def test_the_compared_backtest_keeps_its_caps_and_trades() -> None:
    moved = returns()[: FIRST + 30]
    speeds, weights = ours(moved, repeats=1)
    assert len(speeds) == 1 and weights.shape == (30, ASSETS + 1)
    assert weights.sum(axis=1) == pytest.approx(np.ones(30))
    assert weights[:, :ASSETS].max() < CAP * 1.1
    assert np.ptp(weights, axis=0).max() > 1e-3


def test_a_small_backtest_is_the_same_twice() -> None:
    assert small(3) == small(3) != small(4)
