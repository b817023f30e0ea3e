"""What a strategy sees at a moment of the history: one provider for each need, the same port as on a chain."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from dao_bot.backtest.seeing_treasury import (
    ActionHistoryProvider,
    HoldingsProvider,
    PositionsProvider,
    SpendHistoryProvider,
    SupplyProvider,
)
from dao_bot.backtest.world import World
from dao_bot.chain.plan import Plan
from dao_bot.chain.provider import Provider, ReadContext
from dao_bot.chain.provider import Treasury as Facts
from dao_bot.domain.errors import BadInput
from dao_bot.domain.needs import (
    Gas,
    GasPrice,
    Holding,
    Holdings,
    Need,
    PoolPrices,
    Prices,
    SwapLadders,
)
from dao_bot.domain.prices import PoolPrice, TokenPrice
from dao_bot.domain.quotes import Ladder
from dao_bot.domain.runs import Block, RunId
from dao_bot.domain.tokens import Token, units_worth
from dao_bot.domain.units import WAD
from dao_bot.engine.observe import observe
from dao_bot.market.history import PriceHistoryProvider
from dao_bot.protocols.uniswap_v3.paths import FEE_DENOMINATOR


class PoolPricesProvider:
    """Reads `PoolPrices`: the market price with the mark of our own trades, and the market's mean over the window."""

    need: ClassVar[type[Need[Any]]] = PoolPrices

    def __init__(self, world: World) -> None:
        self._world = world

    def requires(self, need: PoolPrices) -> tuple[Need[Any], ...]:
        return ()

    def read(self, need: PoolPrices, context: ReadContext) -> Plan[tuple[PoolPrice, ...]]:
        yield from ()
        world, wanted = self._world, set(need.tokens)
        found = []
        for venue in world.market.venues.values():
            for each in venue.pools:
                pool = each.pool
                if wanted and not {pool.base.symbol, pool.quote.symbol} <= wanted:
                    continue
                spot = venue.spot(pool, world.moment, world.treasury.marks)
                mean = world.market.mean_rate(pool.base, pool.quote, world.moment.now, venue.twap_window)
                problem = None if spot else "the market has no price"
                problem = problem or (None if mean else "the history is shorter than the window of the average")
                found.append(
                    PoolPrice(
                        venue=venue.name,
                        pool=pool.address,
                        base=pool.base,
                        quote=pool.quote,
                        fee=pool.fee * WAD // FEE_DENOMINATOR,
                        spot=None if spot is None else int(spot * WAD),
                        twap=None if spot is None or mean is None else int(mean * WAD),
                        window=venue.twap_window,
                        problems=(f"{pool.base}/{pool.quote} pool: {problem}",) if problem else (),
                    )
                )
        return tuple(found)


class SwapLaddersProvider:
    """Reads `SwapLadders` from the simulated pools; a ladder ends at the whole holding, as on a chain."""

    need: ClassVar[type[Need[Any]]] = SwapLadders

    def __init__(self, world: World) -> None:
        self._world = world

    def requires(self, need: SwapLadders) -> tuple[Need[Any], ...]:
        return (Prices(), Holdings())

    def read(self, need: SwapLadders, context: ReadContext) -> Plan[tuple[Ladder, ...]]:
        yield from ()
        world = self._world
        tokens = context.treasury.tokens
        unknown = sorted(set(need.tokens) - set(tokens))
        if unknown:
            raise BadInput("quotes of tokens that are not configured are asked for", value=", ".join(unknown))
        ends = [token for symbol, token in tokens.items() if not need.tokens or symbol in need.tokens]
        prices: Mapping[Token, TokenPrice] = context.seen[Prices()]
        holdings: Mapping[Token, Holding] = context.seen[Holdings()]
        sizes = {token: _sizes(token, need.sizes, prices.get(token), holdings.get(token)) for token in ends}
        return tuple(
            ladder
            for venue in world.market.venues.values()
            for ladder in venue.ladders(sizes, ends, world.moment, world.treasury.marks)
        )


def _sizes(token: Token, sizes: Sequence[int], price: TokenPrice | None, held: Holding | None) -> tuple[int, ...]:
    """Growing amounts worth `sizes` dollars, none larger than what is held."""
    if price is None or price.usd is None or held is None:
        return ()
    units = (min(units_worth(token, size, price.usd), held.available) for size in sizes)
    return tuple(dict.fromkeys(each for each in units if each > 0))


class GasProvider:
    """Reads `Gas`: the stated price of gas, and what the native coin is worth."""

    need: ClassVar[type[Need[Any]]] = Gas

    def __init__(self, world: World) -> None:
        self._world = world

    def requires(self, need: Gas) -> tuple[Need[Any], ...]:
        return ()

    def read(self, need: Gas, context: ReadContext) -> Plan[GasPrice]:
        yield from ()
        market = self._world.market
        return GasPrice(market.gas_price, self._world.moment.price(market.native))


def providers_of(world: World, prices: Provider, more: Iterable[Provider] = ()) -> dict[type[Need[Any]], Provider]:
    """Who answers which need; `more` brings needs of its own or replaces one of these."""
    standard: tuple[Provider, ...] = (
        HoldingsProvider(world),
        prices,
        PoolPricesProvider(world),
        SwapLaddersProvider(world),
        GasProvider(world),
        SpendHistoryProvider(world),
        SupplyProvider(world),
        PositionsProvider(world),
        ActionHistoryProvider(world),
        PriceHistoryProvider([world.market.history]),
    )
    return {provider.need: provider for provider in (*standard, *more)}


def block_at(facts: Facts, now: int) -> Block:
    """The block of a moment: a second has one block, and its number is that second."""
    return Block(facts.chain_id, now, f"0x{now:064x}", now)


def see(
    needs: Iterable[Need[Any]], providers: Mapping[type[Need[Any]], Provider], facts: Facts, run: RunId, now: int
) -> tuple[Block, dict[Need[Any], Any]]:
    """What a run sees for its needs, and the block in which it sees it.

    Raises:
        BadInput: a need that nothing answers in a backtest, or whose provider asks a chain.
    """
    block = block_at(facts, now)
    seen, _ = observe(needs, providers, facts, run, block, _without_chain)
    return block, seen


def _without_chain(plans: Sequence[Plan[Any]]) -> list[Any]:
    results = []
    for plan in plans:
        try:
            reads = next(plan)
        except StopIteration as stop:
            results.append(stop.value)
        else:
            raise BadInput(
                "something asks the chain, which a backtest does not have",
                value=f"{len(reads)} reads",
                next_step="Leave the price source or the protocol out, or give the backtest a provider of its own",
            )
    return results
