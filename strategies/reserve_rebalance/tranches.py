"""How many parts a trade is done in: each part moves the pool less, and each part costs gas."""

from __future__ import annotations

import math

from strategies.reserve_rebalance.problem import Mask
from strategies.reserve_rebalance.universe import Array


def count(flow: Array, rate: Array, gas: Array, minimum_trade: float, most: int) -> int:
    """Number of tranches N.

    A pool that refills between tranches charges N x a (F/N)^2 + N x gas for a flow F: least at N = sqrt(a F^2 / gas),
    the square root of impact over gas. Impact is what the flow costs beyond its first marginal rate. Each tranche
    stays at least the minimum trade.

    Args:
        flow, rate: (m, K), values as shares of the reserve.
        gas: (m,) of the routes, same unit.
        minimum_trade: same unit.
        most: N is at most this.
    """
    sold = flow.sum(axis=1)
    used = sold > 0
    if not used.any():
        return 1
    impact = float((flow * (rate[:, :1] - rate)).sum())
    fixed = float(gas[used].sum())
    wanted = math.sqrt(impact / fixed) if fixed > 0 else (math.inf if impact > 0 else 1.0)
    fits = float(sold[used].min()) / minimum_trade if minimum_trade > 0 else math.inf
    return max(1, int(min(round(min(wanted, most)), fits, most)))


def first(flow: Array, parts: int, exits: Mask) -> Array:
    """(m, K) flow of the first tranche: an N-th of each route, cheapest segments first; exits go whole."""
    sold = flow.sum(axis=1)
    target = sold / parts
    target[exits] = sold[exits]
    before = flow.cumsum(axis=1) - flow
    part: Array = (target[:, None] - before).clip(0.0, flow)
    return part
