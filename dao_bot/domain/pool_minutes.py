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
        return self.collect(owner, lower, upper)

    def collect(self, owner: str, lower: int, upper: int) -> Pair:
        """Pay out all that is owed to a position, its fees brought up to date."""
        if self.pool.position(owner, lower, upper).liquidity:
            self.pool.burn(owner, lower, upper, 0)
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
            moved = (0, 0) if tick == self.pool.tick else self._trade_to(sqrt_ratio_at_tick(tick))
            paid = [paid[token] + max(moved[token], 0) for token in (0, 1)]
        self._cancelling(minute.paid_in, (paid[0], paid[1]))

    def follow(self, sqrt_price: int, liquidity: int, paid_in: Pair) -> None:
        """A stretch of time at whose end the price is `sqrt_price` (X96), and nothing is known of the way there.

        Args:
            liquidity, paid_in: as of a minute.

        Raises:
            BadInput: no liquidity of others, or less than nothing paid in.
        """
        if liquidity <= 0 or min(paid_in) < 0:
            raise BadInput("a stretch of a pool that contradicts itself", value=f"{liquidity}, {paid_in}")
        self._provide(liquidity - self._others)
        moved = (0, 0) if sqrt_price == self.pool.sqrt_price else self._trade_to(sqrt_price)
        self._cancelling(paid_in, (max(moved[0], 0), max(moved[1], 0)))

    def _cancelling(self, told: Pair, moved: Pair) -> None:
        """Trades that cancelled out, so that the price does not tell of them, paid their fee at the price as it is."""
        fee = self.pool.fee
        rest = [max(told[token] - moved[token], 0) * fee // FEE_DENOMINATOR for token in (0, 1)]
        self.pool.donate((rest[0], rest[1]))
        self._receive((rest[0], rest[1]))

    def _trade_to(self, sqrt_price: int) -> Pair:
        """A trade that leaves the price there; what the pool was paid, and paid."""
        moved = self.pool.swap(sell0=sqrt_price < self.pool.sqrt_price, amount=_PLENTY, limit=sqrt_price)
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
