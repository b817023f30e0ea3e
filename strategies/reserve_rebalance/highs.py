"""Cone data to HiGHS: for mixed-integer problems, and for linear ones that ask which limits conflict."""

from __future__ import annotations

import highspy
import numpy as np

from strategies.reserve_rebalance.cone import ConeData
from strategies.reserve_rebalance.problem import Indices

TIGHT = 1e-9
"""Feasibility of linear problems, whose answers are used as they are."""

LOOSE = 1e-6
"""Feasibility of mixed-integer ones that only choose routes: ten times faster on large problems."""

MAX_NODES = 2_000
"""Branch-and-bound nodes; a limit in time would make decisions depend on the machine."""


def solver(data: ConeData, integral: Indices | None = None, tolerance: float = TIGHT) -> highspy.Highs:
    """A HiGHS instance loaded with the linear part of `data`; `integral` columns are 0 or 1."""
    rows, columns = data.A.shape
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = columns, rows
    lp.col_cost_ = data.q
    lower, upper = np.full(columns, -highspy.kHighsInf), np.full(columns, highspy.kHighsInf)
    if integral is not None and len(integral):
        lower[integral], upper[integral] = 0.0, 1.0
        kinds = [highspy.HighsVarType.kContinuous] * columns
        for column in integral:
            kinds[column] = highspy.HighsVarType.kInteger
        lp.integrality_ = kinds
    lp.col_lower_, lp.col_upper_ = lower, upper
    row_lower = np.full(rows, -highspy.kHighsInf)
    row_lower[: data.zero] = data.b[: data.zero]
    lp.row_lower_, lp.row_upper_ = row_lower, data.b
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_ = data.A.indptr
    lp.a_matrix_.index_ = data.A.indices
    lp.a_matrix_.value_ = data.A.data
    highs = highspy.Highs()
    for name, value in (
        ("output_flag", False),
        ("threads", 1),
        ("parallel", "off"),
        ("random_seed", 1),
        ("mip_rel_gap", 1e-3),
        ("mip_abs_gap", 1e-6),
        ("mip_max_nodes", MAX_NODES),
        ("primal_feasibility_tolerance", TIGHT),
        ("mip_feasibility_tolerance", tolerance),
    ):
        highs.setOptionValue(name, value)
    highs.passModel(lp)
    return highs
