"""One problem, several ways to its optimum: cvxpy itself, the cone form, HiGHS, and brute force over supports."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import cvxpy as cp
import numpy as np
import pytest

from dao_bot.domain.errors import PluginFailed
from strategies.reserve_rebalance import cone, conflicts, model
from strategies.reserve_rebalance.optimum import Infeasible, Optimizer, verify
from strategies.reserve_rebalance.problem import Inputs
from tests.unit.strategies.problems import random_problem


def _values(optimizer: Optimizer, inputs: Inputs) -> dict[str, Any]:
    s = optimizer.structure
    return model.parameter_values(s, inputs) | {
        "least": np.zeros(s.pairs),
        "most": np.minimum(inputs.room.sum(axis=1), inputs.weights[s.sell]),
        "gas": inputs.gas,
    }


def test_the_model_is_a_disciplined_parametrised_program() -> None:
    optimizer, _ = random_problem(1, assets=5)
    for integer in (False, True):
        assert model.build(optimizer.structure, integer=integer).problem.is_dcp(dpp=True)


@pytest.mark.parametrize("seed", range(4))
def test_the_cone_form_gives_the_data_that_cvxpy_gives(seed: int) -> None:
    optimizer, inputs = random_problem(seed, assets=4 + seed)
    values = _values(optimizer, inputs)
    for integer, solver in ((False, cp.CLARABEL), (True, cp.HIGHS)):
        built = model.build(optimizer.structure, integer=integer)
        form = cone.ConeForm(built)
        for name, parameter in built.parameters.items():
            parameter.value = values[name]
        expected, _, _ = built.problem.get_problem_data(solver)
        found = form.fill(values)
        assert abs(found.A - expected["A"]).max() < 1e-15
        np.testing.assert_allclose(found.b, expected["b"], atol=1e-15)
        np.testing.assert_allclose(found.q, expected["c"], atol=1e-15)


@pytest.mark.parametrize("seed", range(6))
def test_the_cone_path_equals_cvxpys_own_answer(seed: int) -> None:
    optimizer, inputs = random_problem(seed, assets=3 + 3 * seed)
    found = optimizer.optimum(inputs, np.ones(optimizer.structure.pairs, dtype=bool), 0.0)
    built = model.build(optimizer.structure, integer=False)
    values = _values(optimizer, inputs)
    for name, parameter in built.parameters.items():
        parameter.value = values[name]
    built.problem.solve(solver=cp.CLARABEL)
    tie_break = model.TIE_BREAK / 2 * float((found.flow**2).sum())
    assert found.objective + tie_break == pytest.approx(built.problem.value, abs=1e-6)
    for name in ("limits", "runway floor", "turnover"):
        np.testing.assert_allclose(found.prices[name], np.ravel(built.constraints[name].dual_value), atol=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_leaving_pairs_out_equals_closing_them(seed: int) -> None:
    optimizer, inputs = random_problem(seed, assets=6)
    kept = np.random.default_rng(seed).random(optimizer.structure.pairs) < 0.5
    closed = replace(inputs, room=inputs.room * kept[:, None])
    less = optimizer.optimum(inputs, kept, 0.0)
    same = optimizer.optimum(closed, np.ones_like(kept), 0.0)
    assert less.objective == pytest.approx(same.objective, abs=1e-7)


@pytest.mark.parametrize("seed", range(3))
def test_the_chosen_support_is_as_good_as_the_best_of_all(seed: int) -> None:
    """Every set of routes of a small problem, each solved to its optimum, against the choice by HiGHS."""
    optimizer, inputs = random_problem(seed, assets=3)
    inputs = replace(inputs, minimum_trade=0.03, gas=np.full(optimizer.structure.pairs, 2e-4))
    pairs = np.ones(optimizer.structure.pairs, dtype=bool)

    def total(support: Any) -> float:
        try:
            found = optimizer.optimum(inputs, support, inputs.minimum_trade)
        except Infeasible:
            return np.inf
        return found.objective + float(inputs.gas[support].sum())

    every = (np.array(choice) for choice in itertools.product((False, True), repeat=len(pairs)))
    best = min(total(choice) for choice in every if choice.any())
    relaxed = optimizer.optimum(inputs, pairs, 0.0)
    chosen = optimizer.support(inputs, pairs, relaxed.flow.sum(axis=1) > 0)
    assert total(chosen) <= best + 2e-5


def test_an_answer_depends_on_nothing_solved_before() -> None:
    optimizer, inputs = random_problem(5, assets=8)
    pairs = np.ones(optimizer.structure.pairs, dtype=bool)
    first = optimizer.optimum(inputs, pairs, 0.0).flow
    optimizer.optimum(replace(inputs, turnover=0.05, weights=np.roll(inputs.weights, 1)), pairs, 0.0)
    again = optimizer.optimum(inputs, pairs, 0.0).flow
    assert first.tobytes() == again.tobytes()


def test_an_inaccurate_answer_is_never_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """When Clarabel stops early, the linear part goes to HiGHS, whose optimum is as good."""
    optimizer, inputs = random_problem(2, assets=6)
    pairs = np.ones(optimizer.structure.pairs, dtype=bool)
    accurate = optimizer.optimum(inputs, pairs, 0.0)
    monkeypatch.setattr(cone, "MAX_ITERATIONS", 3)
    fallback = optimizer.optimum(inputs, pairs, 0.0)
    assert fallback.objective == pytest.approx(accurate.objective, abs=1e-6)


@pytest.mark.parametrize("broken", ["limits", "runway floor", "turnover", "holdings", "quoted depth"])
def test_a_solution_that_breaks_a_limit_is_refused(broken: str) -> None:
    optimizer, inputs = random_problem(2, assets=6)
    s = optimizer.structure
    flow = np.zeros_like(inputs.room)
    flow[0, 0] = size = 0.5 * min(inputs.room[0, 0], inputs.weights[s.sell[0]])
    weights = inputs.weights + s.net(flow, inputs.rate)
    verify(s, inputs, flow, weights)
    excess = s.excess(weights)
    changes: dict[str, dict[str, Any]] = {
        "limits": {"slack": np.full(len(excess), 0.0)},
        "runway floor": {"floor": float(s.retained @ weights) + 1e-6},
        "turnover": {"turnover": size - 1e-6},
        "holdings": {"weights": inputs.weights - (np.arange(6) == s.sell[0]) * (inputs.weights - size + 1e-6)},
        "quoted depth": {"room": np.where(flow > 0, size - 1e-6, inputs.room)},
    }
    if broken == "limits":
        s = replace(s, limit_bounds=s.limit_bounds + excess / weights.sum() - 1e-6)
    with pytest.raises(PluginFailed, match=broken):
        verify(s, replace(inputs, **changes[broken]), flow, weights)


@pytest.mark.parametrize("seed", range(6))
def test_named_conflicts_are_irreducible(seed: int) -> None:
    """Without any one of the named constraints there is a solution; with all of them there is none."""
    optimizer, inputs = random_problem(seed, assets=6)
    s = optimizer.structure
    tight = replace(optimizer.structure, limit_bounds=np.full_like(s.limit_bounds, 0.12 + 0.02 * seed))
    hard = Optimizer(tight)
    inputs = replace(inputs, turnover=0.05 + 0.1 * seed, floor=0.2 * seed / 6, margin=0.0)
    names = [f"limit {i}" for i in range(len(tight.limit_bounds))]
    pairs = np.ones(s.pairs, dtype=bool)
    with pytest.raises(Infeasible):
        hard.optimum(inputs, pairs, 0.0)
    found = conflicts.conflicting(hard, inputs, names, {})
    assert found
    rest_dropped = [
        name for name in (*names, conflicts.TURNOVER, conflicts.FLOOR, conflicts.DEPTH) if name not in found
    ]
    with pytest.raises(Infeasible):
        _dropping(hard, inputs, names, rest_dropped).optimum(_eased(hard, inputs, rest_dropped), pairs, 0.0)
    for name in found:
        dropped = [*rest_dropped, name]
        _dropping(hard, inputs, names, dropped).optimum(_eased(hard, inputs, dropped), pairs, 0.0)


def _dropping(optimizer: Optimizer, inputs: Inputs, names: list[str], dropped: list[str]) -> Optimizer:
    loose = np.array([1.0 if name in dropped else 0.0 for name in names])
    return Optimizer(replace(optimizer.structure, limit_bounds=optimizer.structure.limit_bounds + 10.0 * loose))


def _eased(optimizer: Optimizer, inputs: Inputs, dropped: list[str]) -> Inputs:
    eased = inputs
    if conflicts.TURNOVER in dropped:
        eased = replace(eased, turnover=10.0)
    if conflicts.FLOOR in dropped:
        eased = replace(eased, floor=0.0)
    if conflicts.DEPTH in dropped:
        eased = replace(eased, room=np.where(inputs.room > 0, 10.0, 0.0))
    return eased
