"""The optimisation problem as numbers: what is fixed for a set of assets and pairs, and what changes each time.

Everything is a share of the reserve before trading (NAV = 1), so that one set of tolerances fits every treasury.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from strategies.reserve_rebalance.universe import Array

Indices = npt.NDArray[np.intp]
Mask = npt.NDArray[np.bool_]

UNLIMITED = 2.0
"""More than the whole reserve; larger numbers would only upset the solvers."""


@dataclass(frozen=True, slots=True)
class Structure:
    """n assets, m directed pairs with K segments each, c limits, F failures, S scenarios.

    Attributes:
        sell, buy: (m,) asset indices of each pair.
        segments: K.
        limit_shares, limit_bounds: (c, n) and (c,); the limits are limit_shares @ w <= limit_bounds x sum(w).
        retained: (n,) share that counts toward runway.
        failure_loss: (F, n) share of each asset that each failure takes.
        members: (S, F) 1 where a failure belongs to a scenario.
        loss: (S, n) share of each asset lost in each scenario.
        risk_aversion: lambda.
        tail: 0.01 for CVaR99.
    """

    sell: Indices
    buy: Indices
    segments: int
    limit_shares: Array
    limit_bounds: Array
    retained: Array
    failure_loss: Array
    members: Array
    loss: Array
    risk_aversion: float
    tail: float

    @property
    def pairs(self) -> int:
        return len(self.sell)

    def excess(self, weights: Array) -> Array:
        """(c,) by how much weights exceed each limit; negative where it holds."""
        over: Array = self.limit_shares @ weights - self.limit_bounds * weights.sum()
        return over

    def net(self, flow: Array, rate: Array) -> Array:
        """(n,) change of weights when (m, K) `flow` is sold at (m, K) `rate`."""
        change = np.zeros(len(self.retained))
        np.subtract.at(change, self.sell, flow.sum(axis=1))
        np.add.at(change, self.buy, (flow * rate).sum(axis=1))
        return change


@dataclass(frozen=True, slots=True)
class Inputs:
    """What changes each time.

    Attributes:
        weights: (n,) shares before.
        rate: (m, K) value received for value sold, never growing along a row, at most 1.
        room: (m, K) value that each segment takes; zero where a pair may not trade.
        gas: (m,) cost of using a pair at all.
        turnover_weight: (m,) 1 where the pair counts toward turnover, 0 for an emergency exit.
        probability: (S,).
        floor: least of retained @ w.
        turnover: most to sell.
        minimum_trade: least to sell in a pair that is used.
        most_sold: most to sell in one run, exits included.
        kept: (n,) value of each asset that is not sold, whatever happens.
        slack: (c,) how far each limit may be exceeded: 0, except in a repair that cannot do better.
        margin: by how much the solver keeps away from limits, floor, turnover and `most_sold`, so that rounding cannot
            cross them.
    """

    weights: Array
    rate: Array
    room: Array
    gas: Array
    turnover_weight: Array
    probability: Array
    floor: float
    turnover: float
    minimum_trade: float
    slack: Array
    most_sold: float = UNLIMITED
    kept: Array | float = 0.0
    margin: float = 1e-7

    @property
    def sellable(self) -> Array:
        """(n,) the most that may be sold of each asset."""
        return np.maximum(self.weights - self.kept, 0.0)


@dataclass(frozen=True, slots=True)
class Solution:
    """An accurate optimum.

    Attributes:
        flow: (m, K) value sold in each segment.
        weights: (n,) shares after, as multiples of the reserve before.
        objective: cost + lambda x CVaR, without gas.
        prices: dual values by constraint block, non-negative, objective per unit of right-hand side.
    """

    flow: Array
    weights: Array
    objective: float
    prices: dict[str, Array]
