"""Ladders of real quotes as piecewise-linear costs: marginal value received for value sold, and how much fits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dao_bot.domain.units import WAD
from dao_bot.strategy import Ladder
from strategies.reserve_rebalance.params import Params
from strategies.reserve_rebalance.pegs import Pegs, State
from strategies.reserve_rebalance.problem import Indices
from strategies.reserve_rebalance.universe import Array, Universe


@dataclass(frozen=True, slots=True)
class Quotes:
    """m routes with K segments each, values as shares of the reserve.

    Attributes:
        ladders: (m,) where each route comes from.
        sell, buy: (m,) asset indices.
        rate: (m, K) marginal value received for value sold, never growing along a row, in [0, 1].
        depth: (m, K) value that each segment takes.
        allowed: (m,) where both states allow the trade and the quotes can be used.
        problems: in words, why a route was set aside.
    """

    ladders: tuple[Ladder, ...]
    sell: Indices
    buy: Indices
    rate: Array
    depth: Array
    allowed: npt.NDArray[np.bool_]
    problems: tuple[str, ...]


def read_ladders(
    universe: Universe, params: Params, ladders: Sequence[Ladder], usd: Array, unit_value: Array, pegs: Pegs
) -> Quotes:
    """Marginal rates between the rungs of each ladder.

    Between two rungs the pool is taken to pay on the straight line, which is at most what a constant-function market
    pays. Rates never grow with size: where quotes say otherwise the lower one is used. A gain against the USD
    prices is never counted; where it exceeds the peg bound, quote and prices contradict each other and the route is
    set aside. What costs more than `max_cost` (or `exit_loss` against one dollar, for what fell) is cut off.

    Args:
        usd: (n,) USD price of each asset, nan when it has none.
        unit_value: (n,) value of one base unit as a share of the reserve, nan when it has no price.
    """
    index = universe.index
    usable = tuple(ladder for ladder in ladders if ladder.sell in index and ladder.buy in index and ladder.rungs)
    sell = np.array([index[ladder.sell] for ladder in usable], dtype=np.intp)
    buy = np.array([index[ladder.buy] for ladder in usable], dtype=np.intp)
    if not usable:
        return Quotes((), sell, buy, np.zeros((0, 1)), np.zeros((0, 1)), np.zeros(0, dtype=bool), ())
    count = max(len(ladder.rungs) for ladder in usable)
    paid = np.array([_padded([rung.sell for rung in ladder.rungs], count) for ladder in usable], dtype=float)
    received = np.array([_padded([rung.buy for rung in ladder.rungs], count) for ladder in usable], dtype=float)
    depth = np.diff(paid * unit_value[sell, None], prepend=0.0)
    gained = np.diff(received * unit_value[buy, None], prepend=0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        raw = np.where(depth > 0, gained / depth, np.inf)
    sane = np.isfinite(depth).all(axis=1) & np.isfinite(gained).all(axis=1) & (depth >= 0).all(axis=1)
    sane &= (gained >= 0).all(axis=1) & (depth[:, 0] > 0)
    fallen = np.array([state is State.FALLEN for state in pegs.states], dtype=bool)[sell]
    too_good = sane & ~fallen & (raw[:, 0] > 1.0 + params.peg.bound / WAD)
    rate = np.minimum(np.minimum.accumulate(np.where(sane[:, None], raw, 0.0), axis=1), 1.0)

    least_rate = np.where(
        fallen, np.maximum((1.0 - params.peg.exit_loss / WAD) / usd[sell], 0.0), 1.0 - params.max_cost / WAD
    )
    depth = np.where(sane[:, None] & (rate >= least_rate[:, None]), depth, 0.0)
    problems = [_malformed(usable[i]) for i in np.flatnonzero(~sane & ~np.isnan(usd[sell] + usd[buy])).tolist()]
    problems += [_contradicted(usable[i], raw[i, 0]) for i in np.flatnonzero(too_good).tolist()]
    allowed = sane & ~too_good & pegs.buyable[buy]
    problems += _same_pools(usable, sell, buy, rate, allowed)
    return Quotes(usable, sell, buy, rate, depth, allowed, tuple(problems))


def _padded(values: list[int], count: int) -> list[int]:
    return values + [values[-1]] * (count - len(values))


def _malformed(ladder: Ladder) -> str:
    return f"the quotes for {ladder.sell} to {ladder.buy} at {ladder.venue} do not grow with size and are not used"


def _contradicted(ladder: Ladder, rate: float) -> str:
    return (
        f"{ladder.venue} pays {rate - 1.0:.2%} more {ladder.buy} for {ladder.sell} than the USD prices say; "
        "one of them is wrong, so the route is not used"
    )


def _same_pools(
    ladders: Sequence[Ladder], sell: Indices, buy: Indices, rate: Array, allowed: npt.NDArray[np.bool_]
) -> list[str]:
    """Keep the better of two routes for one pair through a common pool: its depth is there only once."""
    routes: dict[tuple[int, int], list[int]] = {}
    for i in np.flatnonzero(allowed).tolist():
        routes.setdefault((int(sell[i]), int(buy[i])), []).append(i)
    problems = []
    for several in routes.values():
        kept: set[str] = set()
        for i in sorted(several, key=lambda route: -float(rate[route, 0])):
            if kept.isdisjoint(ladders[i].pools):
                kept.update(ladders[i].pools)
            else:
                allowed[i] = False
                pair = f"{ladders[i].sell} to {ladders[i].buy}"
                problems.append(f"a second route from {pair} uses a pool of a better one")
    return problems
