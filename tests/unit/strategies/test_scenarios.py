"""Scenarios and CVaR against brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from strategies.reserve_rebalance import scenarios, universe
from strategies.reserve_rebalance.scenarios import cvar
from tests.unit.strategies.kit import params, token

SETTINGS = params()
RESERVE = universe.build(SETTINGS, {symbol: token(symbol) for symbol in SETTINGS.assets})
HORIZON = 90 * 86_400


def test_wrappers_are_hit_together_and_losses_compound() -> None:
    likely = scenarios.build(RESERVE.hazard, RESERVE.loss)
    circle, aave = RESERVE.failures.index("issuer Circle"), RESERVE.failures.index("venue aave_v3")
    usdc, wrapped, dai = (RESERVE.symbols.index(symbol) for symbol in ("USDC", "aUSDC", "DAI"))
    both = next(i for i, row in enumerate(likely.members) if sorted(row[:2]) == sorted((circle, aave)))
    assert likely.loss[circle, usdc] == likely.loss[circle, wrapped] == pytest.approx(0.15)
    assert likely.loss[circle, dai] == pytest.approx(0.35 * 0.15)
    assert likely.loss[both, wrapped] == pytest.approx(1 - 0.85 * 0.70)


def test_a_bank_hits_its_issuers_by_what_lies_there() -> None:
    bank, usdc = RESERVE.failures.index("bank SVB"), RESERVE.symbols.index("USDC")
    assert RESERVE.loss[bank, usdc] == pytest.approx(0.08 * 0.5)


def test_probabilities_are_those_of_independent_failures_up_to_what_is_left_out() -> None:
    likely = scenarios.build(RESERVE.hazard, RESERVE.loss)
    probability, left_out = likely.probabilities(RESERVE.hazard, HORIZON)
    p = 1.0 - np.exp(-RESERVE.hazard * HORIZON / scenarios.YEAR)
    count = len(p)
    exact = {}
    for size in range(1, 4):
        for failed in itertools.combinations(range(count), size):
            exact[failed] = np.prod([p[i] if i in failed else 1 - p[i] for i in range(count)])
    found = {
        tuple(int(i) for i in row if i < count): value for row, value in zip(likely.members, probability, strict=True)
    }
    assert found.keys() == exact.keys()
    for failed, value in exact.items():
        assert found[failed] * (1.0 - left_out) == pytest.approx(value, rel=1e-9)


def test_cvar_equals_the_minimum_of_rockafellar_and_uryasev() -> None:
    rng = np.random.default_rng(7)
    losses, probability = rng.random(40), rng.dirichlet(np.ones(41))[:40]
    tail = 0.05
    every = np.append(losses, 0.0)
    weight = np.append(probability, 1.0 - probability.sum())
    least = min(t + (weight @ np.maximum(every - t, 0.0)) / tail for t in every)
    assert cvar(losses, probability, tail) == pytest.approx(least, rel=1e-12)


def test_what_is_less_likely_than_the_tail_still_counts() -> None:
    """Variance of the past sees no depeg; a stated hazard of half the tail counts half its loss."""
    assert cvar(np.array([0.2]), np.array([0.005]), 0.01) == pytest.approx(0.1)


def test_many_failures_are_cut_to_the_most_dangerous_pairs() -> None:
    rng = np.random.default_rng(3)
    hazard, loss = rng.random(100) * 0.02, rng.random((100, 200)) * 0.3
    likely = scenarios.build(hazard, loss)
    assert len(likely.loss) == 100 + 60 * 59 // 2
    probability, left_out = likely.probabilities(hazard, HORIZON)
    assert 0.0 < probability.sum() < 1.0
    assert 0.0 <= left_out < 0.1
