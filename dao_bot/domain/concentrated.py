"""Concentrated liquidity in integers: amounts, liquidity, fees and one step of a swap, to the last unit as Uniswap v3.

Square-root prices are X96 (scaled by 2^96), fee growth is X128 for one unit of liquidity and wraps at 2^256, amounts
are base units. Sources: v3-core `SqrtPriceMath`, `SwapMath`, `Tick`, `Position`; v3-periphery `LiquidityAmounts`.
"""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.domain.errors import BadInput

Q96 = 1 << 96
Q128 = 1 << 128
WRAP = 1 << 256
FEE_DENOMINATOR = 1_000_000
LARGEST_LIQUIDITY = Q128 - 1

Pair = tuple[int, int]
"""Something of token0 and of token1."""


def amount0_between(sqrt_a: int, sqrt_b: int, liquidity: int, *, round_up: bool) -> int:
    """Token0 that `liquidity` holds between two prices, in either order."""
    low, high = sorted((sqrt_a, sqrt_b))
    numerator, denominator = (liquidity << 96) * (high - low), high * low
    return _up(numerator, denominator) if round_up else numerator // denominator


def amount1_between(sqrt_a: int, sqrt_b: int, liquidity: int, *, round_up: bool) -> int:
    """Token1 that `liquidity` holds between two prices, in either order."""
    numerator = liquidity * abs(sqrt_b - sqrt_a)
    return _up(numerator, Q96) if round_up else numerator >> 96


def amounts_of(liquidity: int, sqrt_price: int, sqrt_lower: int, sqrt_upper: int, *, round_up: bool = False) -> Pair:
    """What `liquidity` in a range consists of at a price: rounded down as it is paid out, up as it is paid in."""
    middle = min(max(sqrt_price, sqrt_lower), sqrt_upper)
    return (
        amount0_between(middle, sqrt_upper, liquidity, round_up=round_up),
        amount1_between(sqrt_lower, middle, liquidity, round_up=round_up),
    )


def liquidity_of_amount0(sqrt_a: int, sqrt_b: int, amount0: int) -> int:
    """Liquidity that `amount0` provides between two prices, rounded down as the position manager does."""
    low, high = sorted((sqrt_a, sqrt_b))
    return amount0 * (low * high >> 96) // (high - low)


def liquidity_of_amount1(sqrt_a: int, sqrt_b: int, amount1: int) -> int:
    """Liquidity that `amount1` provides between two prices, rounded down as the position manager does."""
    return (amount1 << 96) // abs(sqrt_b - sqrt_a)


def liquidity_of(sqrt_price: int, sqrt_lower: int, sqrt_upper: int, amounts: Pair) -> int:
    """The most liquidity that `amounts` provide in a range at a price (`LiquidityAmounts.getLiquidityForAmounts`).

    Raises:
        BadInput: it is more than a pool can hold.
    """
    if sqrt_price <= sqrt_lower:
        liquidity = liquidity_of_amount0(sqrt_lower, sqrt_upper, amounts[0])
    elif sqrt_price >= sqrt_upper:
        liquidity = liquidity_of_amount1(sqrt_lower, sqrt_upper, amounts[1])
    else:
        of_amount0 = liquidity_of_amount0(sqrt_price, sqrt_upper, amounts[0])
        liquidity = min(of_amount0, liquidity_of_amount1(sqrt_lower, sqrt_price, amounts[1]))
    if liquidity > LARGEST_LIQUIDITY:
        raise BadInput("more liquidity than a pool can hold", value=liquidity, limit=LARGEST_LIQUIDITY)
    return liquidity


def taken(deposits: Pair, sqrt_price: int, edges: Pair) -> Pair:
    """What a pool takes of `deposits` for a position between two square-root prices."""
    return amounts_of(liquidity_of(sqrt_price, *edges, deposits), sqrt_price, *edges, round_up=True)


def least_deposit(deposits: Pair, edges: Pair, band: Pair) -> Pair:
    """The least that a pool takes of each token while its price is within `band`: minimums that hold it there.

    The higher the price, the less token0 fits, and the more token1. Where only one token is deposited, a price at
    which the pool takes none of it makes the deposit fail anyway.
    """
    low, high = band
    if deposits[1] == 0:
        high = min(high, edges[0])
    if deposits[0] == 0:
        low = max(low, edges[1])
    # The pool rounds liquidity down to a whole unit, which is worth most of a token where the least of it is taken.
    unit = amounts_of(1, low, *edges, round_up=True)[0], amounts_of(1, high, *edges, round_up=True)[1]
    return max(taken(deposits, high, edges)[0] - unit[0], 0), max(taken(deposits, low, edges)[1] - unit[1], 0)


