"""Which routes through the configured pools are quoted, and in which order when there are too many."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from dao_bot.domain.tokens import Token
from dao_bot.protocols.uniswap_v3.paths import Path, Pool


@dataclass(frozen=True, slots=True)
class Route:
    """One or two pools that lead from `sell` to `buy`."""

    sell: Token
    buy: Token
    pools: tuple[Pool, ...]

    @property
    def path(self) -> Path:
        tokens = [self.sell]
        for pool in self.pools:
            tokens.append(pool.other(tokens[-1]))
        return Path(tuple(token.address for token in tokens), tuple(pool.fee for pool in self.pools))


def routes(
    pools: Sequence[Pool], sells: Sequence[Token], buys: Sequence[Token], max_hops: int, max_routes: int
) -> tuple[Route, ...]:
    """Routes from any of `sells` to any of `buys`; tokens between them need not be among either.

    All direct ones are kept. Two-hop routes fill up to `max_routes`: first those of pairs without a direct pool, then
    the others; among them those through the token with the most pools, then in the order of the config.
    """
    of_token = {token: [pool for pool in pools if token in (pool.base, pool.quote)] for token in _tokens(pools)}
    wanted = set(buys)
    direct = [
        Route(sell, pool.other(sell), (pool,))
        for sell in sells
        for pool in of_token.get(sell, ())
        if pool.other(sell) in wanted
    ]
    room = max_routes - len(direct)
    if max_hops == 1 or room <= 0:
        return tuple(direct)
    joined = {(route.sell, route.buy) for route in direct}
    indirect = [route for sell in sells for route in _two_hops(sell, of_token) if route.buy in wanted]
    indirect.sort(
        key=lambda route: ((route.sell, route.buy) in joined, -len(of_token[route.pools[0].other(route.sell)]))
    )
    return tuple(direct + indirect[:room])


def _two_hops(sell: Token, of_token: dict[Token, list[Pool]]) -> Iterator[Route]:
    for first in of_token.get(sell, ()):
        between = first.other(sell)
        for second in of_token[between]:
            if second.other(between) != sell:
                yield Route(sell, second.other(between), (first, second))


def _tokens(pools: Sequence[Pool]) -> tuple[Token, ...]:
    return tuple(dict.fromkeys(token for pool in pools for token in (pool.base, pool.quote)))
