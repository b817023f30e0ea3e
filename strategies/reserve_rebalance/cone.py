"""The cone form of the model: taken from cvxpy once, afterwards only numbers flow into it.

minimise (1/2) x'Px + q'x  subject to  A x + s = b,  s in {0}^zero x R+^rest. P is fixed; q, b and the values of A are
affine in the parameters, and cvxpy's own tensors are the maps. A solver is made for each solve, so that a decision
depends on nothing that was solved before it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import clarabel
import cvxpy as cp
import numpy as np
import scipy.sparse as sp

from strategies.reserve_rebalance.model import Model
from strategies.reserve_rebalance.problem import Mask
from strategies.reserve_rebalance.universe import Array

BY_PAIR = {"flow", "used", "sells", "quoted depth", "minimum trade", "unused"}
"""Variables and constraints with one part for each pair (or for each of its segments)."""

TOLERANCE = 1e-9
"""Of Clarabel, on feasibility and gap; hard limits are verified afterwards to 1e-8."""


MAX_ITERATIONS = 200


@dataclass(frozen=True, slots=True)
class ConeData:
    """One instance. `A` is CSC, its first `zero` rows are equalities."""

    P: sp.csc_array
    q: Array
    A: sp.csc_array
    b: Array
    zero: int

    def restricted(self, columns: Mask, rows: Mask) -> ConeData:
        """The same instance without the columns (fixed to zero) and rows that are not kept."""
        return ConeData(
            self.P[columns][:, columns],
            self.q[columns],
            self.A[:, columns][rows],
            self.b[rows],
            int(rows[: self.zero].sum()),
        )


class ConeForm:
    """Maps parameter values to cone data, and positions in it back to the model's names.

    Attributes:
        rows: constraint name to its slice of rows.
        columns: variable name to its slice of x.
        integral: columns of x that are 0 or 1.
    """

    def __init__(self, model: Model) -> None:
        for parameter in model.parameters.values():
            parameter.value = np.ones(parameter.shape)
        solver = cp.HIGHS if "used" in model.variables else cp.CLARABEL
        data, _, _ = model.problem.get_problem_data(solver)
        program: Any = data["param_prob"]
        program.reduced_A.cache()
        self._map = program.reduced_A.reduced_mat.tocsr()
        indices, indptr, (height, width) = program.reduced_A.problem_data_index
        self._split = int(indptr[-2])
        self._shape = (height, width - 1)
        self._indices = indices[: self._split].astype(np.int32)
        self._indptr = indptr[:-1].astype(np.int32)
        self._b_rows = indices[self._split :]
        self._q_map = sp.csr_array(program.q)[:-1]
        self._columns_of = {name: program.param_id_to_col[parameter.id] for name, parameter in model.parameters.items()}
        self._parameter_size = program.total_param_size
        self._P = sp.triu(data["P"]).tocsc() if "P" in data else sp.csc_array((width - 1, width - 1))
        self._zero = int(data["dims"].zero)
        self.rows = _rows(model, program)
        self.columns = {
            name: slice(start := program.var_id_to_col[variable.id], start + variable.size)
            for name, variable in model.variables.items()
        }
        self.integral = np.array([int(index[0]) for index in program.x.attributes["boolean"] or ()], dtype=np.intp)

    def fill(self, values: Mapping[str, Any]) -> ConeData:
        """Cone data for these parameter values; every parameter must be given."""
        vector = np.empty(self._parameter_size + 1)
        vector[-1] = 1.0
        for name, start in self._columns_of.items():
            value = values[name]
            vector[start : start + np.size(value)] = value
        entries = self._map @ vector
        b = np.zeros(self._shape[0])
        b[self._b_rows] = entries[self._split :]
        matrix = sp.csc_array((-entries[: self._split], self._indices, self._indptr), shape=self._shape)
        return ConeData(self._P, self._q_map @ vector, matrix, b, self._zero)

    def masks(self, pairs: Mask) -> tuple[Mask, Mask]:
        """Which columns and rows remain when only these pairs may trade."""
        columns = np.ones(self._shape[1], dtype=bool)
        rows = np.ones(self._shape[0], dtype=bool)
        for mask, parts in ((columns, self.columns), (rows, self.rows)):
            for name in BY_PAIR & parts.keys():
                part = parts[name]
                mask[part] = np.repeat(pairs, (part.stop - part.start) // len(pairs))
        return columns, rows


def _rows(model: Model, program: Any) -> dict[str, slice]:
    names = {constraint.id: name for name, constraint in model.constraints.items()}
    rows, start = {}, 0
    for constraint in program.constraints:
        if constraint.id in names:
            rows[names[constraint.id]] = slice(start, start + constraint.size)
        start += constraint.size
    return rows


def solve(data: ConeData) -> Any:
    """Clarabel's solution of cone data; the caller must look at its `status`."""
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.presolve_enable = False
    settings.max_threads = 1
    settings.max_iter = MAX_ITERATIONS
    settings.tol_feas = settings.tol_gap_abs = settings.tol_gap_rel = TOLERANCE
    cones = [clarabel.ZeroConeT(data.zero), clarabel.NonnegativeConeT(len(data.b) - data.zero)]
    return clarabel.DefaultSolver(data.P, data.q, data.A, data.b, cones, settings).solve()
