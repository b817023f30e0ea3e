"""A pool through a history of minutes: its price goes where it went, and everybody in it earns what was paid."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.domain.concentrated import FEE_DENOMINATOR, Pair
from dao_bot.domain.concentrated_pool import ConcentratedPool
from dao_bot.domain.errors import BadInput
from dao_bot.domain.ticks import MAX_TICK, sqrt_ratio_at_tick

OTHERS = "others"
_PLENTY = 10**60


@dataclass(frozen=True, slots=True)
class Minute:
    """What happened in one minute.

    Attributes:
        lowest, highest, close: ticks.
        liquidity: of everybody else, at the price.
        paid_in: base units of token0 and token1 that traders paid in, fees included.
    """

    lowest: int
    highest: int
    close: int
    liquidity: int
    paid_in: Pair


class PoolReplay:
    """Others provide one stretch of liquidity over all prices, as much as there was at the price.

    Attributes:
        pool: to which own positions may be added and from which they may be taken at any time.
        balance: base units that the pool holds by what came in and went out through this replay.
    """

    def __init__(self, fee: int, spacing: int, tick: int, liquidity: int) -> None:
        edge = MAX_TICK // spacing * spacing
        self._everywhere = (-edge, edge)
        self._others = 0
        self.pool = ConcentratedPool(fee, spacing, sqrt_ratio_at_tick(tick))
        self.balance: Pair = (0, 0)
        self._provide(liquidity)

    def add(self, owner: str, lower: int, upper: int, liquidity: int) -> Pair:
        """Mint, and what was paid for it."""
        paid = self.pool.mint(owner, lower, upper, liquidity)
        self._receive(paid)
        return paid

    def take(self, owner: str, lower: int, upper: int, liquidity: int) -> Pair:
        """Burn, and collect everything that is owed; what that pays."""
        self.pool.burn(owner, lower, upper, liquidity)
        paid = self.pool.collect(owner, lower, upper)
        self._receive((-paid[0], -paid[1]))
        return paid

    def leave(self) -> Pair:
        """Others take out all that is theirs."""
        gone, self._others = self._others, 0
        return self.take(OTHERS, *self._everywhere, gone)

    def play(self, minute: Minute) -> None:
        """One minute: through the extreme that is nearer first. Trades that cancel out pay their fee all the same.

        Raises:
            BadInput: a minute that contradicts itself.
        """
        if not minute.lowest <= minute.close <= minute.highest or minute.liquidity <= 0 or min(minute.paid_in) < 0:
            raise BadInput("a minute of a pool that contradicts itself", value=minute)
        self._provide(minute.liquidity - self._others)
        extremes = sorted((minute.lowest, minute.highest), key=lambda tick: abs(tick - self.pool.tick))
        paid = [0, 0]
        for tick in (*extremes, minute.close):
            for token, units in enumerate(self._move_to(tick)):
                paid[token] += max(units, 0)
        rest = [max(told - moved, 0) * self.pool.fee // FEE_DENOMINATOR for told, moved in zip(
            minute.paid_in, paid, strict=True
        )]  # fmt: skip
        self.pool.donate((rest[0], rest[1]))
        self._receive((rest[0], rest[1]))

    def _move_to(self, tick: int) -> Pair:
        """A trade that leaves the price at the tick; nothing where it stands in it already."""
        if tick == self.pool.tick:
            return 0, 0
        target = sqrt_ratio_at_tick(tick)
        moved = self.pool.swap(sell0=target < self.pool.sqrt_price, amount=_PLENTY, limit=target)
        self._receive(moved)
        return moved

    def _provide(self, change: int) -> None:
        """Others come, or go with their fees."""
        if change > 0:
            self.add(OTHERS, *self._everywhere, change)
        elif change < 0:
            self.take(OTHERS, *self._everywhere, -change)
        self._others += change

    def _receive(self, amounts: Pair) -> None:
        self.balance = (self.balance[0] + amounts[0], self.balance[1] + amounts[1])
