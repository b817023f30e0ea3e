"""Backtests: steps a second against cvxportfolio on one problem with equal weights, and 1,000 small ones on two cores.

Run by `make bench`, with one thread for each solver; prints one JSON line for each of the two. cvxportfolio (GPL) is a
yardstick: installed on demand into an environment of its own in the cache directory, run there as a program, never
imported here.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import clarabel
import numpy as np
import scipy.sparse as sp

from dao_bot.backtest.backtest import Backtest, Player
from dao_bot.backtest.depth import StatedDepth
from dao_bot.backtest.history import CandleHistory, SlicedHistory
from dao_bot.backtest.market import Market
from dao_bot.backtest.measures import mark, measure
from dao_bot.backtest.paths import from_columns
from dao_bot.backtest.pools import PoolVenue, SimulatedPool, path_of
from dao_bot.backtest.run import run
from dao_bot.backtest.sweep import sweep
from dao_bot.chain.provider import Treasury as Facts
from dao_bot.domain.addresses import ZERO_ADDRESS, checksum
from dao_bot.domain.hashing import keccak
from dao_bot.domain.units import WAD
from dao_bot.engine.schedule import Every
from dao_bot.fields import Settings
from dao_bot.market.candles import Candles
from dao_bot.policy.slippage_limits import SlippageLimits
from dao_bot.protocols.uniswap_v3.paths import VENUE, Pool
from dao_bot.strategy import Decision, Holdings, Need, Observation, PriceHistory, Prices, Swap, Token

ASSETS, DAYS, FIRST, CAP, RISK, FEE = 10, 1_260, 60, 0.3, 5.0, 5e-4
DAY = 86_400
TIMES_FASTER, WEIGHTS_EQUAL, OF_IDEAL = 20, 1e-3, 1.1
REPEATS = 3
SMALL, SMALL_DAYS = 1_000, 40
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "dao-bot" / "cvxportfolio"
YARDSTICK = "cvxportfolio==1.5.1"

THEIRS = """
import sys, time, warnings, logging
warnings.filterwarnings("ignore")
import numpy as np, pandas as pd, cvxportfolio as cvx
source, target, first, cap, risk, fee = sys.argv[1], sys.argv[2], int(sys.argv[3]), *map(float, sys.argv[4:])
values = np.load(source)
days = pd.bdate_range("2019-01-01", periods=len(values), tz="UTC")
names = [f"A{i}" for i in range(values.shape[1])]
returns = pd.DataFrame(values, index=days, columns=names)
prices = (1 + returns).cumprod() * 50
returns["cash"] = 1e-4
volumes = pd.DataFrame(1e12, index=days, columns=names)
seconds = []
for _ in range(3):
    market = cvx.MarketSimulator(costs=[cvx.TransactionCost(a=fee)], returns=returns, volumes=volumes, prices=prices,
        cash_key="cash", trading_frequency=None, min_history=pd.Timedelta("30d"), base_location="cvxdata")
    policy = cvx.SinglePeriodOptimization(
        cvx.ReturnsForecast() - risk * cvx.FullCovariance() - cvx.TransactionCost(a=fee),
        [cvx.LongOnly(), cvx.LeverageLimit(1), cvx.MaxWeights(cap)], include_cash_return=False, solver="CLARABEL")
    began = time.process_time()
    found = market.backtest(policy, start_time=days[first], initial_value=1e6)
    seconds.append(time.process_time() - began)
