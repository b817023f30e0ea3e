"""What an operation does to the simulated treasury. An open set: each kind of operation has one executor."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dao_bot.backtest.market import Market, Moment
from dao_bot.backtest.own_liquidity import OwnLiquidity
from dao_bot.backtest.pools import GAS_AROUND_A_SWAP, GAS_OF_A_HOP, Mark
from dao_bot.backtest.treasury import Least
from dao_bot.domain.concentrated import Pair
from dao_bot.domain.errors import BadInput, Refused, Reverted
from dao_bot.domain.operations import Burn, Operation, Swap, Transfer
from dao_bot.domain.positions import CollectFees, DecreaseLiquidity, IncreaseLiquidity, MintPosition
from dao_bot.domain.tokens import Amount, Token

GAS_OF_A_BATCH = 150_000
"""The Safe's own part: signatures, MultiSend, the deadline."""
GAS_OF_A_TRANSFER = 60_000
GAS_OF_A_MINT, GAS_OF_AN_INCREASE, GAS_OF_A_DECREASE, GAS_OF_A_COLLECT = 450_000, 250_000, 180_000, 130_000
"""With the allowances around them."""


@dataclass(frozen=True, slots=True)
class Fill:
    """One executed operation.

    Attributes:
        sold, bought: what left and what came, in base units; `bought` is None when nothing comes back.
        sold_usd, bought_usd: their value at the market prices of that moment.
        fees: dollars of `sold_usd` that venues took; the rest of what is missing is impact.
        gas: units.
    """

    kind: str
    sold: Amount
    bought: Amount | None
    sold_usd: float
    bought_usd: float
    fees: float
    gas: int

    @property
    def cost(self) -> float:
        """Dollars lost against the market price; nothing for what is paid out."""
        return self.sold_usd - self.bought_usd if self.bought is not None else 0.0


@dataclass(slots=True)
class Scratch:
    """The treasury while a batch is tried: it becomes real only when every operation of the batch succeeds."""

    units: dict[Token, int]
    marks: dict[str, Mark]
    burned: dict[Token, int]
    market: Market
    moment: Moment
    own: OwnLiquidity = field(default_factory=OwnLiquidity)

    def take(self, amount: Amount) -> None:
        """`amount` leaves.

        Raises:
            Reverted: it is not there.
        """
        held = self.units.get(amount.token, 0)
        if amount.units > held:
            raise Reverted(
                f"the treasury does not hold {amount}",
                value=amount.token.amount(held),
            )
        self.units[amount.token] = held - amount.units

    def give(self, amount: Amount) -> None:
        """`amount` comes in."""
        self.units[amount.token] = self.units.get(amount.token, 0) + amount.units

    def value(self, amount: Amount) -> float:
        """Dollars at the market price.

        Raises:
            Refused: the market has no price.
        """
        price = self.moment.usd.get(amount.token)
        if price is None or math.isnan(price):
            raise Refused(f"the market has no price for {amount.token.symbol} at this moment", value=self.moment.now)
        return float(amount.units / 10**amount.token.decimals * price)


@dataclass(frozen=True, slots=True)
class LiquidityFill:
    """One executed operation on a position: value changes its form, and nothing is paid to anybody.

    Attributes:
        paid, received: base units of token0 and token1 that left the Safe, or came.
        fees: how much of what came were fees.
        gas: units.
    """

    kind: str
    token_id: int
    paid: tuple[Amount, ...]
    received: tuple[Amount, ...]
    fees: tuple[Amount, ...]
    gas: int


Execute = Callable[[Any, Any, Scratch], Fill | LiquidityFill]
"""Executes an operation with its least returns; raises `Reverted` when it cannot."""


def execute_swap(swap: Swap, least: int, scratch: Scratch) -> Fill:
    """Along its route, all or nothing."""
    venue = scratch.market.venues.get(swap.venue)
    if venue is None:
        raise Refused("a swap at a venue that is not simulated", value=swap.venue)
    route = venue.route(swap.path)
    if (route.sell, route.buy) != (swap.sell.token, swap.buy):
        raise Refused("a swap along a route of other tokens", value=f"{swap.sell.token} to {swap.buy}")
    scratch.take(swap.sell)
    sale = venue.sell(route, swap.sell.units, scratch.moment, scratch.marks)
    if sale is None:
        raise Reverted(f"no pool takes {swap.sell} for {swap.buy}")
    if sale.received < least:
        raise Reverted(
            f"{swap.sell} returns too little {swap.buy}",
            value=swap.buy.amount(sale.received),
            limit=f"at least {swap.buy.amount(least)}",
        )
    bought = swap.buy.amount(sale.received)
    scratch.give(bought)
    scratch.marks.update(sale.marks)
    return Fill(
        kind=swap.kind,
        sold=swap.sell,
        bought=bought,
        sold_usd=scratch.value(swap.sell),
        bought_usd=scratch.value(bought),
        fees=sale.fees,
        gas=GAS_OF_A_HOP * len(route.pools) + GAS_AROUND_A_SWAP,
    )


