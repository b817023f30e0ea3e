"""What a strategy sees of the simulated treasury: holdings, supply, positions, and what was done before."""

from __future__ import annotations

from typing import Any, ClassVar

from dao_bot.backtest.world import World
from dao_bot.chain.plan import Plan
from dao_bot.chain.provider import ReadContext
from dao_bot.domain.errors import BadInput
from dao_bot.domain.needs import (
    ActionHistory,
    Holding,
    Holdings,
    Need,
    PastAction,
    Spend,
    SpendHistory,
    Supply,
    TokenSupply,
)
from dao_bot.domain.positions import PoolPositions, Positions
from dao_bot.domain.tokens import Token
from dao_bot.engine.observe import hold_back


class HoldingsProvider:
    """Reads `Holdings`: balances less what open batches will spend."""

    need: ClassVar[type[Need[Any]]] = Holdings

    def __init__(self, world: World) -> None:
        self._world = world

    def requires(self, need: Holdings) -> tuple[Need[Any], ...]:
        return ()

    def read(self, need: Holdings, context: ReadContext) -> Plan[dict[Token, Holding]]:
        yield from ()
        treasury = self._world.treasury
        holdings = {token: Holding(units) for token, units in treasury.units.items()}
        return hold_back(holdings, treasury.committed()) if treasury.open else holdings


class SpendHistoryProvider:
    """Reads `SpendHistory` from the simulated treasury's own record."""

    need: ClassVar[type[Need[Any]]] = SpendHistory

    def __init__(self, world: World) -> None:
        self._world = world

    def requires(self, need: SpendHistory) -> tuple[Need[Any], ...]:
        return ()

    def read(self, need: SpendHistory, context: ReadContext) -> Plan[tuple[Spend, ...]]:
        yield from ()
        return self._world.treasury.spends(context.run.strategy, context.block.timestamp - need.window)


class SupplyProvider:
    """Reads `Supply`: as stated, less what the treasury burnt. What a holder has is as stated too."""

    need: ClassVar[type[Need[Any]]] = Supply

    def __init__(self, world: World) -> None:
        self._world = world

    def requires(self, need: Supply) -> tuple[Need[Any], ...]:
        return ()

    def read(self, need: Supply, context: ReadContext) -> Plan[TokenSupply]:
        yield from ()
        token, treasury = context.treasury.tokens.get(need.token), self._world.treasury
        stated = None if token is None else self._world.market.supply.get(token)
        safe = context.treasury.safe
        others = tuple(dict.fromkeys(holder for holder in need.holders if holder != safe))
        unknown = [holder for holder in others if stated is None or holder not in stated.holders]
        if token is None or stated is None or unknown:
            raise BadInput(
                f"the backtest does not know the supply of {need.token}, or what a holder has of it",
                value=", ".join(unknown) or None,
                next_step="State both under `supply` in the market's file",
            )
        held = {safe: treasury.units[token], **{holder: stated.holders[holder] for holder in others}}
        return TokenSupply(stated.total - treasury.burned.get(token, 0), safe, held)


class PositionsProvider:
    """Reads `Positions` in the pools of which it is known what is traded there."""

    need: ClassVar[type[Need[Any]]] = Positions

    def __init__(self, world: World) -> None:
        self._world = world

    def requires(self, need: Positions) -> tuple[Need[Any], ...]:
        return ()

    def read(self, need: Positions, context: ReadContext) -> Plan[tuple[PoolPositions, ...]]:
        """Raises `BadInput` where named tokens have only pools of which nothing is known."""
        yield from ()
        wanted = set(need.tokens)
        configured = [
            each
            for venue in self._world.market.venues.values()
            for each in venue.pools
            if not wanted or {each.pool.base.symbol, each.pool.quote.symbol} <= wanted
        ]
        if wanted and configured and all(each.traffic is None for each in configured):
            raise BadInput(
                "the backtest does not know what is traded in a pool",
                value=", ".join(f"{each.pool.base}/{each.pool.quote} {each.pool.fee}" for each in configured),
                next_step="State it under `trading` in the market's file",
            )
        own = self._world.treasury.own.pools
        pools = [own[each.pool.address] for each in configured if each.pool.address in own]
        states = [(pool.state(), pool) for pool in pools]
        return tuple(PoolPositions(state, tuple(pool.seen())) for state, pool in states if state is not None)


class ActionHistoryProvider:
    """Reads `ActionHistory` from the simulated treasury's own record."""

    need: ClassVar[type[Need[Any]]] = ActionHistory

    def __init__(self, world: World) -> None:
        self._world = world

    def requires(self, need: ActionHistory) -> tuple[Need[Any], ...]:
        return ()

    def read(self, need: ActionHistory, context: ReadContext) -> Plan[tuple[PastAction, ...]]:
        yield from ()
        return self._world.treasury.past_actions(context.run.strategy, context.block.timestamp - need.window)