np.savez(target, weights=found.w.values, seconds=sorted(seconds)[1])
"""


def returns() -> np.ndarray[Any, Any]:
    """(days, assets) with three common factors."""
    random = np.random.default_rng(1)
    factors = random.normal(size=(ASSETS, 3)) * 0.006
    common = random.normal(size=(DAYS, 3)) @ factors.T
    return common + random.normal(size=(DAYS, ASSETS)) * 0.006 + 2e-4


class MeanVariance:
    """Return forecast less risk less cost, long only, capped: cvxportfolio's single-period problem, for Clarabel."""

    name: ClassVar[str] = "mean-variance"
    Params: ClassVar[type[Settings]] = Settings

    def __init__(self, paths: dict[tuple[str, str], str]) -> None:
        self._paths = paths
        self._names = (*(f"A{i}" for i in range(ASSETS)), "CASH")
        self._pairs = tuple(f"A{i}/USD" for i in range(ASSETS))
        self._history = PriceHistory(self._pairs, DAYS * DAY, DAY)
        self._upper = np.triu_indices(ASSETS)
        self._order = np.lexsort(self._upper)
        eye, none = np.eye(ASSETS), np.zeros((ASSETS, ASSETS))
        rows = [np.r_[np.ones(ASSETS), np.zeros(ASSETS)][None], np.hstack([-eye, none]), np.hstack([eye, none])]
        self._rows = sp.csc_matrix(np.vstack([*rows, np.hstack([eye, -eye]), np.hstack([-eye, -eye])]))
        self._settings = clarabel.DefaultSettings()
        self._settings.verbose, self._settings.presolve_enable, self._settings.max_threads = False, False, 1
        self._solver: Any = None
        self._fees = np.full(ASSETS, FEE)
        self._fixed = np.concatenate(([1.0], np.zeros(ASSETS), np.full(ASSETS, CAP)))

    def needs(self) -> tuple[Need[Any], ...]:
        return (Holdings(), Prices(), self._history)

    def decide(self, seen: Observation) -> Decision:
        tokens, prices, held = [seen.tokens[name] for name in self._names], seen[Prices()], seen[Holdings()]
        usd = [prices[token].require() / WAD for token in tokens]
        values = np.array([price * held[token].available for price, token in zip(usd, tokens, strict=True)]) / 1e18
        total = float(values.sum())
        change = self._solve(seen[self._history], values[:-1] / total) * total - values[:-1]
        swaps, cash = [], tokens[-1]
        for i in [i for i in np.argsort(change).tolist() if abs(change[i]) > 1e-2]:
            buys, worth = change[i] > 0, float(abs(change[i]))
            sell, buy = (cash, tokens[i]) if buys else (tokens[i], cash)
            paid, got = (usd[-1], usd[i]) if buys else (usd[i], usd[-1])
            amount = int(worth / paid * 1e18) if buys else min(int(worth / paid * 1e18), held[sell].available)
            expected = int(worth * (1 - FEE) / got * 1e18 * (1 - 1e-9))
            swaps.append(Swap(sell.amount(amount), buy, expected, VENUE, self._paths[sell.symbol, buy.symbol]))
        return Decision(tuple(swaps), "It optimises.")

    def _solve(self, series: Any, weights: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        close = np.array([series[pair].close for pair in self._pairs])
        past = close[:, 1:] / close[:, :-1] - 1.0
        days = past.shape[1]
        risk = 2 * RISK * (past @ past.T / days)
        entries = risk[self._upper][self._order]
        linear = np.concatenate((-past.mean(axis=1), self._fees))
        bounds = np.concatenate((self._fixed, weights, -weights))
        if self._solver is None:
            columns = np.r_[0, np.cumsum(np.bincount(self._upper[1], minlength=2 * ASSETS))]
            quadratic = sp.csc_matrix((entries, self._upper[0][self._order], columns), shape=(2 * ASSETS, 2 * ASSETS))
            cone = [clarabel.NonnegativeConeT(len(bounds))]
            self._solver = clarabel.DefaultSolver(quadratic, linear, self._rows, bounds, cone, self._settings)
        else:
            self._solver.update(P=entries, q=linear, b=bounds)
        found: np.ndarray[Any, Any] = np.maximum(np.array(self._solver.solve().x[:ASSETS]), 0.0)
        return found


def backtest_of(moved: np.ndarray[Any, Any], first: int = FIRST) -> Backtest:
    """The same market for this program: pools of endless depth that take the fee."""
    days = len(moved)
    symbols = [*(f"A{i}" for i in range(ASSETS)), "CASH"]
    tokens = {each: Token(1, checksum(keccak(each.encode())[12:]), each, 18) for each in symbols}
    native = Token(1, ZERO_ADDRESS, "ETH", 18)
    growth = np.vstack([np.ones(ASSETS), np.cumprod(1.0 + moved, axis=0)]) * 50.0
    time_of = DAY * (20_000 + np.arange(days + 1, dtype=np.int64))
    cash = (1 + 1e-4) ** np.arange(days + 1)
    paths = from_columns((*tokens.values(), native), time_of, np.column_stack([growth, cash, np.full(days + 1, 2e3)]))
    nan = np.full(days + 1, np.nan)
    candles = {f"A{i}/USD": Candles("made up", DAY, time_of, *(growth[:, i],) * 3, nan) for i in range(ASSETS)}
    pools = [
        Pool(tokens[each], tokens["CASH"], int(FEE * 1e6), checksum(keccak((each + "pool").encode())[12:]))
        for each in symbols[:-1]
    ]
    venue = PoolVenue(VENUE, tuple(SimulatedPool(each, StatedDepth(1e18)) for each in pools), 1, 1, max_hops=1)
    market = Market(paths, native, {VENUE: venue}, 0, {}, SlicedHistory([CandleHistory(candles)]))
    ways = {(route.sell.symbol, route.buy.symbol): path_of(route) for route in venue.by_path.values()}
    facts = Facts(1, checksum(keccak(b"safe")[12:]), tokens, native, checksum(keccak(b"multicall")[12:]))
    start = {tokens["CASH"]: int(1e6 / cash[first] * 10**18)}
    player = Player("mean-variance", MeanVariance(ways), Every(DAY))
    return Backtest(
        market, facts, (player,), start, int(time_of[first]), int(time_of[-2]), slippage=SlippageLimits(WAD // 100)
    )


def ours(moved: np.ndarray[Any, Any], repeats: int = REPEATS) -> tuple[list[float], np.ndarray[Any, Any]]:
    """Steps in each second of processor time, once for each repeat, and the weights after each step's trades."""
    speeds = []
    for _ in range(repeats):
        test = backtest_of(moved)
        began = time.process_time()
        result = run(test)
        speeds.append(len(result.visits) / (time.process_time() - began))
    if any(deed.failure for deed in result.deeds):
        raise SystemExit(f"a batch failed: {next(deed.failure for deed in result.deeds if deed.failure)}")
    paths = result.backtest.market.paths
    at = {step.at: step.units for step in result.steps}
    rows, last = [], result.steps[0].units
    for now in paths.time[FIRST:-1].tolist():
        last = at.get(now, last)
        values = np.array(last[: ASSETS + 1], dtype=float) / 1e18 * paths.usd[paths.row(now) + 1, : ASSETS + 1]
        rows.append(values / values.sum())
    return speeds, np.array(rows)


def theirs(moved: np.ndarray[Any, Any]) -> tuple[float, np.ndarray[Any, Any]] | str:
    """The same of cvxportfolio, or why there is none."""
    python = CACHE / "bin" / "python"
    if not python.exists():
        venv.create(CACHE, with_pip=True)
    check = subprocess.run([python, "-c", "import cvxportfolio"], capture_output=True, check=False)
    if check.returncode:
        done = subprocess.run(
            [python, "-m", "pip", "install", "-q", YARDSTICK], capture_output=True, text=True, check=False
        )
        if done.returncode:
            return f"cvxportfolio cannot be installed: {done.stderr.strip()[-200:]}"
    with tempfile.TemporaryDirectory() as home:
        source, target = Path(home) / "returns.npy", Path(home) / "out.npz"
        np.save(source, moved)
        arguments = [*map(str, (source, target, FIRST, CAP, RISK, FEE))]
        done = subprocess.run([python, "-c", THEIRS, *arguments], capture_output=True, text=True, check=False, cwd=home)
        if done.returncode:
            return f"cvxportfolio failed: {done.stderr.strip()[-200:]}"
        found = np.load(target)
        return (len(found["weights"]) - 1) / float(found["seconds"]), found["weights"]


def compared() -> dict[str, Any]:
    """Steps a second of both, ours measured before and after theirs, and how far their weights are apart."""
    moved = returns()
    speeds, weights = ours(moved)
    other = theirs(moved)
    speed = statistics.median([*speeds, *ours(moved)[0]])
    facts: dict[str, Any] = {"benchmark": "backtest", "assets": ASSETS, "steps_per_second": round(speed)}
    if isinstance(other, str):
        return {**facts, "skipped": other, "ok": True}
    count = min(len(weights), len(other[1]) - 1)
    apart = float(np.abs(weights[:count] - other[1][1 : count + 1]).max())
    return {
        **facts,
        "cvxportfolio_steps_per_second": round(other[0]),
        "times_faster": round(speed / other[0], 1),
        "times_faster_limit": TIMES_FASTER,
        "weights_apart": apart,
        "weights_apart_limit": WEIGHTS_EQUAL,
        "ok": speed >= TIMES_FASTER * other[0] and apart <= WEIGHTS_EQUAL,
    }


def small(seed: int) -> tuple[float, float]:
    """One small backtest: its final value and its turnover."""
    moved = np.random.default_rng(seed).normal(2e-4, 0.01, (SMALL_DAYS, ASSETS))
    result = run(backtest_of(moved, first=30))
    found = measure(result, mark(result))
    return found.final_value, found.turnover


def clocked(seed: int) -> tuple[tuple[float, float], int, float, float]:
    """A small backtest, in which process it ran, and that process's processor time before and after."""
    began = time.process_time()
    return small(seed), os.getpid(), began, time.process_time()


def many() -> dict[str, Any]:
    """1,000 small backtests on two processes, against half of what one takes; the workers are running already.

    What counts is processor time, the least of several rounds, because other programs on the machine only add: all that
    the workers spent from their first backtest to their last, and what handing them out took, shared by two. The wall
    clock is told too; on a machine that does nothing else it says the same.
    """
    points = list(range(SMALL))
    sweep(clocked, points[:64], jobs=2)
    needed, alone, two, one, same = [], [], [], [], True
    for _ in range(REPEATS):
        began, wall = time.process_time(), time.perf_counter()
        parallel = sweep(clocked, points, jobs=2)
        handing_out = time.process_time() - began
        two.append(time.perf_counter() - wall)
        needed.append((sum(_spans(parallel)) + handing_out) / 2)
        began, wall = time.process_time(), time.perf_counter()
        serial = sweep(clocked, points, jobs=1)
        alone.append(time.process_time() - began)
        one.append(time.perf_counter() - wall)
        same &= [each[0] for each in parallel] == [each[0] for each in serial]
    of_ideal = min(needed) / (min(alone) / 2)
    return {
        "benchmark": "backtest sweep",
        "backtests": SMALL,
        "one_process_cpu_s": round(min(alone), 2),
        "two_processes_cpu_s": round(min(needed), 2),
        "of_ideal": round(of_ideal, 3),
        "of_ideal_limit": OF_IDEAL,
        "of_ideal_on_the_wall_clock": round(min(two) / (min(one) / 2), 3),
        "bit_identical": same,
        "ok": same and of_ideal <= OF_IDEAL,
    }


def _spans(done: Sequence[tuple[Any, int, float, float]]) -> list[float]:
    """Processor seconds of each worker, from its first backtest to the end of its last."""
    spans: dict[int, tuple[float, float]] = {}
    for _, worker, start, end in done:
        first, last = spans.get(worker, (start, end))
        spans[worker] = min(first, start), max(last, end)
    return [last - first for first, last in spans.values()]


def main() -> int:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]  # comes with scikit-learn

    results = []
    with threadpool_limits(limits=1):
        for measured in (compared, many):
            results.append(measured())
            print(json.dumps(results[-1]), flush=True)
    return int(not all(result["ok"] for result in results))


if __name__ == "__main__":
    sys.exit(main())
