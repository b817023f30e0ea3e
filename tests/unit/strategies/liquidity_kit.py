"""A pool of the DAO's token against WETH, positions in it, and what the strategy sees of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from dao_bot.domain.addresses import checksum
from dao_bot.domain.concentrated import Pair
from dao_bot.domain.ticks import sqrt_ratio_at_prices, tick_at_sqrt_ratio
from dao_bot.domain.units import WAD
from dao_bot.strategy import (
    Block,
    Decision,
    GasPrice,
    Holding,
    Memory,
    Need,
    Observation,
    PastAction,
    PoolPositions,
    PoolPrice,
    PoolState,
    Position,
    RunId,
    Spend,
    Token,
    TokenPrice,
)
from strategies.liquidity import Liquidity, Params

NOW = 1_700_000_000
DAY = 86_400
SPACING = 60
OWN_USD, QUOTE_USD = 5 * WAD // 2, 3_200 * WAD
MANAGER = checksum(b"\x99" * 20)
CHEAP_GAS = GasPrice(10**9, QUOTE_USD)
POOL = checksum(b"\x77" * 20)
QUOTE = Token(1, checksum(b"\x50" * 20), "WETH", 18)

BASE: dict[str, Any] = {
    "own": "DAO",
    "quote": "WETH",
    "fee": "3000",
    "depth": "20000 USD",
    "volatility": "80%",
    "quote_budget": "1000000 USD",
    "own_budget": "90%",
    "stress": "50%",
}


def params(**changes: Any) -> Params:
    return Params.model_validate(BASE | changes)


def own_token(first: bool = True) -> Token:
    """The DAO's token before WETH in the pool's order, or after it."""
    return Token(1, checksum((b"\x10" if first else b"\x90") * 20), "DAO", 18)


def pool_at(own_usd: int = OWN_USD, *, first: bool = True, liquidity: int = 10**24, growth: Pair = (0, 0)) -> PoolState:
    own = own_token(first)
    token0, token1 = (own, QUOTE) if first else (QUOTE, own)
    usd0, usd1 = (own_usd, QUOTE_USD) if first else (QUOTE_USD, own_usd)
    price = sqrt_ratio_at_prices(usd0, 18, usd1, 18)
    tick = tick_at_sqrt_ratio(price)
    return PoolState("uniswap_v3", POOL, token0, token1, 3000, SPACING, price, tick, liquidity, growth)


def position(
    pool: PoolState,
    *,
    lower: int = -3000,
    upper: int = 3000,
    liquidity: int = 10**22,
    fees: Pair = (0, 0),
    token_id: int = 1,
    growth: Pair = (0, 0),
) -> Position:
    """A range around the tick at which the pool stands."""
    middle = pool.tick // SPACING * SPACING
    return Position(
        MANAGER, token_id, POOL, pool.token0.address, pool.token1.address, middle + lower, middle + upper, liquidity,
        fees, growth,
    )  # fmt: skip


def observe(
    settings: Params,
    pool: PoolState,
    positions: Sequence[Position] = (),
    *,
    own: int = 10**6 * 10**18,
    quote: int = 10**3 * 10**18,
    own_usd: int | None = OWN_USD,
    spot_off: int = 0,
    twap_off: int = 0,
    actions: Sequence[PastAction] = (),
    spent: Sequence[Spend] = (),
    gas: GasPrice = CHEAP_GAS,
    memory: Memory | None = None,
    now: int = NOW,
    problems: tuple[str, ...] = (),
    pool_problems: tuple[str, ...] = (),
) -> Observation:
    """An observation; offsets are WAD parts of the fair price."""
    token = pool.token0 if pool.token0.symbol == "DAO" else pool.token1
    fair = OWN_USD * WAD // QUOTE_USD if own_usd is None else own_usd * WAD // QUOTE_USD
    seen_price = PoolPrice(
        "uniswap_v3", POOL, token, QUOTE, 3 * WAD // 1000, fair * (WAD + spot_off) // WAD,
        fair * (WAD + twap_off) // WAD, 1800,
    )  # fmt: skip
    if pool_problems:
        seen_price = replace(seen_price, spot=None, twap=None, problems=pool_problems)
    answers: dict[str, Any] = {
        "holdings": {token: Holding(own), QUOTE: Holding(quote)},
        "prices": {token: TokenPrice(token, own_usd), QUOTE: TokenPrice(QUOTE, QUOTE_USD)},
        "pool_prices": (seen_price,),
        "positions": (PoolPositions(pool, tuple(positions), problems),),
        "gas": gas,
        "action_history": tuple(actions),
        "spend_history": tuple(spent),
        "price_history": {},
    }
    data: Mapping[Need[Any], Any] = {need: answers[need.kind] for need in Liquidity(settings).needs()}
    block = Block(1, 1, "0x" + "00" * 32, now)
    return Observation(RunId("liquidity", now), block, {"DAO": token, "WETH": QUOTE}, data, memory)


def decide(settings: Params, pool: PoolState, positions: Sequence[Position] = (), **rest: Any) -> Decision:
    return Liquidity(settings).decide(observe(settings, pool, positions, **rest))


def kinds(decision: Decision) -> tuple[str, ...]:
    return tuple(operation.kind for operation in decision.operations)


def fact(decision: Decision, name: str) -> Any:
    """The evidence whose name begins so."""
    return next(each.value for each in decision.evidence if each.name.startswith(name))
