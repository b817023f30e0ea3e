"""The reserve problem in cvxpy: this file is its definition. Solvers get the cone form that is taken from it."""

from __future__ import annotations

from dataclasses import dataclass

import cvxpy as cp
import numpy as np
import scipy.sparse as sp

from strategies.reserve_rebalance.problem import Inputs, Structure
from strategies.reserve_rebalance.universe import Array

TIE_BREAK = 1e-5
"""Weight of the sum of squared flows: equal routes share equally, and the optimum is unique. Below 0.001 bp of cost."""

ROUNDING = 1e-12


@dataclass(frozen=True, slots=True)
class Model:
    """A cvxpy problem with its parameters, variables and constraints by name."""

    problem: cp.Problem
    parameters: dict[str, cp.Parameter]
    variables: dict[str, cp.Variable]
    constraints: dict[str, cp.Constraint]


def build(structure: Structure, *, integer: bool) -> Model:
    """The problem of `Structure`, as a disciplined parametrised program (DPP).

    With `integer`, each pair is either unused or sells at least the minimum trade and pays its gas, and the tie-break
    is left out. Without, each pair sells at least `least`, and gas is not in the objective.

    The loss of a scenario is the sum of its members' losses, less what they would take twice, and limits are written
    with the reserve's total as a variable: the same rows as `loss @ w` and `limit @ w`, but sparse.
    """
    n, m, k = len(structure.retained), structure.pairs, structure.segments
    c, (s, failures) = len(structure.limit_bounds), structure.members.shape
    by_pair = sp.kron(sp.eye_array(m), np.ones((1, k))).tocsr()
    sold_by = sp.csr_array((np.ones(m), (structure.sell, np.arange(m))), (n, m)) @ by_pair
    bought_by = sp.csr_array((np.ones(m), (structure.buy, np.arange(m))), (n, m)) @ by_pair

    p = {
        "weights": cp.Parameter(n),
        "sellable": cp.Parameter(n),
        "rate": cp.Parameter(m * k),
        "cost": cp.Parameter(m * k),
        "room": cp.Parameter(m * k),
        "counted": cp.Parameter(m * k),
        "tail_price": cp.Parameter(s),
        "floor": cp.Parameter(),
        "turnover": cp.Parameter(),
        "most sold": cp.Parameter(),
    }
    w, flow, threshold, excess = cp.Variable(n), cp.Variable(m * k), cp.Variable(), cp.Variable(s)
    lost_to, total = cp.Variable(failures), cp.Variable()
    overlap = structure.loss - structure.members @ structure.failure_loss
    scenario_loss = sp.csr_array(structure.members) @ lost_to + _sparse(overlap) @ w
    constraints: dict[str, cp.Constraint] = {
        "balance": w == p["weights"] - sold_by @ flow + bought_by @ cp.multiply(p["rate"], flow),
        "sells": flow >= 0,
        "quoted depth": flow <= p["room"],
        "holdings": sold_by @ flow <= p["sellable"],
        "runway floor": structure.retained @ w >= p["floor"],
        "turnover": p["counted"] @ flow <= p["turnover"],
        "most sold": cp.sum(flow) <= p["most sold"],
        "losses": lost_to == sp.csr_array(structure.failure_loss) @ w,
        "tail": scenario_loss - threshold <= excess,
        "tail excess": excess >= 0,
        "tail threshold": threshold >= 0,
    }
    if c:
        p["slack"] = cp.Parameter(c)
        constraints["total"] = total == cp.sum(w)
        constraints["limits"] = _sparse(structure.limit_shares) @ w - structure.limit_bounds * total <= p["slack"]
    cost = p["cost"] @ flow
    risk = structure.risk_aversion * threshold + p["tail_price"] @ excess
    variables = {"weights": w, "flow": flow, "threshold": threshold, "excess": excess, "lost to": lost_to}
    if integer:
        p |= {"gas": cp.Parameter(m), "least": cp.Parameter(m), "most": cp.Parameter(m)}
        used = cp.Variable(m, boolean=True)
        variables["used"] = used
        constraints["minimum trade"] = by_pair @ flow >= cp.multiply(p["least"], used)
        constraints["unused"] = by_pair @ flow <= cp.multiply(p["most"], used)
        objective = cost + risk + p["gas"] @ used
    else:
        p["least"] = cp.Parameter(m)
        constraints["minimum trade"] = by_pair @ flow >= p["least"]
        objective = cost + risk + TIE_BREAK / 2 * cp.sum_squares(flow)
    return Model(cp.Problem(cp.Minimize(objective), list(constraints.values())), p, variables, constraints)


def _sparse(matrix: Array) -> sp.csr_array:
    """Without what rounding left of zero."""
    return sp.csr_array(np.where(np.abs(matrix) < ROUNDING, 0.0, matrix))


def parameter_values(structure: Structure, inputs: Inputs) -> dict[str, np.ndarray | float]:
    """The value of every parameter but `least`, `most` and `gas`."""
    return {
        "weights": inputs.weights,
        "sellable": inputs.sellable,
        "rate": inputs.rate.ravel(),
        "cost": 1.0 - inputs.rate.ravel(),
        "room": inputs.room.ravel(),
        "counted": np.repeat(inputs.turnover_weight, structure.segments),
        "tail_price": structure.risk_aversion / structure.tail * inputs.probability,
        "floor": inputs.floor + inputs.margin,
        "turnover": inputs.turnover - inputs.margin,
        "most sold": inputs.most_sold - inputs.margin,
        "slack": inputs.slack - inputs.margin,
    }
