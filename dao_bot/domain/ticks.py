"""Uniswap v3 ticks and square-root prices turned into prices, in integers."""

from __future__ import annotations

from dao_bot.domain.errors import BadInput
from dao_bot.domain.units import WAD

MIN_TICK = -887_272
MAX_TICK = 887_272
MIN_SQRT_RATIO = 4_295_128_739
"""`TickMath.MIN_SQRT_RATIO`: the square-root price (X96) at `MIN_TICK`."""
MAX_SQRT_RATIO = 1_461_446_703_485_210_103_287_273_052_203_988_822_378_723_970_342
"""`TickMath.MAX_SQRT_RATIO`: the square-root price (X96) at `MAX_TICK`; a pool's price is always below it."""

_PRECISION = 256
_ONE = 1 << _PRECISION
_BASE = _ONE * 10_001 // 10_000


def price_at_tick(tick: int, base_decimals: int, quote_decimals: int) -> int:
    """WAD of token1 for one whole token0 at `tick`: 1.0001^tick (Uniswap v3 whitepaper, 6.1), rounded down.

    The power is exact to one part in 2^230, so the result is off by its last unit at most.

    Args:
        tick: between `MIN_TICK` and `MAX_TICK`.
        base_decimals, quote_decimals: of token0 and token1.

    Raises:
        BadInput: if no pool can stand at that tick.
    """
    if not MIN_TICK <= tick <= MAX_TICK:
        raise BadInput("not a tick of Uniswap v3", value=tick, limit=f"{MIN_TICK} to {MAX_TICK}")
    power = _power(abs(tick))
    numerator, denominator = (power, _ONE) if tick >= 0 else (_ONE, power)
    return _scaled(numerator, denominator, base_decimals, quote_decimals)


def price_at_sqrt(sqrt_price_x96: int, base_decimals: int, quote_decimals: int) -> int:
    """WAD of token1 for one whole token0 at a pool's `sqrtPriceX96`, rounded down.

    Args:
        base_decimals, quote_decimals: of token0 and token1.

    Raises:
        BadInput: if no pool can have that price (zero: it was never initialised).
    """
    return _scaled(_squared(sqrt_price_x96), 1 << 192, base_decimals, quote_decimals)


def inverse_price_at_sqrt(sqrt_price_x96: int, base_decimals: int, quote_decimals: int) -> int:
    """WAD of token0 for one whole token1, rounded down; otherwise as `price_at_sqrt`.

    Args:
        base_decimals, quote_decimals: of token1 and token0.
    """
    return _scaled(1 << 192, _squared(sqrt_price_x96), base_decimals, quote_decimals)


def mean_tick(cumulative_then: int, cumulative_now: int, seconds: int) -> int:
    """Time-weighted tick between two `tickCumulative`s, rounded down as `OracleLibrary.consult` does."""
    return (cumulative_now - cumulative_then) // seconds


def _squared(sqrt_price_x96: int) -> int:
    if not MIN_SQRT_RATIO <= sqrt_price_x96 < MAX_SQRT_RATIO:
        raise BadInput("not a square-root price of Uniswap v3", value=sqrt_price_x96)
    return sqrt_price_x96**2


def _power(exponent: int) -> int:
    """1.0001^exponent scaled by 2^256, for a non-negative exponent."""
    result, square = _ONE, _BASE
    while exponent:
        if exponent & 1:
            result = result * square >> _PRECISION
        square = square * square >> _PRECISION
        exponent >>= 1
    return result


def _scaled(numerator: int, denominator: int, base_decimals: int, quote_decimals: int) -> int:
    # numerator / denominator is base units of the quote for one base unit of the base
    return int(numerator * WAD * 10**base_decimals // (denominator * 10**quote_decimals))
