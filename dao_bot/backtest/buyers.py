"""Who of a run bought a token again and again over time, and how good these purchases were."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from dao_bot.backtest.execution import Fill
from dao_bot.backtest.purchases import Buy, Floats, Judgement, Times, judge
from dao_bot.backtest.result import Result
from dao_bot.domain.hashing import digest
from dao_bot.domain.needs import SpendHistory
from dao_bot.domain.tokens import Token

DAY = 86_400
STEP = 3_600
"""Seconds between the moments at which the same budget is spent evenly."""
FEWEST = 2
"""Purchases from which on it is buying again and again."""


@dataclass(frozen=True, slots=True)
class Buyer:
    """A strategy that bought a token repeatedly.

    Attributes:
        purchases: executed swaps into the token.
        spent: dollars, fees and impact included; gas is told apart.
        stretch: seconds within which the same budget is spent evenly.
    """

    strategy: str
    token: Token
    purchases: int
    spent: float
    stretch: int
    judgement: Judgement


def buyers(result: Result) -> tuple[Buyer, ...]:
    """By strategy in the order of the run, then by token.

    A strategy that spreads its purchases over time asks for its own spending (`SpendHistory`). How far back it looks,
    as a budget does over its period, and at least a day, is the time within which the same dollars could have been
    spent evenly. At a price that never moves there is no better and no worse time, so nothing is judged.
    """
    found: list[Buyer] = []
    for player in result.backtest.players:
        window = max((need.window for need in player.strategy.needs() if isinstance(need, SpendHistory)), default=0)
        if window:
            found += [
                _judged(result, player.name, token, fills, max(window, DAY))
                for token in result.tokens
                if len(fills := _purchases(result, player.name, token)) >= FEWEST and _moves(result, token)
            ]
    return tuple(found)


Dated = tuple[int, Fill]
"""When a swap was executed, and the swap."""


def _purchases(result: Result, strategy: str, token: Token) -> list[Dated]:
    return [
        (deed.at, fill)
        for deed in result.deeds
        if deed.batch.strategy == strategy
        for fill in deed.fills
        if fill.bought is not None and fill.bought.token == token
    ]


def _moves(result: Result, token: Token) -> bool:
    _, price = _prices(result, token)
    return bool(np.ptp(price) > 0)


def _prices(result: Result, token: Token) -> tuple[Times, Floats]:
    """The market's price from the run's beginning, or from the token's first price, to the run's end."""
    test, paths = result.backtest, result.backtest.market.paths
    time = np.unique(np.append(np.arange(test.begin, test.end, STEP, dtype=np.int64), test.end))
    price = paths.carried[np.searchsorted(paths.time, time, side="right") - 1, test.market.column[token]]
    known = ~np.isnan(price)
    return time[known], price[known]


def _judged(result: Result, strategy: str, token: Token, fills: Sequence[Dated], stretch: int) -> Buyer:
    time, price = _prices(result, token)
    spent, fees = sum(fill.sold_usd for _, fill in fills), sum(fill.fees for _, fill in fills)
    buys = [
        Buy(at, fill.sold_usd, fill.bought.units / 10**token.decimals) for at, fill in fills if fill.bought is not None
    ]
    judgement = judge(
        buys,
        time,
        price,
        stretch=stretch,
        begin=int(time[0]),
        end=result.backtest.end + 1,
        even_cost=fees / (spent - fees),
        seed=_seed(result, strategy, token),
    )
    return Buyer(strategy, token, len(buys), spent, stretch, judgement)


def _seed(result: Result, strategy: str, token: Token) -> int:
    """The same for the same run, and another for any other strategy, token or time."""
    test = result.backtest
    return int(digest([strategy, token.address, test.begin, test.end])[:18], 16)
