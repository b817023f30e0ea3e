"""Uniswap v3 ticks and square-root prices, one turned into the other and both into prices, in integers."""

from __future__ import annotations

import math

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

_ROOTS = (
    0xFFFCB933BD6FAD37AA2D162D1A594001,
    0xFFF97272373D413259A46990580E213A,
    0xFFF2E50F5F656932EF12357CF3C7FDCC,
    0xFFE5CACA7E10E4E61C3624EAA0941CD0,
    0xFFCB9843D60F6159C9DB58835C926644,
    0xFF973B41FA98C081472E6896DFB254C0,
    0xFF2EA16466C96A3843EC78B326B52861,
    0xFE5DEE046A99A2A811C461F1969C3053,
    0xFCBE86C7900A88AEDCFFC83B479AA3A4,
    0xF987A7253AC413176F2B074CF7815E54,
    0xF3392B0822B70005940C7A398E4B70F3,
    0xE7159475A2C29B7443B29C7FA6E889D9,
    0xD097F3BDFD2022B8845AD8F792AA5825,
    0xA9F746462D870FDF8A65DC1F90E061E5,
    0x70D869A156D2A1B890BB3DF62BAF32F7,
    0x31BE135F97D08FD981231505542FCFA6,
    0x9AA508B5B7A84E1C677DE54F3E99BC9,
    0x5D6AF8DEDB81196699C329225EE604,
    0x2216E584F5FA1EA926041BEDFE98,
    0x48A170391F7DC42444E8FA2,
)
"""1.0001^(-2^k / 2) scaled by 2^128, rounded to the nearest: the constants of `TickMath.getSqrtRatioAtTick`."""
_LOG_OF_A_TICK = math.log(1.0001) / 2


def sqrt_ratio_at_tick(tick: int) -> int:
    """The square-root price (X96) at `tick`, to the last unit as `TickMath.getSqrtRatioAtTick`.

    Raises:
        BadInput: if no pool can stand at that tick.
    """
    _require_tick(tick)
    ratio = 1 << 128
    for bit, root in enumerate(_ROOTS):
        if abs(tick) >> bit & 1:
            ratio = ratio * root >> 128
    if tick > 0:
        ratio = (2**256 - 1) // ratio
    return -(-ratio >> 32)


def tick_at_sqrt_ratio(sqrt_ratio_x96: int) -> int:
    """The greatest tick whose square-root price is at most `sqrt_ratio_x96`, as `TickMath.getTickAtSqrtRatio`.

    Raises:
        BadInput: if no pool can have that price.
    """
    _require_sqrt_ratio(sqrt_ratio_x96)
    guess = math.floor((math.log(sqrt_ratio_x96) - 96 * math.log(2)) / _LOG_OF_A_TICK)
    tick = max(MIN_TICK, min(guess, MAX_TICK - 1))
    # The logarithm is off by far less than one tick, so each loop turns once at most.
    while tick > MIN_TICK and sqrt_ratio_at_tick(tick) > sqrt_ratio_x96:
        tick -= 1
    while sqrt_ratio_at_tick(tick + 1) <= sqrt_ratio_x96:
        tick += 1
    return tick


def sqrt_ratio_of(units0: int, units1: int) -> int:
    """The square-root price (X96) at which `units0` base units of token0 are worth `units1` of token1, rounded down.

    What lies outside the prices that a pool can have becomes the nearest one that it can have.

    Raises:
        BadInput: if one of them is not positive.
    """
    if units0 <= 0 or units1 <= 0:
        raise BadInput("a price needs two positive amounts", value=f"{units0} and {units1}")
    return min(max(math.isqrt((units1 << 192) // units0), MIN_SQRT_RATIO), MAX_SQRT_RATIO - 1)


def sqrt_ratio_at_prices(usd0: int, decimals0: int, usd1: int, decimals1: int) -> int:
    """The square-root price (X96) that follows from two USD prices (WAD for one whole token), as `sqrt_ratio_of`."""
    return sqrt_ratio_of(usd1 * 10**decimals0, usd0 * 10**decimals1)


def sqrt_ratio_band(sqrt_ratio_x96: int, tolerance: int) -> tuple[int, int]:
    """The square-root prices (X96) at which the price is lower, and higher, by `tolerance` (WAD, below one)."""
    square = sqrt_ratio_x96**2
    low, high = (math.isqrt(square * (WAD + sign * tolerance) // WAD) for sign in (-1, 1))
    return max(low, MIN_SQRT_RATIO), min(high, MAX_SQRT_RATIO - 1)


def price_at_tick(tick: int, base_decimals: int, quote_decimals: int) -> int:
    """WAD of token1 for one whole token0 at `tick`: 1.0001^tick (Uniswap v3 whitepaper, 6.1), rounded down.

    The power is exact to one part in 2^230, so the result is off by its last unit at most.

    Args:
        tick: between `MIN_TICK` and `MAX_TICK`.
        base_decimals, quote_decimals: of token0 and token1.

    Raises:
        BadInput: if no pool can stand at that tick.
    """
    _require_tick(tick)
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
    _require_sqrt_ratio(sqrt_price_x96)
    return sqrt_price_x96**2


def _require_tick(tick: int) -> None:
    if not MIN_TICK <= tick <= MAX_TICK:
        raise BadInput("not a tick of Uniswap v3", value=tick, limit=f"{MIN_TICK} to {MAX_TICK}")


def _require_sqrt_ratio(sqrt_ratio_x96: int) -> None:
    if not MIN_SQRT_RATIO <= sqrt_ratio_x96 < MAX_SQRT_RATIO:
        raise BadInput("not a square-root price of Uniswap v3", value=sqrt_ratio_x96)


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
