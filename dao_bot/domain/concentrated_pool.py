"""A whole Uniswap v3 pool in integers: positions, ticks, swaps and fees, to the last unit as the contract has them.

For simulation. Prices of the past (the pool's oracle), protocol fees and payment are left out.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from dataclasses import dataclass

from dao_bot.domain.concentrated import (
    LARGEST_LIQUIDITY,
    Q128,
    WRAP,
    Pair,
    amounts_of,
    earned,
    growth_inside,
    swap_step,
)
from dao_bot.domain.errors import BadInput
from dao_bot.domain.ticks import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    sqrt_ratio_at_tick,
    tick_at_sqrt_ratio,
)

_WORD = 256
"""Ticks (in units of the spacing) of one word of the bitmap: a step of a swap ends with its word."""


@dataclass(slots=True)
class TickState:
    """An initialised tick. `outside`: fee growth on the other side of it, as seen from the price."""

    gross: int
    net: int
    outside: Pair


@dataclass(slots=True)
class PositionState:
    """A position as the pool keeps it. `growth`: fee growth inside at its last update."""

    liquidity: int = 0
    growth: Pair = (0, 0)
    owed: Pair = (0, 0)


class ConcentratedPool:
    """One pool.

    Attributes:
        fee: in millionths.
        spacing: of usable ticks.
        growth: `feeGrowthGlobal{0,1}X128`.
    """

    def __init__(self, fee: int, spacing: int, sqrt_price: int) -> None:
        """Raises `BadInput` for a price that no pool can have."""
        self.fee = fee
        self.spacing = spacing
        self.sqrt_price = sqrt_price
        self.tick = tick_at_sqrt_ratio(sqrt_price)
        self.liquidity = 0
        self.growth: Pair = (0, 0)
        self.ticks: dict[int, TickState] = {}
        self._positions: dict[tuple[str, int, int], PositionState] = {}
        self._order: list[int] = []

    def mint(self, owner: str, lower: int, upper: int, liquidity: int) -> Pair:
        """Add liquidity; what has to be paid for it.

        Raises:
            BadInput: nothing is added, or the range is none of this pool, or the liquidity is more than it can hold.
        """
        if liquidity <= 0:
            raise BadInput("no liquidity to add", value=liquidity)
        self._require_range(lower, upper)
        for tick in (lower, upper):
            self._require_room(tick, liquidity)
        self._update(owner, lower, upper, liquidity)
        return amounts_of(liquidity, self.sqrt_price, *_prices(lower, upper), round_up=True)

    def burn(self, owner: str, lower: int, upper: int, liquidity: int) -> Pair:
        """Take liquidity out; what it was worth is then owed to the position, besides the fees, and is returned here.

        Burning nothing brings the fees up to date.

        Raises:
            BadInput: the position has less than that, or none at all.
        """
        held = self._positions.get((owner, lower, upper))
        if held is None or held.liquidity == 0 or not 0 <= liquidity <= held.liquidity:
            has = 0 if held is None else held.liquidity
            raise BadInput("the position does not have this liquidity", value=liquidity, limit=has)
        amounts = amounts_of(liquidity, self.sqrt_price, *_prices(lower, upper))
        self._update(owner, lower, upper, -liquidity)
        held.owed = (held.owed[0] + amounts[0], held.owed[1] + amounts[1])
        return amounts

    def collect(self, owner: str, lower: int, upper: int) -> Pair:
        """Pay out all that is owed to a position since its last update."""
        held = self.position(owner, lower, upper)
        paid, held.owed = held.owed, (0, 0)
        return paid

    def position(self, owner: str, lower: int, upper: int) -> PositionState:
        """The position, empty where there is none."""
        return self._positions.get((owner, lower, upper)) or PositionState()

    def growth_inside(self, lower: int, upper: int) -> Pair:
        """Fee growth inside a range both of whose ticks are initialised."""
        outside = (self.ticks[lower].outside, self.ticks[upper].outside)
        return growth_inside(lower, upper, self.tick, self.growth, *outside)

    def swap(self, *, sell0: bool, amount: int, limit: int | None = None) -> Pair:
        """Swap until `amount` is used or the price reaches `limit` (X96).

        Args:
            sell0: token0 is paid in.
            amount: base units paid in when positive, paid out when negative.

        Returns:
            Changes of the pool's balances: what was paid in is positive.

        Raises:
            BadInput: nothing is to be swapped, or the limit is on the wrong side of the price.
        """
        target = limit if limit is not None else (MIN_SQRT_RATIO + 1 if sell0 else MAX_SQRT_RATIO - 1)
        ahead = MIN_SQRT_RATIO < target < self.sqrt_price if sell0 else self.sqrt_price < target < MAX_SQRT_RATIO
        if amount == 0 or not ahead:
            raise BadInput("a swap needs an amount and a limit ahead of the price", value=f"{amount}, {target}")
        remaining, other = amount, 0
        while remaining and self.sqrt_price != target:
            paid_in, paid_out = self._step(sell0, remaining, target)
            if amount > 0:
                remaining, other = remaining - paid_in, other - paid_out
            else:
                remaining, other = remaining + paid_out, other + paid_in
        used = amount - remaining
        return (used, other) if sell0 is (amount > 0) else (other, used)

    def donate(self, amounts: Pair) -> None:
        """Give to whoever provides liquidity at the price, as the fees of a flash loan do.

        Raises:
            BadInput: nobody does.
        """
        if self.liquidity == 0:
            raise BadInput("nobody provides liquidity at this price")
        self._grow(0, amounts[0])
        self._grow(1, amounts[1])

    def _step(self, sell0: bool, remaining: int, target: int) -> Pair:
        """One step of a swap: what is paid in, with the fee, and what is paid out."""
        before = self.sqrt_price
        tick_next, initialised = self._next_tick(sell0)
        edge = sqrt_ratio_at_tick(tick_next)
        step = swap_step(before, max(edge, target) if sell0 else min(edge, target), self.liquidity, remaining, self.fee)
        self.sqrt_price = step.sqrt_price
        if self.liquidity:
            self._grow(0 if sell0 else 1, step.fee)
        if step.sqrt_price == edge:
            if initialised:
                self._cross(tick_next, sell0)
            self.tick = tick_next - 1 if sell0 else tick_next
        elif step.sqrt_price != before:
            self.tick = tick_at_sqrt_ratio(step.sqrt_price)
        return step.paid_in + step.fee, step.paid_out

    def _next_tick(self, sell0: bool) -> tuple[int, bool]:
        """The next initialised tick in the direction of the swap, or the end of the bitmap's word."""
        slot = self.tick // self.spacing
        if sell0:
            end = slot // _WORD * _WORD * self.spacing
            place = bisect_right(self._order, slot * self.spacing) - 1
            found = place >= 0 and self._order[place] >= end
        else:
            end = ((slot + 1) // _WORD * _WORD + _WORD - 1) * self.spacing
            place = bisect_left(self._order, (slot + 1) * self.spacing)
            found = place < len(self._order) and self._order[place] <= end
        tick = self._order[place] if found else end
        return min(max(tick, MIN_TICK), MAX_TICK), found

    def _cross(self, tick: int, down: bool) -> None:
        state = self.ticks[tick]
        state.outside = (
            (self.growth[0] - state.outside[0]) % WRAP,
            (self.growth[1] - state.outside[1]) % WRAP,
        )
        self.liquidity += -state.net if down else state.net

    def _grow(self, token: int, fees: int) -> None:
        grown = (self.growth[token] + fees * Q128 // self.liquidity) % WRAP
        self.growth = (grown, self.growth[1]) if token == 0 else (self.growth[0], grown)

    def _update(self, owner: str, lower: int, upper: int, delta: int) -> None:
        if delta:
            self._update_tick(lower, delta, upper=False)
            self._update_tick(upper, delta, upper=True)
        growth = self.growth_inside(lower, upper)
        held = self._positions.setdefault((owner, lower, upper), PositionState())
        fees = earned(held.liquidity, held.growth, growth)
        held.owed = (held.owed[0] + fees[0], held.owed[1] + fees[1])
        held.growth = growth
        held.liquidity += delta
        for tick in (lower, upper):
            if self.ticks[tick].gross == 0:
                del self.ticks[tick]
                self._order.remove(tick)
        if lower <= self.tick < upper:
            self.liquidity += delta

    def _update_tick(self, tick: int, delta: int, *, upper: bool) -> None:
        state = self.ticks.get(tick)
        if state is None:
            # By convention, all growth before a tick was initialised happened below it.
            state = self.ticks[tick] = TickState(0, 0, self.growth if tick <= self.tick else (0, 0))
            insort(self._order, tick)
        state.gross += delta
        state.net += -delta if upper else delta

    def _require_room(self, tick: int, liquidity: int) -> None:
        state = self.ticks.get(tick)
        gross = liquidity + (state.gross if state else 0)
        most = LARGEST_LIQUIDITY // (2 * (MAX_TICK // self.spacing) + 1)
        if gross > most:
            raise BadInput("more liquidity than a tick can hold", value=gross, limit=most)

    def _require_range(self, lower: int, upper: int) -> None:
        if not (MIN_TICK <= lower < upper <= MAX_TICK) or lower % self.spacing or upper % self.spacing:
            raise BadInput(
                "not a range of this pool", value=f"{lower} to {upper}", limit=f"growing multiples of {self.spacing}"
            )


def _prices(lower: int, upper: int) -> Pair:
    return sqrt_ratio_at_tick(lower), sqrt_ratio_at_tick(upper)
