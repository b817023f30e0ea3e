"""Which constraints cannot hold together, by name, and how near to them one can come."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import highspy
import numpy as np
import scipy.sparse as sp

from dao_bot.domain.errors import PluginFailed
from strategies.reserve_rebalance import highs, model
from strategies.reserve_rebalance.cone import ConeData
from strategies.reserve_rebalance.optimum import Optimizer
from strategies.reserve_rebalance.problem import Inputs, Mask
from strategies.reserve_rebalance.universe import Array

TURNOVER = "turnover"
MOST_SOLD = "most sold"
FLOOR = "runway floor"
DEPTH = "quoted depth"

NOISE = 1e-9
"""What a simplex leaves of zero."""

INFINITE = 1e20
"""What HiGHS takes for infinity."""


@dataclass(frozen=True, slots=True)
class Nearest:
    """The least that must give way.

    Attributes:
        shortfall: of the runway floor.
        slack: (c,) excess over each limit.
        extra_turnover: beyond what is allowed; only a runway that is short may ask for it.
    """

    shortfall: float
    slack: Array
    extra_turnover: float

    @property
    def total(self) -> float:
        return self.shortfall + float(self.slack.sum()) + self.extra_turnover


@dataclass(frozen=True, slots=True)
class _Hard:
    """The hard constraints alone, without objective and tail: their cone data, rows by name, and columns of flow."""

    data: ConeData
    rows: dict[str, slice]
    flow: slice


def _hard(optimizer: Optimizer, inputs: Inputs) -> _Hard:
    form, s = optimizer.continuous, optimizer.structure
    values = model.parameter_values(s, replace(inputs, margin=0.0)) | {"least": np.zeros(s.pairs)}
    data = form.fill(values)
    columns, rows = np.ones(data.A.shape[1], dtype=bool), np.ones(data.A.shape[0], dtype=bool)
    for name in ("threshold", "excess", "lost to"):
        columns[form.columns[name]] = False
    for name in ("losses", "tail", "tail excess", "tail threshold", "minimum trade"):
        rows[form.rows[name]] = False
    part = replace(data, q=np.zeros_like(data.q)).restricted(columns, rows)
    return _Hard(
        part, {name: _moved(where, rows) for name, where in form.rows.items()}, _moved(form.columns["flow"], columns)
    )


def _moved(part: slice, kept: Mask) -> slice:
    start = int(np.count_nonzero(kept[: part.start]))
    return slice(start, start + int(np.count_nonzero(kept[part])))


def conflicting(optimizer: Optimizer, inputs: Inputs, names: Sequence[str], blocked: Mapping[str, Array]) -> list[str]:
    """An irreducible set of constraints without a common solution; dropping any one of them leaves a solution.

    Args:
        names: of the limits, in their order.
        blocked: words to (m, K) room that routes would have if that reason did not block them.

    Deletion filter over named groups (Chinneck 2008, section 6.2): a group stays out when what remains is still
    infeasible without it. What only sets the pace is tried first, so that it is named only when it matters. What is
    physical (balances, holdings) is never dropped.
    """
    hard = _hard(optimizer, inputs)
    data = hard.data
    solver = highs.solver(data)
    rows = np.arange(hard.rows[DEPTH].start, hard.rows[DEPTH].stop)
    groups: dict[str, tuple[Array, Array]] = {}
    for reason, room in blocked.items():
        freed = room.ravel() > 0
        groups[reason] = (rows[freed], room.ravel()[freed])
    open_rows = rows[inputs.room.ravel() > 0]
    groups[DEPTH] = (open_rows, np.full(len(open_rows), INFINITE))
    for pace in (TURNOVER, MOST_SOLD):
        groups[pace] = (np.array([hard.rows[pace].start]), np.array([INFINITE]))
    for i, name in enumerate(names):
        groups[name] = (np.array([hard.rows["limits"].start + i]), np.array([INFINITE]))
    groups[FLOOR] = (np.array([hard.rows[FLOOR].start]), np.array([INFINITE]))
    conflict = []
    for name, (which, relaxed) in groups.items():
        _set_upper(solver, which, relaxed)
        if _feasible(solver):
            conflict.append(name)
            _set_upper(solver, which, data.b[which])
    return conflict


def nearest(optimizer: Optimizer, inputs: Inputs, *, floor_first: bool, keep: float) -> Nearest:
    """How little must give way, in order: the runway floor least of all, then limits and turnover.

    Without `floor_first` (holding satisfies the floor) floor and turnover are kept, and no limit may be exceeded by
    more than it is now. With it, everything but holdings, quotes, pegs and the most to sell gives way to the floor.

    Limits are kept away from by `keep`. They are shares of what is left, so burning value in costs would come nearer
    to each broken limit by less than what is burnt; costs therefore weigh as much as one more than the number of
    broken limits.
    """
    s = optimizer.structure
    hard = _hard(optimizer, replace(inputs, slack=inputs.slack - keep))
    data = hard.data
    count = len(s.limit_bounds)
    elastic = [hard.rows[FLOOR].start, hard.rows[TURNOVER].start]
    if count:
        elastic += range(hard.rows["limits"].start, hard.rows["limits"].stop)
    now = np.maximum(s.excess(inputs.weights) + keep, 0.0)
    most = np.concatenate([[INFINITE, INFINITE], np.full(count, INFINITE)] if floor_first else [[0.0, 0.0], now])
    no_cost = np.zeros_like(data.q)
    shortfall = _least(_elastic(data, elastic, no_cost, np.eye(2 + count)[0], most))[0] if floor_first else 0.0
    most[0] = shortfall + 1e-9 if floor_first else 0.0
    cost = no_cost.copy()
    cost[hard.flow] = (1.0 - inputs.rate.ravel()) * (1 + np.count_nonzero(now) + 2 * floor_first)
    gaps = _least(_elastic(data, elastic, cost, np.array([0.0, *np.ones(1 + count)]), most))
    kept = np.where(gaps > NOISE, gaps, 0.0)
    return Nearest(float(shortfall) if shortfall > NOISE else 0.0, kept[2:], float(kept[1]))


def contradictory(optimizer: Optimizer, inputs: Inputs) -> bool:
    """Whether no portfolio at all, however reached, satisfies limits and floor: an error in the parameters."""
    s = optimizer.structure
    n = len(s.retained)
    matrix = sp.csc_array(np.vstack([np.ones((1, n)), s.limit_shares, -s.retained[None], -np.eye(n)]))
    bounds = np.concatenate([[1.0], s.limit_bounds, [-inputs.floor], np.zeros(n)])
    solver = highs.solver(ConeData(sp.csc_array((n, n)), np.zeros(n), matrix, bounds, zero=1))
    return not _feasible(solver)


def _elastic(data: ConeData, rows: list[int], cost: Array, price: Array, most: Array) -> tuple[ConeData, int]:
    """Cone data with one slack in [0, most] for each of `rows`, and another objective: cost @ x + price @ slack."""
    count, height = len(rows), data.A.shape[0]
    ones = sp.csc_array((-np.ones(count), (rows, np.arange(count))), (height, count))
    bounds = sp.vstack([-sp.eye_array(count), sp.eye_array(count)])
    matrix = sp.block_array([[data.A, ones], [None, bounds]], format="csc")
    q = np.concatenate([cost, price])
    b = np.concatenate([data.b, np.zeros(count), most])
    return ConeData(sp.csc_array((len(q), len(q))), q, matrix, b, data.zero), count


def _least(problem: tuple[ConeData, int]) -> Array:
    data, count = problem
    solver = highs.solver(data)
    if not _feasible(solver):
        raise PluginFailed(
            "the distance to the limits could not be measured",
            value=solver.modelStatusToString(solver.getModelStatus()),
            next_step="Nothing is done; keep the observation of this run and report it",
        )
    slacks: Array = np.maximum(np.array(solver.getSolution().col_value[-count:]), 0.0)
    return slacks


def _set_upper(solver: highspy.Highs, rows: Array, upper: Array) -> None:
    for row, value in zip(rows, upper, strict=True):
        solver.changeRowBounds(int(row), -INFINITE, float(value))


def _feasible(solver: highspy.Highs) -> bool:
    solver.run()
    return bool(solver.getModelStatus() == highspy.HighsModelStatus.kOptimal)
