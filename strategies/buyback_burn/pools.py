"""The pools on the way: whether they say what the oracle says, and how deep they are."""

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
