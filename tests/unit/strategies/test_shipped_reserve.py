"""Each shipped reserve agrees with its policy: what one wants the other allows, also when an asset must be left."""

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
FILES = {"demo": ROOT / "strategies.yaml", "template": ROOT / "dao_bot" / "config" / "template.yaml"}


class Shipped:
    """One configuration's reserve, and the rules of its policy."""

    def __init__(self, file: Path) -> None:
        parts = parts_of(file)
        self.params: Any = params_of(parts.config, "reserve", {})
        assert isinstance(self.params, Params)
        self.reserve = universe.build(self.params, parts.facts.tokens)
        self.rules: dict[str, Any] = {plugin.name: plugin.settings for plugin in parts.config.rules}

    def most(self, exposure: dict[str, float], without: str | None = None) -> float:
        """The largest exposure that a reserve (all of it, or what may be held without an asset) has in its limits."""
        reserve = self.reserve
        weights = np.array([exposure.get(symbol, 0.0) for symbol in reserve.symbols])
        free = [(0.0, 0.0 if symbol == without else 1.0) for symbol in reserve.symbols]
        rows = np.vstack([reserve.limit_shares, np.ones(reserve.size)])
        found = linprog(-weights, A_ub=rows, b_ub=np.append(reserve.limit_bounds, 1.0), bounds=free)
        assert found.status == 0 and found.x is not None
        return float(weights @ found.x)


@pytest.fixture(scope="module", params=FILES)
def shipped(request: pytest.FixtureRequest) -> Shipped:
    return Shipped(FILES[request.param])


def test_any_asset_can_be_left_wholly_within_the_limits_of_the_others(shipped: Shipped) -> None:
    symbols = shipped.reserve.symbols
    for symbol in symbols:
        assert shipped.most(dict.fromkeys(symbols, 1.0), without=symbol) == pytest.approx(1.0), symbol


def test_no_asset_is_wanted_beyond_the_cap_of_the_policy(shipped: Shipped) -> None:
    for symbol in shipped.reserve.symbols:
        assert shipped.most({symbol: 1.0}) <= shipped.rules["token_cap"].tokens[symbol] / WAD + 1e-9, symbol


def test_no_issuer_is_wanted_beyond_the_cap_of_the_policy(shipped: Shipped) -> None:
    for limit in shipped.rules["issuer_cap"].issuers.values():
        assert shipped.most({symbol: part / WAD for symbol, part in limit.exposure.items()}) <= limit.max / WAD + 1e-9


def test_what_is_an_emergency_to_the_reserve_has_fallen_to_the_policy(shipped: Shipped) -> None:
    below = shipped.rules["slippage"].exits.below
    for symbol, exit_at in zip(shipped.reserve.symbols, shipped.reserve.exit, strict=True):
        assert 1.0 - exit_at <= below[symbol] / WAD + 1e-9


def test_what_the_policy_keeps_is_not_sold_even_when_its_price_falls_before_the_execution(shipped: Shipped) -> None:
    kept = dict(zip(shipped.reserve.symbols, shipped.reserve.kept.tolist(), strict=True))
    for symbol, floor in shipped.rules["token_floor"].tokens.items():
        assert kept[symbol] * 0.95 >= floor


def test_an_exit_is_no_more_than_the_policy_lets_through_in_a_run(shipped: Shipped) -> None:
    assert shipped.params.most_sold is not None
    assert shipped.params.most_sold <= shipped.rules["move_size"].per_run
    window = shipped.rules["move_size"]
    assert shipped.params.sold_window is not None
    assert shipped.params.sold_window.most <= window.per_window
    assert shipped.params.sold_window.window == window.window
