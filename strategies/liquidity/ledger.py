"""What is remembered between decisions: the pool's fee growth, and the position as it was, to be compared with.

Measurements only. What was done, and how often, is never counted from here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dao_bot.domain.concentrated import WRAP, Pair, amounts_of, earned
from dao_bot.domain.units import WAD
from dao_bot.strategy import Evidence, Memory, Position
from strategies.liquidity.compared import everywhere, full_range
from strategies.liquidity.market import Market

SCHEMA = 2
_KEPT = 64


@dataclass(frozen=True, slots=True)
class Sample:
    """The pool's fee growth at a time, and everybody's liquidity at the price then."""

    at: int
    growth: Pair
    liquidity: int


@dataclass(frozen=True, slots=True)
class Start:
    """The positions when they were first seen as they are: to compare with holding and with the full range.

    Attributes:
        key: ids and liquidity; a change of either starts the comparison anew.
        held: base units that they consisted of.
        inside: fee growth inside each position's range, by id.
        full: liquidity over all prices that cost the same.
    """

    key: str
    at: int
    held: Pair
    growth: Pair
    inside: Mapping[str, Pair]
    full: int


@dataclass(frozen=True, slots=True)
class Ledger:
    """All of it."""

    pool: str
    samples: tuple[Sample, ...] = ()
    start: Start | None = None


def read(memory: Memory | None, pool: str) -> Ledger:
    """The ledger of this pool; an empty one where there is none, or one of another schema or pool."""
    if memory is None or memory.schema != SCHEMA or memory.value.get("pool") != pool:
        return Ledger(pool)
    rows = _rows(memory.value.get("samples"))
    samples = tuple(Sample(int(at), (int(g0), int(g1)), int(liquidity)) for at, g0, g1, liquidity in rows)
    raw = memory.value.get("start")
    if not isinstance(raw, Mapping):
        return Ledger(pool, samples)
    inside = {str(key): (int(g0), int(g1)) for key, g0, g1 in _rows(raw["inside"])}
    held, growth = ((int(raw[name][0]), int(raw[name][1])) for name in ("held", "growth"))
    return Ledger(pool, samples, Start(str(raw["key"]), int(raw["at"]), held, growth, inside, int(raw["full"])))


def write(ledger: Ledger) -> Memory:
    """As plain JSON; large numbers as text."""
    value: dict[str, object] = {
        "pool": ledger.pool,
        "samples": [
            [each.at, str(each.growth[0]), str(each.growth[1]), str(each.liquidity)] for each in ledger.samples
        ],
    }
    if ledger.start is not None:
        start = ledger.start
        value["start"] = {
            "key": start.key,
            "at": start.at,
            "held": [str(units) for units in start.held],
            "growth": [str(growth) for growth in start.growth],
            "inside": [[key, str(growth[0]), str(growth[1])] for key, growth in start.inside.items()],
            "full": str(start.full),
        }
    return Memory(SCHEMA, value)


def updated(ledger: Ledger, market: Market, positions: Sequence[Position], now: int, least: int, most: int) -> Ledger:
    """With what is seen now. Samples stand at least an eighth of `least` apart and are no older than `most`."""
    kept = [each for each in ledger.samples if now - most <= each.at <= now]
    if not kept or now - kept[-1].at >= max(least // 8, 1):
        kept.append(Sample(now, market.pool.growth, market.pool.liquidity))
    key = ",".join(f"{each.token_id}:{each.liquidity}" for each in positions)
    start = ledger.start
    if not positions:
        start = None
    elif start is None or start.key != key:
        start = _start(market, positions, key, now)
    return Ledger(ledger.pool, tuple(kept[-_KEPT:]), start)


@dataclass(frozen=True, slots=True)
class Grown:
    """How the pool earned lately.

    Attributes:
        growth: of its fee growth (X128).
        liquidity: the least at the price that was seen meanwhile. Who adds much for one block, to make fees look as if
            they were shared by many, changes nothing.
    """

    growth: Pair
    seconds: int
    liquidity: int


def grown(ledger: Ledger, market: Market, now: int, least: int) -> Grown | None:
    """Since the oldest sample; None while nothing is `least` seconds old."""
    old = next((each for each in ledger.samples if now - each.at >= least), None)
    if old is None:
        return None
    growth = market.pool.growth
    since = ((growth[0] - old.growth[0]) % WRAP, (growth[1] - old.growth[1]) % WRAP)
    shared = min(market.pool.liquidity, *(each.liquidity for each in ledger.samples))
    return Grown(since, now - old.at, shared)


def comparison(ledger: Ledger, market: Market, positions: Sequence[Position], now: int) -> tuple[Evidence, ...]:
    """The position with its fees against holding what it was made of, and against the full range."""
    start = ledger.start
    if start is None:
        return ()
    price = market.pool.sqrt_price
    fees = [earned(each.liquidity, start.inside[str(each.token_id)], each.growth) for each in positions]
    principal = [each.principal(price) for each in positions]
    full, full_fees = (
        amounts_of(start.full, price, *everywhere(market)),
        earned(start.full, start.growth, market.pool.growth),
    )
    return (
        Evidence("compared since the position was last changed", round((now - start.at) / 86_400, 3), "days"),
        Evidence("position with the fees since then", _dollars(sum(map(market.value, [*principal, *fees]))), "USD"),
        Evidence("of which fees", _dollars(sum(map(market.value, fees))), "USD"),
        Evidence("plain holding instead", _dollars(market.value(start.held)), "USD"),
        Evidence("full range instead, with fees", _dollars(market.value(full) + market.value(full_fees)), "USD"),
    )


def _start(market: Market, positions: Sequence[Position], key: str, now: int) -> Start:
    amounts = [each.principal(market.pool.sqrt_price) for each in positions]
    held = (sum(each[0] for each in amounts), sum(each[1] for each in amounts))
    inside = {str(each.token_id): each.growth for each in positions}
    return Start(key, now, held, market.pool.growth, inside, full_range(market, held))


def _rows(value: object) -> Sequence[Sequence[Any]]:
    return value if isinstance(value, (list, tuple)) else ()


def _dollars(value: int) -> float:
    return round(value / WAD, 2)