def execute_transfer(transfer: Transfer, least: int, scratch: Scratch) -> Fill:
    """What is paid is gone; it is no cost of trading."""
    scratch.take(transfer.amount)
    return Fill(transfer.kind, transfer.amount, None, scratch.value(transfer.amount), 0.0, 0.0, GAS_OF_A_TRANSFER)


def execute_burn(burn: Burn, least: int, scratch: Scratch) -> Fill:
    """What is burnt is gone from the treasury and from the supply; it is no cost of trading."""
    scratch.take(burn.amount)
    scratch.burned[burn.amount.token] = scratch.burned.get(burn.amount.token, 0) + burn.amount.units
    return Fill(burn.kind, burn.amount, None, scratch.value(burn.amount), 0.0, 0.0, GAS_OF_A_TRANSFER)


def execute_mint(mint: MintPosition, least: Pair, scratch: Scratch) -> LiquidityFill:
    """A new position, in a pool of which it is known what is traded there."""
    deposits = (mint.deposit0, mint.deposit1)
    pool = scratch.own.pool(mint.deposit0.token, mint.deposit1.token, mint.fee)
    scratch.own.minted += 1
    token_id = scratch.own.minted
    paid = pool.mint(token_id, mint.lower, mint.upper, _units(deposits), least)
    return _paid(mint.kind, token_id, deposits, paid, scratch, GAS_OF_A_MINT)


def execute_increase(increase: IncreaseLiquidity, least: Pair, scratch: Scratch) -> LiquidityFill:
    """More liquidity for a position of the Safe."""
    deposits = (increase.deposit0, increase.deposit1)
    paid = scratch.own.pool_of(increase.token_id).add(increase.token_id, _units(deposits), least)
    return _paid(increase.kind, increase.token_id, deposits, paid, scratch, GAS_OF_AN_INCREASE)


def execute_decrease(decrease: DecreaseLiquidity, least: Pair, scratch: Scratch) -> LiquidityFill:
    """What is taken out is owed to the Safe until it is collected."""
    scratch.own.pool_of(decrease.token_id).remove(decrease.token_id, decrease.liquidity, least)
    return LiquidityFill(decrease.kind, decrease.token_id, (), (), (), GAS_OF_A_DECREASE)


def execute_collect(collect: CollectFees, least: Pair, scratch: Scratch) -> LiquidityFill:
    """Everything that a position owes."""
    pool = scratch.own.pool_of(collect.token_id)
    paid, fees = (_amounts(pool.tokens, units) for units in pool.collect(collect.token_id))
    for amount in paid:
        scratch.give(amount)
    return LiquidityFill(collect.kind, collect.token_id, (), paid, fees, GAS_OF_A_COLLECT)


def _paid(
    kind: str, token_id: int, deposits: tuple[Amount, Amount], paid: Pair, scratch: Scratch, gas: int
) -> LiquidityFill:
    amounts = _amounts((deposits[0].token, deposits[1].token), paid)
    for amount in amounts:
        scratch.take(amount)
    return LiquidityFill(kind, token_id, amounts, (), (), gas)


def _units(amounts: tuple[Amount, Amount]) -> Pair:
    return amounts[0].units, amounts[1].units


def _amounts(tokens: tuple[Token, Token], units: Pair) -> tuple[Amount, Amount]:
    return tokens[0].amount(units[0]), tokens[1].amount(units[1])


EXECUTORS: Mapping[type, Execute] = {
    Swap: execute_swap,
    Transfer: execute_transfer,
    Burn: execute_burn,
    MintPosition: execute_mint,
    IncreaseLiquidity: execute_increase,
    DecreaseLiquidity: execute_decrease,
    CollectFees: execute_collect,
}


def execute(
    operations: Iterable[Operation],
    least: Iterable[Least],
    scratch: Scratch,
    executors: Mapping[type, Execute] = EXECUTORS,
) -> tuple[Fill | LiquidityFill, ...]:
    """All operations in their order; `scratch` is the treasury afterwards.

    Raises:
        Reverted: one of them fails, so none of them counts.
        Refused, BadInput: an operation makes no sense, or its kind is not simulated.
    """
    fills = []
    for operation, minimum in zip(operations, least, strict=True):
        executor = executors.get(type(operation))
        if executor is None:
            raise BadInput(
                f"the backtest cannot execute the operation {operation.kind!r}",
                limit=", ".join(sorted(each.kind for each in executors)),  # type: ignore[attr-defined]  # operations
            )
        fills.append(executor(operation, minimum, scratch))
    return tuple(fills)
