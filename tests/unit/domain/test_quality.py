"""Execution quality as arithmetic: signs, missing prices, payments."""

from __future__ import annotations

from dao_bot.domain.quality import Quality
from dao_bot.domain.units import WAD


def test_cost_and_shortfall_are_parts_of_what_left() -> None:
    quality = Quality(out=1_000 * WAD, back=999 * WAD, shortfall=WAD // 2, gas=WAD, seconds=12)
    assert quality.cost == WAD
    assert quality.cost_bps == 10
    assert quality.shortfall_bps == 5


def test_what_came_in_excess_is_negative() -> None:
    quality = Quality(out=1_000 * WAD, back=1_001 * WAD, shortfall=-WAD, gas=None, seconds=None)
    assert (quality.cost, quality.cost_bps, quality.shortfall_bps) == (-WAD, -10, -10)


def test_a_payment_has_no_cost_and_what_is_unknown_stays_unknown() -> None:
    payment = Quality(out=WAD, back=0, shortfall=0, gas=WAD, seconds=1)
    assert (payment.cost, payment.cost_bps, payment.shortfall_bps) == (None, None, 0)
    unknown = Quality(out=None, back=WAD, shortfall=None, gas=None, seconds=None)
    assert (unknown.cost, unknown.cost_bps, unknown.shortfall_bps) == (None, None, None)
    assert Quality(out=0, back=0, shortfall=0, gas=0, seconds=0).shortfall_bps is None
