"""A treasury to decide on: tokens, holdings, prices, pools and history, as an observation."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from dao_bot.domain.units import WAD
from dao_bot.strategy import (
    Block,
    Decision,
    GasPrice,
    Holding,
    Ladder,
    Need,
    Observation,
    PoolPrice,
    PriceQuote,
    Rung,
    RunId,
    Series,
    Spend,
    Swap,
    Token,
    TokenPrice,
)
from strategies.reserve_rebalance import Params, ReserveRebalance

NOW = 1_700_000_000
CHEAP_GAS = GasPrice(wei=10**9, native_usd=2_000 * WAD)

BASE: dict[str, Any] = {
    "monthly_burn": "60000 USD",
    "runway_months": "6",
    "assets": {
        "USDC": {"backing": {"Circle": "100%"}, "bucket": "instant"},
        "USDT": {"backing": {"Tether": "100%"}, "bucket": "instant"},
        "DAI": {"backing": {"Circle": "35%", "Maker": "65%"}, "bucket": "instant"},
        "aUSDC": {"wraps": "USDC", "venue": "aave_v3", "bucket": "day", "haircut": "3%"},
        "GOV": {"own": True},
    },
    "issuers": {
        "Circle": {"hazard": "2%", "loss": "15%", "cap": "60%", "banks": {"SVB": "8%"}},
        "Tether": {"hazard": "3%", "loss": "25%", "cap": "50%"},
        "Maker": {"hazard": "2%", "loss": "20%"},
    },
    "banks": {"SVB": {"hazard": "2%", "loss": "50%"}},
    "venues": {"aave_v3": {"hazard": "1%", "loss": "30%", "cap": "30%"}},
    "chains": {"ethereum": {"hazard": "10bps", "loss": "50%"}},
    "buckets": {"instant": {"at_least": "40%"}, "day": {}},
    "turnover": "60%",
}


def params(**changes: Any) -> Params:
    """The parameters above with top-level changes."""
    return Params.model_validate(BASE | changes)


def token(symbol: str, decimals: int | None = None) -> Token:
    usual = {"USDC": 6, "USDT": 6, "aUSDC": 6}.get(symbol, 18)
    address = "0x" + symbol.encode().hex().rjust(40, "0")
    return Token(1, address, symbol, usual if decimals is None else decimals)  # type: ignore[arg-type]  # not checksummed


def units(of: Token, whole: float) -> int:
    return int(round(whole * 10**6) * 10**of.decimals // 10**6)


def ladder(
    sell: Token,
    buy: Token,
    *,
    sizes: Iterable[int],
    prices: tuple[float, float] = (1.0, 1.0),
    rate: float = 1.0,
    fee: float = 1e-4,
    depth: float = 50e6,
    venue: str = "uniswap_v3",
) -> Ladder:
    """Quotes of a constant-product pool with `depth` USD on each side, which pays `rate` times the USD prices."""
    rungs = []
    for size in sizes:
        paid = size / WAD
        got = paid * (1.0 - fee) * rate / (1.0 + paid / depth)
        rungs.append(Rung(units(sell, paid / prices[0]), units(buy, got / prices[1])))
    return Ladder(sell, buy, venue, f"0x{sell.symbol}{buy.symbol}", (f"{sell}-{buy}",), tuple(rungs), 150_000)


def prices_of(tokens: Iterable[Token], usd: Mapping[str, float | None]) -> dict[Token, TokenPrice]:
    found = {}
    for each in tokens:
        value = usd.get(each.symbol, 1.0)
        wad = None if value is None else round(value * 10**9) * 10**9
        quotes = () if wad is None else (PriceQuote("feed", wad, NOW - 30, 3_600),)
        found[each] = TokenPrice(each, wad, quotes, () if wad is not None else ("the feed is stale",))
    return found


def series(close: Sequence[float], *, end: int = NOW, interval: int = 60) -> Series:
    """Candles whose last one closed at `end`."""
    closes = np.asarray(close, dtype=np.float64)
    times = end - interval * np.arange(len(closes) - 1, -1, -1, dtype=np.int64)
    return Series("test", times, closes, closes, closes, np.ones_like(closes))


def observe(
    settings: Params,
    held: Mapping[str, float],
    *,
    usd: Mapping[str, float | None] | None = None,
    pairs: Iterable[tuple[str, str]] | None = None,
    ladders: tuple[Ladder, ...] | None = None,
    depth: float = 50e6,
    fee: float = 1e-4,
    history: Mapping[str, Series] | None = None,
    pools: tuple[PoolPrice, ...] = (),
    gas: GasPrice = CHEAP_GAS,
    spent: tuple[Spend, ...] = (),
    now: int = NOW,
    exact_units: Mapping[str, int] | None = None,
) -> Observation:
    """An observation of `held` whole tokens, with a pool for each directed pair (all pairs of assets by default)."""
    usd = usd or {}
    tokens = {symbol: token(symbol) for symbol in settings.assets}
    holding = {each: Holding(units(each, held.get(symbol, 0.0))) for symbol, each in tokens.items()}
    holding |= {tokens[symbol]: Holding(exact) for symbol, exact in (exact_units or {}).items()}
    if ladders is None:
        own = {symbol for symbol, asset in settings.assets.items() if asset.own}
        routes = itertools.permutations([s for s in tokens if s not in own], 2) if pairs is None else pairs
        ladders = tuple(
            ladder(
                tokens[sell],
                tokens[buy],
                prices=(usd.get(sell) or 1.0, usd.get(buy) or 1.0),
                fee=fee,
                depth=depth,
                sizes=settings.quote_sizes,
            )
            for sell, buy in routes
        )
    answers: dict[str, Any] = {
        "holdings": holding,
        "prices": prices_of(tokens.values(), usd),
        "pool_prices": pools,
        "swap_ladders": ladders,
        "gas": gas,
        "spend_history": spent,
        "price_history": dict(history or {}),
    }
    data: dict[Need[Any], Any] = {need: answers[need.kind] for need in ReserveRebalance(settings).needs()}
    block = Block(1, 1, "0x" + "00" * 32, now)
    return Observation(RunId("reserve", now), block, tokens, data)


def decide(settings: Params, held: Mapping[str, float], **rest: Any) -> Decision:
    return ReserveRebalance(settings).decide(observe(settings, held, **rest))


def swaps(decision: Decision) -> tuple[Swap, ...]:
    assert all(isinstance(operation, Swap) for operation in decision.operations)
    return decision.operations  # type: ignore[return-value]  # asserted above


def bought(decision: Decision) -> set[str]:
    return {swap.buy.symbol for swap in swaps(decision)}


def sold(decision: Decision) -> set[str]:
    return {swap.sell.token.symbol for swap in swaps(decision)}


def after(seen: Observation, decision: Decision) -> dict[str, int]:
    """Base units of each token when every swap returns what was expected."""
    held = next(value for need, value in seen.data.items() if need.kind == "holdings")
    left = {each.symbol: holding.available for each, holding in held.items()}
    for swap in swaps(decision):
        left[swap.sell.token.symbol] -= swap.sell.units
        left[swap.buy.symbol] += swap.expected
    return left
