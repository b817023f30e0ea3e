"""A swap as calls of SwapRouter02: exact input, a minimum bound to the oracle, an allowance that is gone afterwards."""

from __future__ import annotations

from collections.abc import Collection

from dao_bot.chain.abi import function
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Call
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.operations import Swap
from dao_bot.domain.units import WAD, format_ratio
from dao_bot.protocols.erc20 import exact_approval
from dao_bot.protocols.port import EncodeContext
from dao_bot.protocols.uniswap_v3.paths import Path

EXACT_INPUT_SINGLE = function("exactInputSingle((address,address,uint24,address,uint256,uint256,uint160))")
EXACT_INPUT = function("exactInput((bytes,address,uint256,uint256))")
_UNKNOWN_ALLOWANCE = -1


def encode_swap(
    swap: Swap, context: EncodeContext, router: Address, factory: Address, pools: Collection[Address]
) -> tuple[Call, ...]:
    """Allow, swap to the Safe, allow nothing.

    Args:
        pools: addresses of the configured pools; a route through any other is refused.

    Raises:
        BadInput: a swap that makes no sense, or whose route is not one of the configured pools.
        Refused: without usable prices, or when the quote is worse than the slippage limit against the oracle allows.
    """
    path = _checked_path(swap, factory, pools)
    minimum = minimum_output(swap, context)
    safe, units = context.treasury.safe, swap.sell.units
    if len(path.fees) == 1:
        parameters = (*path.tokens, path.fees[0], safe, units, minimum, 0)
        data = EXACT_INPUT_SINGLE.encode(parameters)
    else:
        data = EXACT_INPUT.encode((path.encode(), safe, units, minimum))
    sold = swap.sell.token
    allowed = context.allowances.get((sold.address, router), _UNKNOWN_ALLOWANCE)
    before, after = exact_approval(sold, router, units, needs_zero_first=allowed != 0)
    return (*before, Call(router, data), *after)


def minimum_output(swap: Swap, context: EncodeContext) -> int:
    """Least base units that the swap may return, the largest of three bounds, the first two rounded up:

    - the value of what is sold at oracle prices, less slippage, in the bought token: whatever the pool says;
    - the quote less slippage: the oracle may be behind a pool that pays better;
    - what the strategy demands.

    Raises:
        Refused: no usable price, or a quote below the first or the last bound, which would only revert.
    """
    slippage = context.slippage_of(swap.sell.token, swap.buy)
    if not 0 <= slippage < WAD:
        raise BadInput("not a slippage limit", value=slippage, limit="0 up to, but not including, 100 %")
    sell, buy = swap.sell.token, swap.buy
    sell_price, buy_price = context.prices[sell].require(), context.prices[buy].require()
    kept = WAD - slippage
    oracle_bound = _ceil_div(
        swap.sell.units * sell_price * kept * 10**buy.decimals, buy_price * WAD * 10**sell.decimals
    )
    if oracle_bound > swap.expected:
        raise Refused(
            f"the quote for {swap.sell} is worse than the slippage limit against the oracle allows",
            value=f"{buy.amount(swap.expected)} quoted",
            limit=f"at least {buy.amount(oracle_bound)} (slippage {format_ratio(slippage)})",
            next_step="Wait until pool and oracle agree again, or sell less at once",
        )
    if swap.least > swap.expected:
        raise Refused(
            f"the quote for {swap.sell} is worse than the strategy itself demands",
            value=f"{buy.amount(swap.expected)} quoted",
            limit=f"at least {buy.amount(swap.least)}",
            next_step="Wait for a better price, or sell less at once",
        )
    return max(oracle_bound, _ceil_div(swap.expected * kept, WAD), swap.least)


def _checked_path(swap: Swap, factory: Address, pools: Collection[Address]) -> Path:
    if swap.sell.units <= 0 or swap.expected <= 0:
        raise BadInput("a swap must sell and buy something", value=f"{swap.sell} for {swap.expected} units")
    try:
        path = Path.decode(bytes.fromhex(swap.path.removeprefix("0x")))
    except ValueError as error:
        raise BadInput("a route must be hex", value=repr(swap.path[:80])) from error
    ends = (path.tokens[0], path.tokens[-1])
    if ends != (swap.sell.token.address, swap.buy.address) or ends[0] == ends[1]:
        raise BadInput(
            "the route does not lead from the sold to the bought token",
            value=" to ".join(ends),
            limit=f"{swap.sell.token.address} to {swap.buy.address}",
        )
    strange = [pool for pool in path.pools(factory) if pool not in pools]
    if strange:
        raise BadInput(
            "the route goes through a pool that is not configured",
            value=", ".join(strange),
            next_step="Add the pool under protocols.uniswap_v3.pools",
        )
    return path


def _ceil_div(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)
