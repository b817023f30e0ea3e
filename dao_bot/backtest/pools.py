"""Simulated pools: quotes and fills along routes, with fees, depth, and the mark that a trade of ours leaves."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from dao_bot.backtest.depth import Depth
from dao_bot.backtest.traffic import Traffic
from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.errors import Refused
from dao_bot.domain.quotes import Ladder, Rung
from dao_bot.domain.tokens import Token
from dao_bot.protocols.uniswap_v3.paths import FEE_DENOMINATOR, Pool
from dao_bot.protocols.uniswap_v3.routes import Route, routes

if TYPE_CHECKING:
    from dao_bot.backtest.market import Moment

GAS_OF_A_HOP = 110_000
GAS_AROUND_A_SWAP = 120_000


@dataclass(frozen=True, slots=True)
class Mark:
    """What a trade of ours left of the price: a logarithmic distance from the market, at a time."""

    distance: float
    at: int


Marks = Mapping[str, Mark]
"""By the pool's address; pools without one stand at the market."""


@dataclass(frozen=True, slots=True)
class Sale:
    """What selling along a route came to.

    Attributes:
        received: base units.
        fees: dollars that the pools took.
        marks: of the pools on the way, afterwards.
    """

    received: int
    fees: float
    marks: Marks


@dataclass(frozen=True, slots=True)
class SimulatedPool:
    """A pool, how deep it is, and what others do in it where the treasury may provide liquidity too."""

    pool: Pool
    depth: Depth
    traffic: Traffic | None = None


@dataclass(frozen=True)
class PoolVenue:
    """Pools that stand at the market price but for what our own trades moved.

    Attributes:
        name: the protocol's, as in a `Swap`.
        recovery: seconds in which arbitrage takes back all but 1/e of what a trade moved.
        twap_window: seconds.
        manager: the contract whose tokens positions are.
    """

    name: str
    pools: tuple[SimulatedPool, ...]
    recovery: int
    twap_window: int
    max_hops: int = 2
    max_routes: int = 200
    manager: Address = ZERO_ADDRESS

    @cached_property
    def _depth(self) -> Mapping[str, SimulatedPool]:
        return {each.pool.address: each for each in self.pools}

    @cached_property
    def _tokens(self) -> tuple[Token, ...]:
        return tuple(dict.fromkeys(token for each in self.pools for token in (each.pool.base, each.pool.quote)))

    @cached_property
    def by_path(self) -> Mapping[str, Route]:
        """Every route that may be quoted, by its encoding."""
        found = routes([each.pool for each in self.pools], self._tokens, self._tokens, self.max_hops, self.max_routes)
        return {path_of(route): route for route in found}

    def ladders(
        self, sizes: Mapping[Token, Sequence[int]], ends: Iterable[Token], moment: Moment, marks: Marks
    ) -> tuple[Ladder, ...]:
        """For each directed pair the route that goes furthest, then the one that returns most there.

        Args:
            sizes: growing base units for each token that can be sold.
            ends: what may be bought.
        """
        wanted = frozenset(ends)
        best: dict[tuple[Token, Token], Ladder] = {}
        for path, route in self.by_path.items():
            if route.buy not in wanted or not sizes.get(route.sell):
                continue
            ladder = self._ladder(path, route, sizes[route.sell], moment, marks)
            known = best.get((route.sell, route.buy))
            if ladder is not None and (known is None or _reach(ladder) > _reach(known)):
                best[route.sell, route.buy] = ladder
        return tuple(best.values())

    def _ladder(self, path: str, route: Route, sizes: Sequence[int], moment: Moment, marks: Marks) -> Ladder | None:
        rungs: list[Rung] = []
        for size in sizes:
            sale = self.sell(route, size, moment, marks)
            if sale is None or sale.received <= (rungs[-1].buy if rungs else 0):
                break
            rungs.append(Rung(size, sale.received))
        if not rungs:
            return None
        gas = GAS_OF_A_HOP * len(route.pools) + GAS_AROUND_A_SWAP
        pools = tuple(str(pool.address) for pool in route.pools)
        return Ladder(route.sell, route.buy, self.name, path, pools, tuple(rungs), gas)

    def sell(self, route: Route, units: int, moment: Moment, marks: Marks) -> Sale | None:
        """Sell `units` along the route; None when a pool has no price or is too shallow."""
        token, amount, fees = route.sell, units / 10**route.sell.decimals, 0.0
        left: dict[str, Mark] = {}
        for pool in route.pools:
            base_usd, quote_usd = moment.usd.get(pool.base, math.nan), moment.usd.get(pool.quote, math.nan)
            if math.isnan(base_usd + quote_usd):
                return None
            of_base, fee = token == pool.base, pool.fee / FEE_DENOMINATOR
            market = base_usd / quote_usd
            price = market * math.exp(self._distance(pool, moment.now, marks))
            trade = self._depth[pool.address].depth.sale(moment.now, price, base_usd, of_base, amount * (1.0 - fee))
            if trade is None:
                return None
            fees += amount * fee * (base_usd if of_base else quote_usd)
            left[pool.address] = Mark(math.log(trade.price / market), moment.now)
            token, amount = pool.other(token), trade.received
        return Sale(int(amount * 10**token.decimals), fees, left)

    def spot(self, pool: Pool, moment: Moment, marks: Marks) -> float | None:
        """Quote for one base, now."""
        market = moment.usd.get(pool.base, math.nan) / moment.usd.get(pool.quote, math.nan)
        return None if math.isnan(market) else market * math.exp(self._distance(pool, moment.now, marks))

    def route(self, path: str) -> Route:
        """The route of an encoded path.

        Raises:
            Refused: no configured pools make it.
        """
        if path not in self.by_path:
            raise Refused("a swap along a route that was not quoted", value=path[:100], limit=f"routes of {self.name}")
        return self.by_path[path]

    def _distance(self, pool: Pool, now: int, marks: Marks) -> float:
        mark = marks.get(pool.address)
        return 0.0 if mark is None else mark.distance * math.exp(-(now - mark.at) / self.recovery)


def path_of(route: Route) -> str:
    """0x-hex of the route, as the protocol encodes it."""
    return "0x" + route.path.encode().hex()


def _reach(ladder: Ladder) -> tuple[int, int]:
    return ladder.rungs[-1].sell, ladder.rungs[-1].buy
