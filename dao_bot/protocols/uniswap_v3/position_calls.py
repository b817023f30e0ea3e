"""Operations on positions as calls of the position manager: exact allowances, minimums bound to the oracle."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from dao_bot.domain.addresses import Address, address_bytes
from dao_bot.domain.calls import Call
from dao_bot.domain.concentrated import Pair, least_deposit, least_release
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.positions import (
    CollectFees,
    DecreaseLiquidity,
    IncreaseLiquidity,
    MintPosition,
    edges,
)
from dao_bot.domain.ticks import sqrt_ratio_at_prices, sqrt_ratio_band
from dao_bot.domain.tokens import Amount
from dao_bot.domain.units import WAD, format_ratio
from dao_bot.protocols.erc20 import exact_approval
from dao_bot.protocols.port import EncodeContext
from dao_bot.protocols.uniswap_v3.paths import pool_address
from dao_bot.protocols.uniswap_v3.position_manager import COLLECT, DECREASE, EVERYTHING, INCREASE, MINT

_UNKNOWN_ALLOWANCE = -1
PositionOperation = MintPosition | IncreaseLiquidity | DecreaseLiquidity | CollectFees


@dataclass(frozen=True, slots=True)
class PositionEncoder:
    """Writes calls of one position manager.

    Attributes:
        pools: addresses of the configured pools; in any other nothing is minted.
    """

    manager: Address
    factory: Address
    pools: Collection[Address]

    def encode(self, operation: PositionOperation, context: EncodeContext) -> tuple[Call, ...]:
        """The calls of one operation.

        Raises:
            BadInput: an operation that makes no sense, or of a pool that is not configured.
            Refused: without usable prices, or while the pool is further from the oracle than the slippage limit.
        """
        match operation:
            case MintPosition():
                return self._mint(operation, context)
            case IncreaseLiquidity():
                return self._increase(operation, context)
            case DecreaseLiquidity():
                return (self._decrease(operation, context),)
            case CollectFees():
                safe = context.treasury.safe
                return (Call(self.manager, COLLECT.encode((operation.token_id, safe, EVERYTHING, EVERYTHING))),)

    def _mint(self, mint: MintPosition, context: EncodeContext) -> tuple[Call, ...]:
        token0, token1 = mint.deposit0.token, mint.deposit1.token
        pool = pool_address(self.factory, token0.address, token1.address, mint.fee)
        if pool not in self.pools:
            raise BadInput(
                "a position in a pool that is not configured",
                value=f"{token0.symbol}/{token1.symbol} {mint.fee}",
                next_step="Add the pool under protocols.uniswap_v3.pools",
            )
        deposits = (mint.deposit0, mint.deposit1)
        least = least_amounts(mint, context)
        parameters = (
            token0.address,
            token1.address,
            mint.fee,
            mint.lower,
            mint.upper,
            mint.deposit0.units,
            mint.deposit1.units,
            *least,
            context.treasury.safe,
            context.valid_until,
        )
        return self._allowed(deposits, Call(self.manager, MINT.encode(parameters)), context)

    def _increase(self, increase: IncreaseLiquidity, context: EncodeContext) -> tuple[Call, ...]:
        deposits = (increase.deposit0, increase.deposit1)
        least = least_amounts(increase, context)
        units = (increase.deposit0.units, increase.deposit1.units)
        parameters = (increase.token_id, *units, *least, context.valid_until)
        return self._allowed(deposits, Call(self.manager, INCREASE.encode(parameters)), context)

    def _decrease(self, decrease: DecreaseLiquidity, context: EncodeContext) -> Call:
        least = least_amounts(decrease, context)
        parameters = (decrease.token_id, decrease.liquidity, *least, context.valid_until)
        return Call(self.manager, DECREASE.encode(parameters))

    def _allowed(self, deposits: tuple[Amount, Amount], call: Call, context: EncodeContext) -> tuple[Call, ...]:
        """The call between allowances of exactly the deposits, which are gone afterwards."""
        before: list[Call] = []
        after: list[Call] = []
        for deposit in deposits:
            if deposit.units:
                allowed = context.allowances.get((deposit.token.address, self.manager), _UNKNOWN_ALLOWANCE)
                allow, clear = exact_approval(deposit.token, self.manager, deposit.units, needs_zero_first=allowed != 0)
                before += allow
                after += clear
        return (*before, call, *after)


def least_amounts(operation: PositionOperation, context: EncodeContext) -> Pair:
    """The least base units of token0 and token1 that are deposited or released, as they stand in the bytes.

    Raises:
        BadInput: an operation that makes no sense.
        Refused: without usable prices, or while the pool is further from the oracle than the slippage limit.
    """
    match operation:
        case MintPosition() | IncreaseLiquidity():
            deposits = (operation.deposit0, operation.deposit1)
            return _least_deposit(deposits, operation.lower, operation.upper, operation.expected, context)
        case DecreaseLiquidity():
            if operation.liquidity <= 0:
                raise BadInput("there is no liquidity to take out", value=operation.liquidity)
            released = (operation.released0, operation.released1)
            _require_order(*released)
            band = _band(*released, context)
            least = least_release(operation.liquidity, edges(operation.lower, operation.upper), band)
            _require_near((released[0].units, released[1].units), least, context)
            return least
        case CollectFees():
            return 0, 0


def _least_deposit(
    deposits: tuple[Amount, Amount], lower: int, upper: int, expected: Pair, context: EncodeContext
) -> Pair:
    units = (deposits[0].units, deposits[1].units)
    if min(units) < 0 or max(units) == 0:
        raise BadInput("a position needs a deposit", value=f"{deposits[0]} and {deposits[1]}")
    _require_order(*deposits)
    least = least_deposit(units, edges(lower, upper), _band(*deposits, context))
    _require_near(expected, least, context)
    return least


def _band(amount0: Amount, amount1: Amount, context: EncodeContext) -> Pair:
    """Square-root prices (X96) within the slippage limit of the oracle's."""
    usd0, usd1 = (context.prices[amount.token].require() for amount in (amount0, amount1))
    oracle = sqrt_ratio_at_prices(usd0, amount0.token.decimals, usd1, amount1.token.decimals)
    if not 0 <= context.slippage < WAD:
        raise BadInput("not a slippage limit", value=context.slippage, limit="0 up to, but not including, 100 %")
    return sqrt_ratio_band(oracle, context.slippage)


def _require_near(expected: Pair, least: Pair, context: EncodeContext) -> None:
    if expected[0] < least[0] or expected[1] < least[1]:
        raise Refused(
            "the pool is further from the oracle than the slippage limit allows",
            value=f"{expected[0]} and {expected[1]} base units expected",
            limit=f"at least {least[0]} and {least[1]} (slippage {format_ratio(context.slippage)})",
            next_step="Wait until pool and oracle agree again",
        )


def _require_order(amount0: Amount, amount1: Amount) -> None:
    if not address_bytes(amount0.token.address) < address_bytes(amount1.token.address):
        raise BadInput(
            "the amounts are not in the pool's order", value=f"{amount0.token.symbol}, {amount1.token.symbol}"
        )
