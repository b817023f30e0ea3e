"""The needs that belong to no protocol: what gas costs, and what this strategy has spent before."""

from __future__ import annotations

from typing import Any, ClassVar

from dao_bot.chain.abi import function
from dao_bot.chain.plan import Plan
from dao_bot.chain.provider import ReadContext
from dao_bot.domain.errors import RpcUnavailable
from dao_bot.domain.needs import (
    ActionHistory,
    Gas,
    GasPrice,
    Need,
    PastAction,
    Prices,
    Spend,
    SpendHistory,
)
from dao_bot.store.store import Store

_BASE_FEE = function("getBasefee()", "(uint256)")


class GasProvider:
    """Base fee of the pinned block (Multicall3); tips are left out, they are small beside it."""

    need: ClassVar[type[Need[GasPrice]]] = Gas

    def requires(self, need: Gas) -> tuple[Need[Any], ...]:
        return (Prices(),)

    def read(self, need: Gas, context: ReadContext) -> Plan[GasPrice]:
        treasury = context.treasury
        (answer,) = yield (_BASE_FEE.read(treasury.multicall3),)
        if not answer.success:
            raise RpcUnavailable("Multicall3 does not tell the base fee", value=treasury.multicall3)
        native = context.seen[Prices()].get(treasury.native)
        return GasPrice(_BASE_FEE.decode(answer.data)[0], native.usd if native else None)


class ActionHistoryProvider:
    """What a strategy did before, from the record."""

    need: ClassVar[type[Need[tuple[PastAction, ...]]]] = ActionHistory

    def __init__(self, store: Store) -> None:
        self._store = store

    def requires(self, need: ActionHistory) -> tuple[Need[Any], ...]:
        return ()

    def read(self, need: ActionHistory, context: ReadContext) -> Plan[tuple[PastAction, ...]]:
        yield from ()
        return self._store.actions(context.run.strategy, context.block.timestamp - need.window)


class SpendHistoryProvider:
    """A strategy's own spending, from the record."""

    need: ClassVar[type[Need[tuple[Spend, ...]]]] = SpendHistory

    def __init__(self, store: Store) -> None:
        self._store = store

    def requires(self, need: SpendHistory) -> tuple[Need[Any], ...]:
        return ()

    def read(self, need: SpendHistory, context: ReadContext) -> Plan[tuple[Spend, ...]]:
        yield from ()
        return self._store.spends(context.run.strategy, context.block.timestamp - need.window)
