"""The reserve problem: the strategy's whole decision against cvxpy rebuilt each time and against bare solvers.

Run by `make bench`, with one thread for each solver; prints one JSON line for each size
and path. `ratio_to_direct` compares `decide()` with the same cone data handed to Clarabel (continuous) or to HiGHS and
Clarabel (mixed-integer).
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import cvxpy as cp
import numpy as np

from dao_bot.domain.units import WAD
from dao_bot.strategy import (
    Block,
    GasPrice,
    Holding,
    Ladder,
    Observation,
    PriceQuote,
    Rung,
    RunId,
    Swap,
    Token,
    TokenPrice,
)
from strategies.reserve_rebalance import Params, ReserveRebalance, amounts, cone, highs, model, scenarios, universe
from strategies.reserve_rebalance.situation import Needed, read

SIZES = (10, 50, 200)
MAX_RATIO = 1.5
MAX_EXCESS = 1e-8
HUBS = 2
CAP = {10: 15, 50: 12, 200: 2}
BANKS = 3
VENUES = 3
NOW = 1_700_000_000


def parameters(n: int, *, integer: bool) -> Params:
    """n dollar tokens of about n/3 issuers, every third of a second one too; banks, venues, a chain; caps."""
    issuers = max(4, min(60, n // 3))
    rng = np.random.default_rng(n)
    assets = {}
    for i in range(n):
        first, second = f"I{i % issuers}", f"I{(7 * i + 1) % issuers}"
        mixed = i % 3 == 2 and first != second
        assets[f"T{i}"] = {
            "backing": {first: "60%", second: "40%"} if mixed else {first: "100%"},
            "cap": "100%" if i < HUBS else f"{CAP[n]}%",
        } | ({"venue": f"V{i % VENUES}"} if i % 4 == 3 else {})
    return Params.model_validate(
        {
            "monthly_burn": "100000 USD",
            "runway_months": "12",
            "assets": assets,
            "issuers": {
                f"I{k}": {
                    "hazard": f"{50 + int(300 * rng.random())}bps",
                    "loss": f"{10 + int(30 * rng.random())}%",
                    "cap": "60%",
                    "banks": {f"B{k % BANKS}": "10%"},
                }
                for k in range(issuers)
            },
            "banks": {f"B{k}": {"hazard": "2%", "loss": "50%"} for k in range(BANKS)},
            "venues": {f"V{k}": {"hazard": "1%", "loss": "30%", "cap": "30%"} for k in range(VENUES)},
            "chains": {"ethereum": {"hazard": "10bps", "loss": "50%"}},
            "max_tranches": "1",
            "turnover": "100%",
            "risk_aversion": "1%",
            "no_trade_band": "10bps",
            "minimum_trade": "20000 USD" if integer else "0 USD",
        }
    )


def observation(params: Params, seed: int, *, integer: bool) -> Observation:
    """Random holdings of 10M USD and constant-product pools of every token with the hubs."""
    rng = np.random.default_rng(seed)
    n = len(params.assets)
    tokens = {s: Token(1, f"0x{i:040x}", s, 6 if i % 2 else 18) for i, s in enumerate(params.assets)}  # type: ignore[arg-type]  # not checksummed
    shares = rng.dirichlet(np.full(n, 0.7)) * 10e6
    held = {t: Holding(int(v * 10**6) * 10 ** (t.decimals - 6)) for t, v in zip(tokens.values(), shares, strict=True)}
    prices = {t: TokenPrice(t, WAD, (PriceQuote("feed", WAD, NOW, 3600),)) for t in tokens.values()}
    listed = list(tokens.values())
    routes = [(a, b) for h in range(HUBS) for o in range(h + 1, n) for a, b in ((h, o), (o, h))]
    ladders = []
    for sell, buy in routes:
        fee, depth = 1e-4 + 9e-4 * rng.random(), 10e6 + 90e6 * rng.random()
        rungs = []
        for size in params.quote_sizes:
            paid = size // WAD
            got = paid * (1 - fee) / (1 + paid / depth)
            scaled = int(got * 10**6) * 10 ** (listed[buy].decimals - 6)
            rungs.append(Rung(paid * 10 ** listed[sell].decimals, scaled))
        pool = f"{min(sell, buy)}-{max(sell, buy)}"
        ladders.append(Ladder(listed[sell], listed[buy], "pool", f"0x{sell}{buy}", (pool,), tuple(rungs), 150_000))
    gas = GasPrice(20 * 10**9 if integer else 0, 2_000 * WAD)
    answers: dict[str, Any] = {
        "holdings": held,
        "prices": prices,
        "pool_prices": (),
        "swap_ladders": tuple(ladders),
        "gas": gas,
        "spend_history": (),
    }
    data = {need: answers[need.kind] for need in ReserveRebalance(params).needs()}
    return Observation(RunId("reserve", NOW), Block(1, 1, "0x", NOW), tokens, data)


def milliseconds(work: Callable[[], Any], repeats: int) -> float:
    """Median processor time of one call, after one that warms up."""
    work()
    spent = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        spent.append((time.process_time() - start) * 1e3)
    return statistics.median(spent)


def measure(n: int, *, integer: bool, seed: int = 1) -> dict[str, Any]:
    """All three ways on one instance."""
    params = parameters(n, integer=integer)
    seen = observation(params, seed, integer=integer)
    strategy = ReserveRebalance(params)
    decision = strategy.decide(seen)
    assets = universe.build(params, seen.tokens)
    likely = scenarios.build(assets.hazard, assets.loss)
    situation = read(assets, likely, params, Needed.of(params), seen)
    optimizer = strategy._optimizer(assets, likely, situation)
    values = model.parameter_values(optimizer.structure, situation.inputs)
    pairs = optimizer.structure.pairs
    most = np.minimum(situation.inputs.room.sum(axis=1), situation.inputs.weights[situation.quotes.sell])
    least = np.full(pairs, situation.inputs.minimum_trade)
    continuous = optimizer.continuous.fill(values | {"least": np.zeros(pairs)})

    def rebuilt() -> None:
        """As a program does that knows nothing of cone forms: cvxpy from the start for each solve."""
        given = values | {"least": least, "most": most, "gas": situation.inputs.gas}
        if integer:
            chosen = _solved(model.build(optimizer.structure, integer=True), given, cp.HIGHS)["used"] > 0.5
            room = situation.inputs.room * chosen[:, None]
            given |= {"least": np.where(chosen, least, 0.0), "room": room.ravel()}
        _solved(model.build(optimizer.structure, integer=False), given, cp.CLARABEL)

    def direct() -> None:
        if integer:
            solver = highs.solver(mixed, optimizer.integer.integral, highs.LOOSE)
            solver.run()
        cone.solve(continuous)

    if integer:
        mixed = optimizer.integer.fill(values | {"least": least, "most": most, "gas": situation.inputs.gas})
    repeats = 3 if n == 200 and integer else 15
    decide_ms = milliseconds(lambda: strategy.decide(seen), repeats)
    direct_ms = milliseconds(direct, repeats)
    rebuilt_ms = milliseconds(rebuilt, min(repeats, 5))
    return {
        "benchmark": "reserve",
        "n": n,
        "path": "mixed-integer" if integer else "continuous",
        "routes": pairs,
        "scenarios": len(likely.loss),
        "swaps": len(decision.operations),
        "decide_ms": round(decide_ms, 2),
        "direct_ms": round(direct_ms, 2),
        "rebuilt_ms": round(rebuilt_ms, 2),
        "ratio_to_direct": round(decide_ms / direct_ms, 3),
        "ratio_to_rebuilt": round(decide_ms / rebuilt_ms, 3),
        "worst_cap_excess": worst_excess(assets, situation.book, decision.operations),
    }


def _solved(built: model.Model, given: dict[str, Any], solver: str) -> dict[str, Any]:
    for name, parameter in built.parameters.items():
        parameter.value = given[name]
    built.problem.solve(solver=solver)
    return {name: variable.value for name, variable in built.variables.items()}


def worst_excess(assets: universe.Universe, book: amounts.Book, operations: tuple[Any, ...]) -> float:
    """By how much any limit is exceeded after the swaps, as a share of the reserve, exactly."""
    swaps = [operation for operation in operations if isinstance(operation, Swap)]
    values = amounts.after(assets, book, swaps).values(assets.tokens)
    return max(amounts.excess(limit, values) for limit in assets.limits) / sum(values)


def main() -> int:
    """0 when every ratio to the bare solvers and every cap is within its limit."""
    kept = True
    for n in [int(size) for size in sys.argv[1:]] or SIZES:
        for integer in (False, True):
            found = measure(n, integer=integer)
            print(json.dumps(found), flush=True)
            kept &= found["ratio_to_direct"] <= MAX_RATIO and found["worst_cap_excess"] <= MAX_EXCESS
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
