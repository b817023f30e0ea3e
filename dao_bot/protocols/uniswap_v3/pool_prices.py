"""Spot and time-weighted prices of the configured pools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from dao_bot.cards.text import duration
from dao_bot.chain.abi import function
from dao_bot.chain.plan import Answer, Plan
from dao_bot.chain.provider import ReadContext
from dao_bot.domain.errors import BadInput
from dao_bot.domain.needs import Need, PoolPrices
from dao_bot.domain.prices import PoolPrice
from dao_bot.domain.ticks import inverse_price_at_sqrt, mean_tick, price_at_sqrt, price_at_tick
from dao_bot.domain.units import WAD
from dao_bot.protocols.reading import told, told_units
from dao_bot.protocols.uniswap_v3.paths import FEE_DENOMINATOR, VENUE, Pool

_SLOT0 = function("slot0()", "(uint160,int24,uint16,uint16,uint16,uint8,bool)")
_LIQUIDITY = function("liquidity()", "(uint128)")
_OBSERVE = function("observe(uint32[])", "(int56[],uint160[])")
_READS_OF_A_POOL = 3


class PoolPricesProvider:
    """Reads `PoolPrices` in one round. What a pool cannot tell is None, with the reason; nothing is raised."""

    need: ClassVar[type[Need[Any]]] = PoolPrices

    def __init__(self, pools: Sequence[Pool], window: int) -> None:
        self._pools = tuple(pools)
        self._window = window

    def requires(self, need: PoolPrices) -> tuple[Need[Any], ...]:
        return ()

    def read(self, need: PoolPrices, context: ReadContext) -> Plan[tuple[PoolPrice, ...]]:
        """Every pool whose two tokens are named by the need; all pools when it names none."""
        wanted = set(need.tokens)
        pools = [pool for pool in self._pools if not wanted or {pool.base.symbol, pool.quote.symbol} <= wanted]
        reads = [
            read
            for pool in pools
            for read in (
                _SLOT0.read(pool.address),
                _LIQUIDITY.read(pool.address),
                _OBSERVE.read(pool.address, [self._window, 0]),
            )
        ]
        answers = (yield reads) if reads else ()
        parts = (answers[start : start + _READS_OF_A_POOL] for start in range(0, len(answers), _READS_OF_A_POOL))
        return tuple(self._price(pool, *part) for pool, part in zip(pools, parts, strict=True))

    def _price(self, pool: Pool, slot0: Answer, liquidity: Answer, observed: Answer) -> PoolPrice:
        state, depth = told(_SLOT0, slot0), told_units(_LIQUIDITY, liquidity)
        if state is None or state[0] == 0 or depth is None:
            return self._with(pool, None, None, f"there is no pool at {pool.address}")
        if depth == 0:
            return self._with(pool, None, None, "the pool has no liquidity at its price")
        cumulatives = told(_OBSERVE, observed)
        try:
            spot = _spot(pool, state[0])
            if cumulatives is None or len(cumulatives[0]) != 2:
                window = duration(self._window)
                problem = f"the pool's oracle remembers less than {window}; raise its observation cardinality, or wait"
                return self._with(pool, spot, None, problem)
            return self._with(pool, spot, self._twap(pool, *cumulatives[0]))
        except BadInput as error:
            return self._with(pool, None, None, f"the pool answers what no pool can: {error}")

    def _twap(self, pool: Pool, then: int, now: int) -> int:
        tick = mean_tick(then, now, self._window)
        if pool.base_is_token0:
            return price_at_tick(tick, pool.base.decimals, pool.quote.decimals)
        return price_at_tick(-tick, pool.base.decimals, pool.quote.decimals)

    def _with(self, pool: Pool, spot: int | None, twap: int | None, *problems: str) -> PoolPrice:
        name = f"Uniswap v3 pool {pool.base.symbol}/{pool.quote.symbol} {pool.fee}"
        return PoolPrice(
            venue=VENUE,
            pool=pool.address,
            base=pool.base,
            quote=pool.quote,
            fee=pool.fee * WAD // FEE_DENOMINATOR,
            spot=spot,
            twap=twap,
            window=self._window,
            problems=tuple(f"{name}: {problem}" for problem in problems),
        )


def _spot(pool: Pool, sqrt_price_x96: int) -> int:
    price = price_at_sqrt if pool.base_is_token0 else inverse_price_at_sqrt
    return price(sqrt_price_x96, pool.base.decimals, pool.quote.decimals)