def least_release(liquidity: int, edges: Pair, band: Pair) -> Pair:
    """The least that `liquidity` returns of each token while the price is within `band`."""
    low, high = band
    return amounts_of(liquidity, high, *edges)[0], amounts_of(liquidity, low, *edges)[1]


def growth_inside(
    lower: int, upper: int, tick: int, everywhere: Pair, outside_lower: Pair, outside_upper: Pair
) -> Pair:
    """Fee growth inside a range since its ticks were initialised; only differences mean something.

    Args:
        tick: of the pool now.
        everywhere: `feeGrowthGlobal{0,1}X128`.
        outside_lower, outside_upper: `feeGrowthOutside{0,1}X128` of the two ticks.
    """
    return (
        _inside(lower, upper, tick, everywhere[0], outside_lower[0], outside_upper[0]),
        _inside(lower, upper, tick, everywhere[1], outside_lower[1], outside_upper[1]),
    )


def earned(liquidity: int, before: Pair, now: Pair) -> Pair:
    """Fees of `liquidity` between two growths inside its range, rounded down, of 128 bits (`Position.update`)."""
    return (
        (now[0] - before[0]) % WRAP * liquidity // Q128 % Q128,
        (now[1] - before[1]) % WRAP * liquidity // Q128 % Q128,
    )


@dataclass(frozen=True, slots=True)
class SwapStep:
    """What a swap does within one stretch of equal liquidity. `fee` is part of what is paid, beside `paid_in`."""

    sqrt_price: int
    paid_in: int
    paid_out: int
    fee: int


def swap_step(sqrt_price: int, sqrt_target: int, liquidity: int, remaining: int, fee_pips: int) -> SwapStep:
    """One `SwapMath.computeSwapStep`.

    Args:
        remaining: of an exact input, positive; of an exact output, negative.
        fee_pips: in millionths.
    """
    down, exact_in = sqrt_price >= sqrt_target, remaining >= 0
    after_fee = remaining * (FEE_DENOMINATOR - fee_pips) // FEE_DENOMINATOR
    if exact_in:
        reached = after_fee >= _in_to(sqrt_price, sqrt_target, liquidity, down)
        budget = after_fee
    else:
        reached = -remaining >= _out_to(sqrt_price, sqrt_target, liquidity, down)
        budget = -remaining
    after = sqrt_target if reached else _next_price(sqrt_price, liquidity, budget, down=down, exact_in=exact_in)
    paid_in, paid_out = _in_to(sqrt_price, after, liquidity, down), _out_to(sqrt_price, after, liquidity, down)
    if not exact_in:
        paid_out = min(paid_out, -remaining)
    if exact_in and after != sqrt_target:
        return SwapStep(after, paid_in, paid_out, remaining - paid_in)
    return SwapStep(after, paid_in, paid_out, _up(paid_in * fee_pips, FEE_DENOMINATOR - fee_pips))


def _in_to(sqrt_price: int, sqrt_after: int, liquidity: int, down: bool) -> int:
    between = amount0_between if down else amount1_between
    return between(sqrt_price, sqrt_after, liquidity, round_up=True)


def _out_to(sqrt_price: int, sqrt_after: int, liquidity: int, down: bool) -> int:
    between = amount1_between if down else amount0_between
    return between(sqrt_price, sqrt_after, liquidity, round_up=False)


def _next_price(sqrt_price: int, liquidity: int, amount: int, *, down: bool, exact_in: bool) -> int:
    """Where `amount` moves the price, rounded so that the pool never pays too much (`SqrtPriceMath`)."""
    if down is not exact_in:
        quotient = (amount << 96) // liquidity if exact_in else _up(amount << 96, liquidity)
        after = sqrt_price + quotient if exact_in else sqrt_price - quotient
        return _possible(after)
    if amount == 0:
        return sqrt_price
    numerator, product = liquidity << 96, amount * sqrt_price
    if not exact_in:
        if product >= numerator:
            raise BadInput("the pool cannot pay so much", value=amount)
        return _possible(_up(numerator * sqrt_price, numerator - product))
    if product < WRAP and numerator + product < WRAP:
        return _up(numerator * sqrt_price, numerator + product)
    # Where 256 bits would overflow, the contract takes a form that is less precise.
    return _up(numerator, numerator // sqrt_price + amount)


def _possible(sqrt_price: int) -> int:
    if not 0 < sqrt_price < 1 << 160:
        raise BadInput("no pool can have this price", value=sqrt_price)
    return sqrt_price


def _inside(lower: int, upper: int, tick: int, everywhere: int, outside_lower: int, outside_upper: int) -> int:
    below = outside_lower if tick >= lower else everywhere - outside_lower
    above = outside_upper if tick < upper else everywhere - outside_upper
    return (everywhere - below - above) % WRAP


def _up(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)
