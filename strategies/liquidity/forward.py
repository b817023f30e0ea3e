"""What a range will earn and lose: fees as the pool earned them, less loss-versus-rebalancing while in range.

Forecasts, so floats; nothing here becomes an amount.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from dao_bot.domain.concentrated import Q96, Q128
from dao_bot.domain.units import WAD
from strategies.liquidity.ledger import Grown
from strategies.liquidity.market import Market

YEAR = 365 * 86_400
_LOG_TICK = math.log(1.0001)
_STEPS = 64


@dataclass(frozen=True, slots=True)
class Rates:
    """Dollars a second for one unit of liquidity at the price.

    Attributes:
        fees: as measured, None while they were not seen for long enough.
        shared: liquidity at the price among which they were shared.
        lost: loss-versus-rebalancing, sigma^2 sqrt(P) / 4 (arXiv 2208.06046).
        variance: of the logarithm of the price, a second.
    """

    fees: float | None
    lost: float
    variance: float
    shared: int = 0


def rates(market: Market, volatility: float, grown: Grown | None) -> Rates:
    """The rates from a yearly volatility, and from how the pool's fee growth grew."""
    variance = volatility**2 / YEAR
    dollars = [usd / WAD / 10**token.decimals for usd, token in zip(market.usd, market.tokens, strict=True)]
    lost = variance / 4 * (market.pool.sqrt_price / Q96) * dollars[1]
    if grown is None or grown.seconds <= 0:
        return Rates(None, lost, variance)
    fees = sum(growth / Q128 * each for growth, each in zip(grown.growth, dollars, strict=True)) / grown.seconds
    return Rates(fees, lost, variance, grown.liquidity)


def share_in_range(lower: int, upper: int, tick: int, variance: float, seconds: int) -> float:
    """Expected part of `seconds` that a driftless logarithm of the price spends in the range."""
    below, above = (lower - tick) * _LOG_TICK, (upper - tick) * _LOG_TICK
    total = 0.0
    for step in range(_STEPS):
        deviation = math.sqrt(variance * seconds * (step + 0.5) / _STEPS)
        total += _normal(above / deviation) - _normal(below / deviation)
    return total / _STEPS


def gain(market: Market, rate: Rates, liquidity: int, lower: int, upper: int, seconds: int, ours: int) -> float:
    """Dollars that a range earns less what it loses within `seconds`.

    Args:
        ours: own liquidity that is at the price now. What is added shares the same fees with everybody else.
    """
    others = max(rate.shared - ours, 0)
    diluted = (rate.fees or 0.0) * rate.shared / (others + liquidity) if others + liquidity else 0.0
    stays = share_in_range(lower, upper, market.pool.tick, rate.variance, seconds)
    return stays * seconds * liquidity * (diluted - rate.lost)


def days_until_moved(half_width: int, margin: int, variance: float) -> float:
    """Expected days until the price is within `margin` ticks of an edge of a range of twice `half_width` ticks."""
    room = max(half_width - margin, 0) * _LOG_TICK
    return room**2 / (variance * 86_400)


def _normal(value: float) -> float:
    return 0.5 * (1.0 + math.erf(value / math.sqrt(2.0)))
