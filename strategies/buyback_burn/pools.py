"""The pools on the way: whether they say what the oracle says, how deep they are, how much can be bought at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from dao_bot.domain.units import WAD, format_ratio
from dao_bot.strategy import Ladder, PoolPrice, Token, TokenPrice


def doubts(
    ladder: Ladder, pools: tuple[PoolPrice, ...], prices: Mapping[Token, TokenPrice], limit: int
) -> tuple[str, ...]:
    """In words, why the pools of a route are not to be trusted; empty when each says what the oracle says."""
    known = {pool.pool: pool for pool in pools}
    found: list[str] = []
    for address in ladder.pools:
        pool = known.get(address)
        found += [f"the price of the pool {address} was not read"] if pool is None else _of_pool(pool, prices, limit)
    return tuple(found)


def _of_pool(pool: PoolPrice, prices: Mapping[Token, TokenPrice], limit: int) -> Iterable[str]:
    name = f"{pool.base.symbol}/{pool.quote.symbol} pool"
    oracle = [prices[token].usd if token in prices else None for token in (pool.base, pool.quote)]
    base, quote = oracle
    if not base or not quote:
        yield f"there is no usable USD price to compare the {name} with"
        return
    for kind, price in (("now", pool.spot), (f"on average of {pool.window} s", pool.twap)):
        if not price:
            yield f"the {name} has no usable price {kind}: {'; '.join(pool.problems) or 'no reason given'}"
            continue
        apart = -(-abs(price * quote - base * WAD) // base)
        if apart > limit:
            yield (
                f"the {name} {kind} is {format_ratio(apart)} from the USD prices, "
                f"more than the {format_ratio(limit)} allowed"
            )


def depth(ladder: Ladder, band: int) -> int:
    """Base units of what is sold that move the price by less than `band` (WAD), as far as quotes tell.

    The price of each further unit is compared with that of the first ones. A pool that is deeper than the largest
    quote counts as deep as that quote.
    """
    first = ladder.rungs[0]
    for low, high in zip(ladder.rungs, ladder.rungs[1:], strict=False):
        # bought for each unit sold on this stretch, against the first: (db / ds) < (1 - band) x (b0 / s0)
        stretch = (high.buy - low.buy) * first.sell * WAD
        if stretch < (WAD - band) * first.buy * (high.sell - low.sell):
            return low.sell
    return ladder.rungs[-1].sell


def price_paid(ladder: Ladder, units: int, price: int) -> int:
    """USD (WAD) for one whole bought token when `units` worth `price` each are sold, all costs included, rounded up."""
    bought = ladder.quoted(units)
    if bought <= 0:
        return 2**255
    return -(-units * price * _scale(ladder.buy) // (bought * _scale(ladder.sell)))


def _scale(token: Token) -> int:
    scale: int = 10**token.decimals
    return scale


def largest_below(ladder: Ladder, most: int, price: int, cap: int) -> int:
    """The most units, up to `most`, that can be sold while a whole bought token costs at most `cap` USD (WAD)."""
    most = min(most, ladder.rungs[-1].sell)
    if most <= 0 or price_paid(ladder, most, price) <= cap:
        return max(most, 0)
    low, high = 0, most
    while high - low > 1:
        middle = (low + high) // 2
        if price_paid(ladder, middle, price) <= cap:
            low = middle
        else:
            high = middle
    return low
