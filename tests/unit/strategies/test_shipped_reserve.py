"""The shipped reserve and policy agree: what one wants the other allows, also when an asset must be left."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from dao_bot.app.backtesting import parts_of
from dao_bot.backtest.assembly import params_of
from dao_bot.domain.units import WAD
from strategies.reserve_rebalance import Params, universe

ROOT = Path(__file__).parents[3]
PARTS = parts_of(ROOT / "strategies.yaml")
PARAMS: Any = params_of(PARTS.config, "reserve", {})
RESERVE = universe.build(PARAMS, PARTS.facts.tokens)
RULES: dict[str, Any] = {plugin.name: plugin.settings for plugin in PARTS.config.rules}


def most(exposure: dict[str, float], without: str | None = None) -> float:
    """The largest exposure that a reserve (all of it, or what may be held without an asset) has within its limits."""
    weights = np.array([exposure.get(symbol, 0.0) for symbol in RESERVE.symbols])
    free = [(0.0, 0.0 if symbol == without else 1.0) for symbol in RESERVE.symbols]
    rows = np.vstack([RESERVE.limit_shares, np.ones(RESERVE.size)])
    found = linprog(-weights, A_ub=rows, b_ub=np.append(RESERVE.limit_bounds, 1.0), bounds=free)
    assert found.status == 0 and found.x is not None
    return float(weights @ found.x)


@pytest.mark.parametrize("symbol", RESERVE.symbols)
def test_any_asset_can_be_left_wholly_within_the_limits_of_the_others(symbol: str) -> None:
    assert most(dict.fromkeys(RESERVE.symbols, 1.0), without=symbol) == pytest.approx(1.0)


@pytest.mark.parametrize("symbol", RESERVE.symbols)
def test_no_asset_is_wanted_beyond_the_cap_of_the_policy(symbol: str) -> None:
    assert most({symbol: 1.0}) <= RULES["token_cap"].tokens[symbol] / WAD + 1e-9


def test_no_issuer_is_wanted_beyond_the_cap_of_the_policy() -> None:
    for limit in RULES["issuer_cap"].issuers.values():
        assert most({symbol: part / WAD for symbol, part in limit.exposure.items()}) <= limit.max / WAD + 1e-9


def test_what_is_an_emergency_to_the_reserve_has_fallen_to_the_policy() -> None:
    below = RULES["slippage"].exits.below
    for symbol, exit_at in zip(RESERVE.symbols, RESERVE.exit, strict=True):
        assert 1.0 - exit_at <= below[symbol] / WAD + 1e-9


def test_what_the_policy_keeps_is_not_sold_even_when_its_price_falls_before_the_execution() -> None:
    kept = dict(zip(RESERVE.symbols, RESERVE.kept.tolist(), strict=True))
    for symbol, floor in RULES["token_floor"].tokens.items():
        assert kept[symbol] * 0.95 >= floor


def test_an_exit_is_no_more_than_the_policy_lets_through_in_a_run() -> None:
    assert isinstance(PARAMS, Params) and PARAMS.most_sold is not None
    assert PARAMS.most_sold <= RULES["move_size"].per_run
