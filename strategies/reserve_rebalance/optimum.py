"""One optimum of the reserve problem: continuous by Clarabel, the choice of routes by HiGHS, verified before use."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import highspy
import numpy as np

from dao_bot.domain.errors import PluginFailed
from strategies.reserve_rebalance import cone, highs, model
from strategies.reserve_rebalance.cone import ConeForm
from strategies.reserve_rebalance.problem import Inputs, Mask, Solution, Structure
from strategies.reserve_rebalance.scenarios import cvar
from strategies.reserve_rebalance.universe import Array

PRICED = frozenset({"limits", "runway floor", "turnover", "most sold"})
"""Constraints whose dual values are told."""

FEASIBILITY = 1e-8
"""Hard limits are kept to this share of the reserve."""

NEGLIGIBLE = 1e-9
"""A flow below this share of the reserve is what an interior point leaves of zero."""


class Infeasible(Exception):  # noqa: N818  # an answer, not an error
    """No trade satisfies every limit."""


@dataclass(frozen=True)
class Optimizer:
    """Solves the problems of one structure; keeps their cone forms and nothing else."""

    structure: Structure

    @cached_property
    def continuous(self) -> ConeForm:
        return ConeForm(model.build(self.structure, integer=False))

    @cached_property
    def integer(self) -> ConeForm:
        return ConeForm(model.build(self.structure, integer=True))

    def optimum(self, inputs: Inputs, pairs: Mask, least: float) -> Solution:
        """The best flows when exactly these pairs may trade, each at least `least`.

        Raises:
            Infeasible: no flows satisfy every limit.
            PluginFailed: the solvers reached no accurate answer.
        """
        values = model.parameter_values(self.structure, inputs) | {"least": np.full(self.structure.pairs, least)}
        data = self.continuous.fill(values)
        columns, rows = self.continuous.masks(pairs)
        reduced = data if pairs.all() else data.restricted(columns, rows)
        answer = cone.solve(reduced)
        status = str(answer.status)
        if status == "PrimalInfeasible":
            raise Infeasible
        if status == "Solved":
            try:
                return self._solution(inputs, pairs, _expanded(answer.x, columns), _expanded(answer.z, rows))
            except PluginFailed:
                status = "solved, but not to the tolerance of the limits"
        return self._solution(inputs, pairs, *_by_simplex(reduced, columns, rows, status))

    def support(self, inputs: Inputs, pairs: Mask, candidates: Mask) -> Mask:
        """Which pairs to use, given gas and the minimum trade: chosen among `candidates`, or among all if need be.

        The loose tolerance of the first choice is made up for by a wider margin.

        Raises:
            Infeasible: no choice of pairs satisfies every limit.
        """
        s = self.structure
        most = np.minimum(inputs.room.sum(axis=1), inputs.weights[s.sell])
        given = {"least": np.full(s.pairs, inputs.minimum_trade), "most": most, "gas": inputs.gas}
        large_enough = pairs & (most >= inputs.minimum_trade)
        for chosen_from, tolerance in ((candidates & large_enough, highs.LOOSE), (large_enough, highs.TIGHT)):
            margin = inputs.margin + (2 * tolerance if tolerance > inputs.margin else 0.0)
            values = model.parameter_values(s, replace(inputs, margin=margin)) | given
            columns, rows = self.integer.masks(chosen_from)
            integral = np.zeros(len(columns), dtype=bool)
            integral[self.integer.integral] = True
            data = self.integer.fill(values).restricted(columns, rows)
            solver = highs.solver(data, np.flatnonzero(integral[columns]), tolerance)
            solver.run()
            if solver.getInfo().primal_solution_status == highspy.kSolutionStatusFeasible:
                x = _expanded(solver.getSolution().col_value, columns)
                used: Mask = chosen_from & (x[self.integer.columns["used"]] > 0.5)
                return used
        raise Infeasible

    def _solution(self, inputs: Inputs, pairs: Mask, x: Array, z: Array) -> Solution:
        s = self.structure
        flow = x[self.continuous.columns["flow"]].reshape(s.pairs, s.segments)
        flow = np.clip(flow, 0.0, inputs.room) * pairs[:, None]
        flow[flow.sum(axis=1) < NEGLIGIBLE] = 0.0
        weights = inputs.weights + s.net(flow, inputs.rate)
        verify(s, inputs, flow, weights)
        prices = {name: z[rows] for name, rows in self.continuous.rows.items() if name in PRICED}
        risk = s.risk_aversion * scenario_cvar(s, inputs, weights)
        return Solution(flow, weights, float((flow * (1.0 - inputs.rate)).sum()) + risk, prices)


def scenario_cvar(structure: Structure, inputs: Inputs, weights: Array) -> float:
    """CVaR of the loss in the next horizon, as a share of the reserve before trading."""
    return cvar(structure.loss @ weights, inputs.probability, structure.tail)


def verify(structure: Structure, inputs: Inputs, flow: Array, weights: Array) -> None:
    """Check a solution against every hard limit, independently of the solver.

    Raises:
        PluginFailed: a limit is broken by more than FEASIBILITY.
    """
    sold = flow.sum(axis=1)
    sold_by_asset = np.bincount(structure.sell, sold, minlength=len(weights))
    broken = {
        "limits": (structure.excess(weights) - np.maximum(inputs.slack, 0.0)).max(initial=0.0),
        "runway floor": inputs.floor - structure.retained @ weights,
        "turnover": inputs.turnover_weight @ sold - inputs.turnover,
        "most sold": float(sold.sum()) - inputs.most_sold,
        "holdings": (sold_by_asset - inputs.sellable).max(initial=0.0),
        "quoted depth": (flow - inputs.room).max(initial=0.0),
        "no short sale": -flow.min(initial=0.0),
    }
    name = max(broken, key=lambda key: float(broken[key]))
    if not float(broken[name]) <= FEASIBILITY:
        raise PluginFailed(
            f"the optimum breaks the constraint `{name}`",
            value=f"{float(broken[name]):.3g} of the reserve",
            limit=f"{FEASIBILITY:g}",
            next_step="Nothing is done; keep the observation of this run and report it",
        )


def _expanded(part: Any, mask: Mask) -> Array:
    full = np.zeros(len(mask))
    full[mask] = part
    return full


def _by_simplex(data: cone.ConeData, columns: Mask, rows: Mask, status: str) -> tuple[Array, Array]:
    """The linear part by HiGHS, when Clarabel was not accurate; the tie-break is lost, the limits are not."""
    solver = highs.solver(data)
    solver.run()
    found = solver.getModelStatus()
    if found == highspy.HighsModelStatus.kInfeasible:
        raise Infeasible
    if found != highspy.HighsModelStatus.kOptimal:
        raise PluginFailed(
            "no solver reached an accurate optimum",
            value=f"Clarabel: {status}, HiGHS: {solver.modelStatusToString(found)}",
            next_step="Nothing is done; keep the observation of this run and report it",
        )
    solution = solver.getSolution()
    return _expanded(solution.col_value, columns), _expanded(-np.array(solution.row_dual), rows)
