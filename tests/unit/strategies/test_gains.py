"""Quotes that pay a little more than the USD prices say, as after every move that a feed has not followed yet."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from dao_bot.strategy import Decision
from tests.unit.strategies.kit import decide, ladder, params, sold, token

SETTINGS: dict[str, Any] = {
    "assets": {
        "USDC": {"backing": {"Circle": "100%"}},
        "USDT": {"backing": {"Tether": "100%"}},
        "DAI": {"backing": {"Maker": "100%"}, "cap": "40%"},
    },
    "issuers": {
        "Circle": {"hazard": "1%", "loss": "15%", "cap": "60%"},
        "Tether": {"hazard": "2%", "loss": "25%", "cap": "50%"},
        "Maker": {"hazard": "1%", "loss": "20%"},
    },
    "banks": {},
    "venues": {},
    "chains": {},
    "buckets": {},
    "turnover": "100%",
}
FALLEN = {"USDT": 0.98}


def _decide(gain: float) -> Decision:
    settings = params(**SETTINGS)
    ladders = tuple(
        ladder(
            token(sell),
            token(buy),
            sizes=settings.quote_sizes,
            prices=(FALLEN.get(sell, 1.0), FALLEN.get(buy, 1.0)),
            rate=1.0 + gain if sell == "USDT" else 1.0,
        )
        for sell, buy in itertools.permutations(settings.assets, 2)
    )
    return decide(settings, {"USDC": 500e3, "USDT": 300e3, "DAI": 200e3}, usd=FALLEN, ladders=ladders)


@pytest.mark.parametrize("gain", [0.0, 0.001, 0.003, 0.02, 0.08])
def test_an_exit_that_buys_up_to_a_cap_is_made_also_when_the_pools_pay_more_than_the_usd_prices(gain: float) -> None:
    decision = _decide(gain)
    assert decision.urgent and sold(decision) == {"USDT"}, decision.reason
    exited = sum(swap.sell.units for swap in decision.operations) / 10**6  # type: ignore[attr-defined]  # swaps
    assert exited >= 300e3 * (0.97 if gain <= 0.003 else 0.74)
