"""The treasury's own liquidity through the history, in integers as the contracts have it, beside that of others."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from dao_bot.backtest.pools import PoolVenue
from dao_bot.backtest.traffic import Traffic, sides
from dao_bot.domain.addresses import Address
from dao_bot.domain.concentrated import Pair, earned, liquidity_of
from dao_bot.domain.errors import BadInput, Reverted
from dao_bot.domain.pool_minutes import PoolReplay
from dao_bot.domain.positions import PoolState, Position, edges
from dao_bot.domain.ticks import sqrt_ratio_at_prices, tick_at_sqrt_ratio
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD
from dao_bot.protocols.uniswap_v3.paths import VENUE, Pool

SPACINGS: Mapping[int, int] = {100: 1, 500: 10, 3_000: 60, 10_000: 200}
"""Of usable ticks, by fee: `UniswapV3Factory.feeAmountTickSpacing`."""


@dataclass(frozen=True, slots=True)
class Range:
    """Where a position provides liquidity. `released`: base units taken out of it and not yet collected."""

    lower: int
    upper: int
    released: Pair = (0, 0)


@dataclass(frozen=True, slots=True)
class Inside:
    """Base units of token0 and token1 that all own positions in a pool were worth at a time, fees included."""

    at: int
    amounts: Pair


@dataclass(slots=True)
class OwnPool:
    """One pool with the treasury in it.

    It stands at the market's price; the mark that an own swap leaves there does not touch the positions, nor do own
    swaps pay them fees.

    Attributes:
        manager: the contract whose tokens the positions are.
        positions: by token id.
        collected: fees that were collected so far.
        inside: what positions were worth, whenever that was noted.
    """

    manager: Address
    pool: Pool
    traffic: Traffic
    positions: dict[int, Range] = field(default_factory=dict)
    collected: Pair = (0, 0)
    inside: list[Inside] = field(default_factory=list)
    _replay: PoolReplay | None = None
    _row: int = 0

    @property
    def tokens(self) -> tuple[Token, Token]:
        """Token0 and token1."""
        return sides(self.pool)

    def twin(self) -> OwnPool:
        """The same pool, in which something can be tried."""
        return replace(self, positions=dict(self.positions), _replay=copy.deepcopy(self._replay))

    def advance(self, now: int) -> None:
        """Everything that others did up to `now`."""
        end = int(np.searchsorted(self.traffic.time, now, side="right"))
        for row in range(self._row, end):
            self._play(row)
            if self.positions:
                self.note(int(self.traffic.time[row]))
        self._row = max(self._row, end)

    def note(self, now: int) -> None:
        """Remember what the positions are worth, for the measures."""
        total = (0, 0)
        if self._replay is not None:
            price = self._replay.pool.sqrt_price
            for position in self.seen():
                total = _sum(total, position.principal(price), position.fees)
        self.inside.append(Inside(now, total))

    def state(self) -> PoolState | None:
        """The pool now; None while nothing is known of it."""
        if self._replay is None:
            return None
        there, (token0, token1) = self._replay.pool, self.tokens
        return PoolState(
            venue=VENUE,
            address=self.pool.address,
            token0=token0,
            token1=token1,
            fee=self.pool.fee,
            spacing=there.spacing,
            sqrt_price=there.sqrt_price,
            tick=there.tick,
            liquidity=there.liquidity,
            growth=there.growth,
        )

    def seen(self) -> Iterator[Position]:
        """The positions as a strategy sees them; those without liquidity and fees are left out."""
        if self._replay is None:
            return
        there, (token0, token1) = self._replay.pool, self.tokens
        for token_id, place in self.positions.items():
            held = there.position(str(token_id), place.lower, place.upper)
            growth = there.growth_inside(place.lower, place.upper) if held.liquidity else held.growth
            fees = _sum(held.owed, earned(held.liquidity, held.growth, growth))
            if held.liquidity or any(fees):
                yield Position(
                    manager=self.manager,
                    token_id=token_id,
                    pool=self.pool.address,
                    token0=token0.address,
                    token1=token1.address,
                    lower=place.lower,
                    upper=place.upper,
                    liquidity=held.liquidity,
                    fees=fees,
                    growth=growth,
                )

    def earned(self) -> Pair:
        """Fees so far, collected or not."""
        total = self.collected
        for position in self.seen():
            released = self.positions[position.token_id].released
            total = _sum(total, (position.fees[0] - released[0], position.fees[1] - released[1]))
        return total

    def mint(self, token_id: int, lower: int, upper: int, deposits: Pair, least: Pair) -> Pair:
        """A new position; what was taken of the deposits.

        Raises:
            Reverted: it takes less than the minimums, or nothing, or the range is none of the pool's.
        """
        self.positions[token_id] = Range(lower, upper)
        return self.add(token_id, deposits, least)

    def add(self, token_id: int, deposits: Pair, least: Pair) -> Pair:
        """More liquidity for a position; otherwise as `mint`."""
        place, replay = self._place(token_id), self._open()
        try:
            liquidity = liquidity_of(replay.pool.sqrt_price, *edges(place.lower, place.upper), deposits)
            paid = replay.add(str(token_id), place.lower, place.upper, liquidity)
        except BadInput as error:
            raise Reverted(f"the pool does not take the liquidity: {error}") from error
        _require(paid, least, "takes less of the deposit than its minimums say")
        return paid

    def remove(self, token_id: int, liquidity: int, least: Pair) -> Pair:
        """Take liquidity out; what that released, to be collected.

        Raises:
            Reverted: the position has less than that, or it returns less than the minimums.
        """
        place, replay = self._place(token_id), self._open()
        try:
            released = replay.pool.burn(str(token_id), place.lower, place.upper, liquidity)
        except BadInput as error:
            raise Reverted(f"the liquidity cannot be taken out: {error}") from error
        _require(released, least, "releases less than the minimums say")
        self.positions[token_id] = replace(place, released=_sum(place.released, released))
        return released

    def collect(self, token_id: int) -> tuple[Pair, Pair]:
        """Pay out all that a position owes: that, and how much of it was fees."""
        place, replay = self._place(token_id), self._open()
        paid = replay.collect(str(token_id), place.lower, place.upper)
        fees = (paid[0] - place.released[0], paid[1] - place.released[1])
        self.collected = _sum(self.collected, fees)
        self.positions[token_id] = replace(place, released=(0, 0))
        return paid, fees

    def _play(self, row: int) -> None:
        traffic, (token0, token1) = self.traffic, self.tokens
        usd0, usd1 = traffic.usd[row].tolist()
        if not (usd0 > 0 and usd1 > 0):
            return
        price = sqrt_ratio_at_prices(int(usd0 * WAD), token0.decimals, int(usd1 * WAD), token1.decimals)
        liquidity = int(traffic.liquidity[row])
        if self._replay is None:
            spacing = _spacing(self.pool)
            self._replay = PoolReplay(self.pool.fee, spacing, tick_at_sqrt_ratio(price), liquidity)
        paid0, paid1 = traffic.paid_in[row].tolist()
        self._replay.follow(price, liquidity, (int(paid0), int(paid1)))

    def _place(self, token_id: int) -> Range:
        if token_id not in self.positions:
            raise Reverted("the Safe has no such position", value=token_id)
        return self.positions[token_id]

    def _open(self) -> PoolReplay:
        if self._replay is None:
            raise Reverted("nothing is known of the pool yet", value=f"{self.pool.base}/{self.pool.quote}")
        return self._replay


@dataclass(slots=True)
class OwnLiquidity:
    """All pools in which the treasury may provide liquidity. `minted`: how many positions it has made so far."""

    pools: dict[Address, OwnPool] = field(default_factory=dict)
    minted: int = 0

    def twin(self) -> OwnLiquidity:
        """The same, to try something in."""
        return OwnLiquidity({address: each.twin() for address, each in self.pools.items()}, self.minted)

    def advance(self, now: int) -> None:
        """Everything that others did up to `now`."""
        for each in self.pools.values():
            each.advance(now)

    def positions(self) -> tuple[Position, ...]:
        """All of the Safe's."""
        return tuple(position for each in self.pools.values() for position in each.seen())

    def pool_of(self, token_id: int) -> OwnPool:
        """The pool of a position.

        Raises:
            Reverted: the Safe has no such position.
        """
        for each in self.pools.values():
            if token_id in each.positions:
                return each
        raise Reverted("the Safe has no such position", value=token_id)

    def pool(self, token0: Token, token1: Token, fee: int) -> OwnPool:
        """The pool of two tokens and a fee.

        Raises:
            BadInput: nobody has said what is traded in it.
        """
        for each in self.pools.values():
            if each.tokens == (token0, token1) and each.pool.fee == fee:
                return each
        raise BadInput(
            "the backtest does not know what is traded in a pool",
            value=f"{token0}/{token1} {fee}",
            next_step="State it under `trading` in the market's file",
        )


def own_liquidity(venues: Iterable[PoolVenue]) -> OwnLiquidity:
    """Where the treasury may provide liquidity: in the pools of which it is known what is traded there."""
    return OwnLiquidity(
        {
            each.pool.address: OwnPool(venue.manager, each.pool, each.traffic)
            for venue in venues
            for each in venue.pools
            if each.traffic is not None
        }
    )


def _spacing(pool: Pool) -> int:
    if pool.fee not in SPACINGS:
        fees = ", ".join(map(str, SPACINGS))
        raise BadInput("the backtest does not know which ticks a pool of this fee has", value=pool.fee, limit=fees)
    return SPACINGS[pool.fee]


def _require(amounts: Pair, least: Pair, words: str) -> None:
    if amounts[0] < least[0] or amounts[1] < least[1]:
        raise Reverted(f"the pool {words}", value=f"{amounts[0]} and {amounts[1]}", limit=f"{least[0]} and {least[1]}")


def _sum(*pairs: Pair) -> Pair:
    return sum(pair[0] for pair in pairs), sum(pair[1] for pair in pairs)
