"""Where the backtest's US dollar prices come from: the market itself, or price feeds as they answer on a chain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from dao_bot.backtest.market import Market
from dao_bot.backtest.paths import Floats, PricePaths, Times
from dao_bot.chain.plan import Answer, Plan, Read
from dao_bot.chain.provider import ReadContext
from dao_bot.domain.errors import BadInput
from dao_bot.domain.needs import Need, Prices
from dao_bot.domain.prices import PriceQuote, TokenPrice
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD
from dao_bot.market.port import Reading

_MARKET_AGE = 3_600


class MarketPrices:
    """Reads `Prices` from the market itself, with one source that is never wrong and never late."""

    need: ClassVar[type[Need[Any]]] = Prices

    def __init__(self, market: Market) -> None:
        self._paths = market.paths
        self._column = market.column

    def requires(self, need: Prices) -> tuple[Need[Any], ...]:
        return ()

    def read(self, need: Prices, context: ReadContext) -> Plan[dict[Token, TokenPrice]]:
        yield from ()
        now = context.block.timestamp
        row = self._paths.row(now)
        usd = self._paths.usd[row].tolist() if row >= 0 else [math.nan] * len(self._column)
        facts = context.treasury
        wanted = need.tokens or (*facts.tokens, facts.native.symbol)
        found = {}
        for symbol in wanted:
            token = facts.native if symbol == facts.native.symbol else facts.tokens[symbol]
            column = self._column.get(token)
            value = math.nan if column is None else usd[column]
            if math.isnan(value):
                found[token] = TokenPrice(token, None, (), ("the history has no price at this moment",))
            else:
                wad = int(value * WAD)
                found[token] = TokenPrice(token, wad, (PriceQuote("market", wad, now, _MARKET_AGE),))
        return found


@dataclass(frozen=True, slots=True)
class FeedRules:
    """When a feed answers anew: the price moved by `deviation` (WAD) since, or `heartbeat` seconds went by."""

    deviation: int = 25 * WAD // 10_000
    heartbeat: int = 86_400


class SimulatedFeed:
    """A `PriceSource` that answers as a push feed does: only when its price moved enough, or after its heartbeat."""

    def __init__(self, paths: PricePaths, token: Token, rules: FeedRules, max_age: int, least: int, most: int) -> None:
        """Makes the source.

        Args:
            max_age: seconds after which an answer counts for nothing.
            least, most: WAD; an answer at or beyond them is not believed.
        """
        self._label = f"feed of {token.symbol}"
        self._max_age, self._least, self._most = max_age, least, most
        self._time = paths.time
        column = paths.usd[:, paths.tokens.index(token)] if token in paths.tokens else np.full(len(paths.time), np.nan)
        self._answer, self._at = _answers(column, paths.time, rules)

    @property
    def against(self) -> Token | None:
        return None

    @property
    def requires(self) -> tuple[Need[Any], ...]:
        return ()

    def reads(self) -> Sequence[Read]:
        return ()

    def interpret(self, answers: Sequence[Answer], context: ReadContext) -> Reading:
        row = int(np.searchsorted(self._time, context.block.timestamp, side="right")) - 1
        if row < 0 or math.isnan(answer := float(self._answer[row])):
            return Reading(self._label, problem=f"{self._label}: the history has no price at this moment")
        price = int(answer * WAD)
        if not self._least < price < self._most:
            return Reading(self._label, problem=f"{self._label} answers {answer:.4f} USD, which is not believed")
        return Reading(self._label, price, int(self._at[row]), self._max_age)


def _answers(price: Floats, time: Times, rules: FeedRules) -> tuple[Floats, Times]:
    """The answer at each moment and when it was given; nan where the market has no price."""
    deviation = rules.deviation / WAD
    answer, answered = math.nan, 0
    answers, times = np.full(len(price), np.nan), np.zeros(len(price), dtype=np.int64)
    for row, (value, now) in enumerate(zip(price.tolist(), time.tolist(), strict=True)):
        if math.isnan(value):
            continue
        if not abs(value - answer) < deviation * answer or now - answered >= rules.heartbeat:
            answer, answered = value, now
        answers[row], times[row] = answer, answered
    return answers, times


def replayed(kind: str, settings: Any, paths: PricePaths, token: Token, rules: FeedRules) -> SimulatedFeed:
    """A configured source that reads a contract, as a simulated feed.

    Raises:
        BadInput: nobody has said how this kind of source answers.
    """
    if kind != "chainlink":
        raise BadInput(
            "the backtest does not know how this price source answers",
            value=f"{kind}, of {token.symbol}",
            limit="chainlink, uniswap_v3_twap",
            next_step="Leave it out of the configuration that you test with",
        )
    return SimulatedFeed(paths, token, rules, settings.heartbeat, settings.min, settings.max)
