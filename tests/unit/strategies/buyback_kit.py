"""A treasury that may buy its token back: prices, pools, quotes, supply and streams, as an observation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from dao_bot.domain.addresses import Address, checksum
from dao_bot.domain.columns import FixedBytes, Integers
from dao_bot.domain.units import WAD
from dao_bot.strategy import (
    Block,
    Decision,
    EventColumns,
    GasPrice,
    Holding,
    Ladder,
    Observation,
    PoolPrice,
    PriceQuote,
    Rung,
    RunId,
    Series,
    Spend,
    Token,
    TokenPrice,
    TokenSupply,
)
from strategies.buyback_burn import BuybackBurn, Params

DAY = 86_400
NOW = 1_700_006_400 // DAY * DAY + 12 * 3_600
"""Noon, in the middle of a period of a day."""


def address(number: int) -> Address:
    return checksum(number.to_bytes(20, "big"))


SAFE, FOUNDATION, STAKING, EXCHANGE, CUSTOMER = (address(0x5000 + n) for n in range(5))
WALLETS = tuple(address(0x7000 + n) for n in range(12))
USDC = Token(1, address(0x100), "USDC", 6)
GOV = Token(1, address(0x200), "GOV", 18)
ETH = Token(1, address(0), "ETH", 18)
TOKENS = {"USDC": USDC, "GOV": GOV}
POOL = address(0x900)
DEEP = 1_000_000.0
"""USD on each side of the pool."""

BASE: dict[str, Any] = {
    "token": "GOV",
    "pay_with": "USDC",
    "budget": {"period": "1d", "amount": "8000 USD"},
    "slices": "4",
    "cool_down": "2h",
    "smallest": "100 USD",
    "not_circulating": [FOUNDATION],
    "velocity": {
        "stream": "transfers",
        "window": "10d",
        "at_most": "100%",
        "exchanges": [EXCHANGE],
        "staking": [STAKING],
    },
    "net_assets": {"discount": "10%", "liabilities": "100000 USD"},
    "max_price": "5 USD",
    "max_cost": "100bps",
    "volume": {"swaps": {"swaps": "USDC"}},
    "runway": {"monthly_burn": "50000 USD", "months": "12", "assets": {"USDC": "0%"}},
}


def params(**changes: Any) -> Params:
    """The parameters above with top-level changes."""
    return Params.model_validate(BASE | changes)


def columns(time: Sequence[int], **fields: Any) -> EventColumns:
    """A stream whose events happened at these times."""
    count = len(time)
    return EventColumns(
        source="test",
        block=np.arange(count, dtype=np.int64),
        log_index=np.zeros(count, np.int64),
        time=np.asarray(time, np.int64),
        transaction=FixedBytes(np.zeros((count, 32), np.uint8)),
        fields=fields,
    )


def integers(values: Iterable[int], *, signed: bool = False) -> Integers:
    raw = b"".join(value.to_bytes(32, "big", signed=signed) for value in values)
    return Integers(np.frombuffer(raw, ">u8").reshape(-1, 4).astype(np.uint64), signed)


def addresses(values: Iterable[str]) -> FixedBytes:
    raw = b"".join(bytes.fromhex(value[2:]) for value in values)
    return FixedBytes(np.frombuffer(raw, np.uint8).reshape(-1, 20))


def transfers_of(rows: Sequence[tuple[int, str, str, int]]) -> EventColumns:
    """(time, from, to, base units)."""
    return columns(
        [row[0] for row in rows],
        **{
            "from": addresses(row[1] for row in rows),
            "to": addresses(row[2] for row in rows),
            "value": integers(row[3] for row in rows),
        },
    )


def swaps_of(rows: Sequence[tuple[int, int]]) -> EventColumns:
    """(time, base units of GOV that the pool gave or, negative, took); GOV is token1."""
    return columns(
        [row[0] for row in rows],
        amount0=integers((-row[1] for row in rows), signed=True),
        amount1=integers((row[1] for row in rows), signed=True),
    )


def every_day(units: int, now: int = NOW) -> EventColumns:
    """The same volume on each of the last seven days."""
    return swaps_of([(now - day * DAY - 3_600, units) for day in range(6, -1, -1)])


def ladder(price: float, *, depth: float = DEEP, fee: float = 0.003, sizes: Sequence[int] = ()) -> Ladder:
    """Quotes of a constant-product pool with `depth` USD on each side."""
    rungs = []
    for size in sizes or [500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000]:
        bought = size * (1 - fee) / (1 + size / depth) / price
        rungs.append(Rung(size * 10**6, int(bought * 10**9) * 10**9))
    return Ladder(USDC, GOV, "uniswap_v3", "0x01", (POOL,), tuple(rungs), 200_000)


def pool(price: float, *, twap: float | None = None, problems: tuple[str, ...] = ()) -> PoolPrice:
    spot = round(price * 10**9) * 10**9
    average = spot if twap is None else round(twap * 10**9) * 10**9
    broken = bool(problems)
    spot_known, twap_known = (None, None) if broken else (spot, average)
    return PoolPrice("uniswap_v3", POOL, GOV, USDC, WAD * 3 // 1000, spot_known, twap_known, 1800, problems)


def price_of(token: Token, usd: float | None) -> TokenPrice:
    wad = None if usd is None else round(usd * 10**9) * 10**9
    quotes = () if wad is None else (PriceQuote("feed", wad, NOW - 30, 3_600),)
    return TokenPrice(token, wad, quotes, () if wad is not None else ("the feed is stale",))


def observe(settings: Params, **changes: Any) -> Observation:
    """An observation in which, without changes, everything speaks for buying.

    A treasury of 2,100,000 USD, 100,000 owed and 1,000,000 tokens in circulation: net assets of 2 USD a token.

    Args:
        changes: price, usdc_price, gov_price_usable, usdc, total, held, transfers, swaps, ladders, pools, spent, gas,
            history, revenue, now.
    """
    now: int = changes.get("now", NOW)
    price: float = changes.get("price", 1.5)
    held: Mapping[Address, int] = changes.get("held", {})
    whole = 10**18
    supply = {SAFE: 400_000 * whole, FOUNDATION: 500_000 * whole, STAKING: 100_000 * whole, **held}
    prices = {
        USDC: price_of(USDC, changes.get("usdc_price", 1.0)),
        GOV: price_of(GOV, price if changes.get("gov_price_usable", True) else None),
    }
    answers: dict[str, Any] = {
        "holdings": {
            USDC: Holding(int(changes.get("usdc", 2_100_000) * 10**6)),
            GOV: Holding(supply[SAFE]),
            ETH: Holding(0),
        },
        "prices": prices,
        "pool_prices": changes["pools"] if "pools" in changes else (pool(price),),
        "swap_ladders": changes["ladders"] if "ladders" in changes else (ladder(price),),
        "gas": changes.get("gas", GasPrice(wei=10**9, native_usd=2_000 * WAD)),
        "spend_history": changes.get("spent", ()),
        "supply": TokenSupply(changes.get("total", 1_900_000) * whole, SAFE, supply),
    }
    streams: dict[str, EventColumns] = {
        "transfers": changes.get("transfers", transfers_of([(now - 5 * DAY, WALLETS[0], WALLETS[1], 1_000 * whole)])),
        "swaps": changes.get("swaps", every_day(400_000 * whole, now)),
        "revenue": changes.get("revenue", transfers_of([])),
    }
    history: Mapping[str, Series] = changes.get("history", {})
    data: dict[Any, Any] = {}
    for need in BuybackBurn(settings).needs():
        if need.kind == "events":
            data[need] = streams[need.stream]  # type: ignore[attr-defined]  # of this kind
        elif need.kind == "price_history":
            data[need] = {pair: history[pair] for pair in need.pairs if pair in history}  # type: ignore[attr-defined]
        else:
            data[need] = answers[need.kind]
    return Observation(RunId("buyback", now), Block(1, 1, "0x" + "00" * 32, now), TOKENS, data)


def decide(settings: Params | None = None, **changes: Any) -> Decision:
    chosen = settings or params()
    return BuybackBurn(chosen).decide(observe(chosen, **changes))


def series(closes: Sequence[float], interval: int, volume: Sequence[float] | float = 1.0, end: int = NOW) -> Series:
    values = np.asarray(closes, dtype=np.float64)
    times = end // interval * interval - interval * np.arange(len(values) - 1, -1, -1, dtype=np.int64)
    volumes = np.full(len(values), volume) if isinstance(volume, (int, float)) else np.asarray(volume, np.float64)
    return Series("test", times, values, values, values, volumes)


def spend(usd: float, at: int, *, open_: bool = False) -> Spend:
    return Spend(USDC, int(usd * 10**6), int(usd * WAD), at, open_)
