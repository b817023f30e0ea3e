"""The market at the present moment of a run, and the treasury in it."""

from __future__ import annotations

from dao_bot.backtest.market import Market, Moment
from dao_bot.backtest.treasury import Treasury


class World:
    """The market at the present moment of a run, and the treasury in it."""

    def __init__(self, market: Market, treasury: Treasury) -> None:
        self.market = market
        self.treasury = treasury
        self.moment = Moment(0, -1, {})

    def move_to(self, now: int) -> None:
        """It is now `now`; nothing later can be seen."""
        self.moment = self.market.at(now)
        self.treasury.own.advance(now)
