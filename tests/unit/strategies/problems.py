"""Random reserve problems as numbers, with the routes of two hubs."""

from __future__ import annotations

import numpy as np

from strategies.reserve_rebalance import scenarios
from strategies.reserve_rebalance.optimum import Optimizer
from strategies.reserve_rebalance.problem import Inputs, Structure


def random_problem(seed: int, *, assets: int, segments: int = 3) -> tuple[Optimizer, Inputs]:
    """A feasible problem: limits leave room, and holding satisfies the floor."""
    rng = np.random.default_rng(seed)
    routes = [(a, b) for hub in range(2) for o in range(hub + 1, assets) for a, b in ((hub, o), (o, hub))]
    failures = max(3, assets // 2)
    share = np.zeros((failures, assets))
    share[np.arange(assets) % failures, np.arange(assets)] = 1.0
    loss = share * (0.1 + 0.3 * rng.random((failures, 1)))
    hazard = 0.01 + 0.05 * rng.random(failures)
    likely = scenarios.build(hazard, loss)
    weights = rng.dirichlet(np.ones(assets))
    caps = np.maximum(share @ weights + 0.02, 0.9)
    structure = Structure(
        sell=np.array([a for a, _ in routes], dtype=np.intp),
        buy=np.array([b for _, b in routes], dtype=np.intp),
        segments=segments,
        limit_shares=share,
        limit_bounds=caps,
        retained=0.8 + 0.2 * rng.random(assets),
        failure_loss=loss,
        members=likely.membership(failures),
        loss=likely.loss,
        risk_aversion=0.1,
        tail=0.01,
    )
    rate = 1.0 - np.sort(1e-4 + 30e-4 * rng.random((len(routes), segments)), axis=1)
    inputs = Inputs(
        weights=weights,
        rate=rate,
        room=0.02 + 0.2 * rng.random((len(routes), segments)),
        gas=np.zeros(len(routes)),
        turnover_weight=np.ones(len(routes)),
        probability=likely.probabilities(hazard, 90 * 86_400)[0],
        floor=float(structure.retained @ weights) * 0.95,
        turnover=0.4,
        minimum_trade=0.0,
        slack=np.zeros(len(caps)),
    )
    return Optimizer(structure), inputs
