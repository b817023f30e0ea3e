"""A small market of made-up candles, strategies that do one thing, and a backtest of both."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from dao_bot.backtest.backtest import Backtest, Player
from dao_bot.backtest.depth import StatedDepth
from dao_bot.backtest.history import CandleHistory, SlicedHistory
from dao_bot.backtest.market import Market
from dao_bot.backtest.paths import Stated, Traded, price_paths
from dao_bot.backtest.pools import PoolVenue, SimulatedPool
from dao_bot.backtest.traffic import stated_traffic
from dao_bot.chain.provider import Treasury as Facts
from dao_bot.domain.addresses import ZERO_ADDRESS, Address, checksum
from dao_bot.domain.hashing import keccak
from dao_bot.domain.units import WAD
from dao_bot.engine.schedule import Every
from dao_bot.fields import Settings
from dao_bot.market.candles import Candles
from dao_bot.protocols.uniswap_v3.paths import VENUE, Pool, pool_address
from dao_bot.strategy import (
    Decision,
    Gas,
    Holdings,
    Ladder,
    Need,
    Observation,
    PoolPrices,
    PriceHistory,
    Prices,
    SpendHistory,
    Swap,
    SwapLadders,
    Token,
)

CHAIN = 31337
BEGIN = 1_700_006_400
"""A whole number of hours and of days."""
MINUTE, HOUR, DAY = 60, 3_600, 86_400

Floats = npt.NDArray[np.float64]


def address(name: str) -> Address:
    return checksum(keccak(name.encode())[12:])


FACTORY = address("factory")
NATIVE = Token(CHAIN, ZERO_ADDRESS, "ETH", 18)
USDC = Token(CHAIN, address("USDC"), "USDC", 6)
USDT = Token(CHAIN, address("USDT"), "USDT", 6)
DAI = Token(CHAIN, address("DAI"), "DAI", 18)
TOKENS = {token.symbol: token for token in (USDC, USDT, DAI)}
FACTS = Facts(CHAIN, address("safe"), TOKENS, NATIVE, address("multicall"))


def pool(base: Token, quote: Token, fee: int = 100) -> Pool:
    return Pool(base, quote, fee, pool_address(FACTORY, base.address, quote.address, fee))


POOLS = (pool(USDC, USDT), pool(USDC, DAI))


def candles(
    close: Sequence[float] | Floats, *, first: int = BEGIN - DAY, interval: int = MINUTE, source: str = "made up"
) -> Candles:
    """Candles one after another, the first of which closes at `first`."""
    closes = np.asarray(close, dtype=np.float64)
    time = first + interval * np.arange(len(closes), dtype=np.int64)
    return Candles(source, interval, time, closes, closes, closes, np.ones_like(closes)).checked()


def market(
    usdt: Sequence[float] | Floats,
    *,
    first: int = BEGIN - DAY,
    interval: int = MINUTE,
    marks: int = 0,
    depth: float = 5e6,
    pools: Sequence[Pool] = POOLS,
    gas_price: int = 0,
    supply: Mapping[Token, Any] | None = None,
    volume: float | None = None,
) -> Market:
    """A market in which USDT trades at these dollars while USDC and DAI stay at one; ETH is at 2,000.

    With `volume` so many dollars a day are traded in the pool of USDC and USDT, which can then be provided to.
    """
    history = SlicedHistory([CandleHistory({"USDT/USD": candles(usdt, first=first, interval=interval)})])
    sources: dict[Token, Stated | Traded] = {
        USDC: Stated(WAD),
        USDT: Traded("USDT/USD", interval),
        DAI: Stated(WAD),
        NATIVE: Stated(2_000 * WAD),
    }
    paths = price_paths(sources, history, marks)
    traded = None if volume is None else stated_traffic(pools[0], StatedDepth(depth), volume, paths)
    simulated = (
        SimulatedPool(each, StatedDepth(depth), traded if position == 0 else None)
        for position, each in enumerate(pools)
    )
    venue = PoolVenue(VENUE, tuple(simulated), HOUR, 1_800, manager=address("manager"))
    return Market(paths, NATIVE, {VENUE: venue}, gas_price, dict(supply or {}), history)


def backtest(
    where: Market,
    *strategies: Any,
    held: Mapping[Token, float] | None = None,
    hours: float = 6,
    every: int = HOUR,
    **rest: Any,
) -> Backtest:
    """A run of these strategies, which hold a million USDC and a million USDT if nothing else is said."""
    players = tuple(
        each if isinstance(each, Player) else Player(f"{each.name}-{number}", each, Every(every))
        for number, each in enumerate(strategies)
    )
    whole = {USDC: 1e6, USDT: 1e6} if held is None else held
    start = {token: int(amount * 10**6) * 10 ** (token.decimals - 6) for token, amount in whole.items()}
    return Backtest(where, FACTS, players, start, BEGIN, BEGIN + int(hours * HOUR), **rest)


class NoParams(Settings):
    """A strategy of these tests has no parameters."""


class Base:
    """A strategy for tests."""

    name: ClassVar[str] = "test"
    Params: ClassVar[type[Settings]] = NoParams

    def __init__(self, params: Any = None) -> None:
        self.params = params

    def needs(self) -> tuple[Need[Any], ...]:
        return (Holdings(), Prices())

    def decide(self, seen: Observation) -> Decision:
        return Decision.nothing("It rests.")


LADDERS = SwapLadders((), (1_000 * WAD, 100_000 * WAD, 500_000 * WAD))
EVERYTHING: tuple[Need[Any], ...] = (
    Holdings(),
    Prices(),
    PoolPrices(),
    LADDERS,
    Gas(),
    SpendHistory(DAY),
    PriceHistory(("USDT/USD",), 4 * HOUR, MINUTE),
    PriceHistory(("USDT/USD",), 12 * HOUR, HOUR),
)


class Witness(Base):
    """Tells the identity of all that it sees."""

    name: ClassVar[str] = "witness"

    def needs(self) -> tuple[Need[Any], ...]:
        return EVERYTHING

    def decide(self, seen: Observation) -> Decision:
        return Decision.nothing(seen.digest)


class Seller(Base):
    """Sells a fixed amount of USDT for USDC whenever it runs, as the ladder quotes it."""

    name: ClassVar[str] = "seller"

    def __init__(self, whole: float = 10_000, sell: str = "USDT", buy: str = "USDC", **rest: Any) -> None:
        super().__init__()
        self.whole, self.pair, self.rest = whole, (sell, buy), rest

    def needs(self) -> tuple[Need[Any], ...]:
        return EVERYTHING

    def decide(self, seen: Observation) -> Decision:
        ladder = ladder_of(seen, *self.pair)
        units = int(self.whole * 10**6) * 10 ** (ladder.sell.decimals - 6) if ladder else 0
        if ladder is None or units > ladder.rungs[-1].sell:
            return Decision.nothing("It has nothing left to sell.")
        swap = Swap(ladder.sell.amount(units), ladder.buy, quoted(ladder, units), ladder.venue, ladder.path)
        return Decision((swap,), "It sells.", **self.rest)


class Reactor(Base):
    """Sells a tenth of its USDT when the last hour fell below the hour before, buys when it rose."""

    name: ClassVar[str] = "reactor"

    def needs(self) -> tuple[Need[Any], ...]:
        return EVERYTHING

    def decide(self, seen: Observation) -> Decision:
        close = seen[PriceHistory(("USDT/USD",), 4 * HOUR, MINUTE)]["USDT/USD"].close
        falls = float(np.mean(close[-60:])) < float(np.mean(close[-120:-60]))
        ladder = ladder_of(seen, *(("USDT", "USDC") if falls else ("USDC", "USDT")))
        if ladder is None:
            return Decision.nothing("There is no ladder.")
        units = min(seen[Holdings()][ladder.sell].available // 10, ladder.rungs[-1].sell)
        swap = Swap(ladder.sell.amount(units), ladder.buy, quoted(ladder, units), ladder.venue, ladder.path)
        return Decision((swap,), f"The mean of the last hour is {np.mean(close[-60:]):.12f}.")


def ladder_of(seen: Observation, sell: str, buy: str) -> Ladder | None:
    found = (each for each in seen[LADDERS] if (each.sell.symbol, each.buy.symbol) == (sell, buy))
    return next(found, None)


def quoted(ladder: Ladder, units: int) -> int:
    """On the straight line to the first rung that is large enough, rounded down."""
    low_sell, low_buy = 0, 0
    for rung in ladder.rungs:
        if units <= rung.sell:
            return low_buy + (rung.buy - low_buy) * (units - low_sell) // (rung.sell - low_sell)
        low_sell, low_buy = rung.sell, rung.buy
    raise AssertionError(f"{units} is more than the ladder quotes")


def flat(hours: float = 36, price: float = 1.0) -> Floats:
    """Minutes at one price."""
    return np.full(int(hours * 60), price)
