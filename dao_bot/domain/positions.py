"""Positions of concentrated liquidity: what is read of them, and what can be done to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import DecodedCall, PositionChange
from dao_bot.domain.concentrated import Pair, amounts_of
from dao_bot.domain.needs import Need
from dao_bot.domain.ticks import sqrt_ratio_at_tick
from dao_bot.domain.tokens import Amount, Token


@dataclass(frozen=True, slots=True)
class PoolState:
    """A pool at the pinned block.

    Attributes:
        fee: in millionths.
        spacing: of usable ticks.
        sqrt_price: of token1 for token0 in base units, X96.
        liquidity: of everybody, at the price.
        growth: fees that one unit of liquidity at the price ever earned, in token0 and token1, X128, wrapping.
    """

    venue: str
    address: Address
    token0: Token
    token1: Token
    fee: int
    spacing: int
    sqrt_price: int
    tick: int
    liquidity: int
    growth: Pair


@dataclass(frozen=True, slots=True)
class Position:
    """A position that is a token of its own (ERC-721).

    Attributes:
        manager: the contract of those tokens.
        token0, token1: addresses, in the pool's order.
        lower, upper: ticks between which it provides liquidity.
        fees: base units of token0 and token1 that collecting pays at once, besides the liquidity.
        growth: fees that one unit of liquidity in the range earned, X128; only differences mean something.
    """

    manager: Address
    token_id: int
    pool: Address
    token0: Address
    token1: Address
    lower: int
    upper: int
    liquidity: int
    fees: Pair
    growth: Pair = (0, 0)

    def is_in_range(self, tick: int) -> bool:
        """Whether it provides liquidity, and earns, while the pool is at `tick`."""
        return self.lower <= tick < self.upper

    def principal(self, sqrt_price: int) -> Pair:
        """Base units of token0 and token1 that removing all of it returns at a price, without the fees."""
        return amounts_of(self.liquidity, sqrt_price, *edges(self.lower, self.upper))


def edges(lower: int, upper: int) -> Pair:
    """The square-root prices (X96) between two ticks."""
    return sqrt_ratio_at_tick(lower), sqrt_ratio_at_tick(upper)


def changed_position(change: PositionChange, positions: Iterable[Position]) -> Position | None:
    """The one among `positions` that a call changes; None for a new one."""
    return next(
        (each for each in positions if (each.manager, each.token_id) == (change.manager, change.token_id)), None
    )


def pair_of(decoded: DecodedCall, positions: Iterable[Position]) -> tuple[Address, Address] | None:
    """Token0 and token1 of the position that a call makes, or changes among `positions`; None where nobody can say."""
    if decoded.position is None:
        return None
    if decoded.position.token_id is None:
        token0, token1 = (argument.value for argument in decoded.arguments[:2])
        return Address(str(token0)), Address(str(token1))
    held = changed_position(decoded.position, positions)
    return None if held is None else (held.token0, held.token1)


@dataclass(frozen=True, slots=True)
class PoolPositions:
    """The Safe's positions in one pool, those without liquidity and fees left out.

    Attributes:
        problems: in words, why there may be more than is shown; empty when all were read.
    """

    pool: PoolState
    positions: tuple[Position, ...]
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Positions(Need[tuple[PoolPositions, ...]]):
    """Every configured pool between the named tokens (all when empty), with the Safe's positions in it.

    A pool that does not exist, or has no price yet, is absent.
    """

    kind: ClassVar[str] = "positions"
    tokens: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MintPosition:
    """Provide liquidity in a new range.

    Attributes:
        venue, fee: name the pool, together with the tokens.
        deposit0, deposit1: the most to deposit, in the pool's order; the pool takes what fits its price.
        expected: base units that it takes at the pinned block.
    """

    kind: ClassVar[str] = "mint_position"
    venue: str
    fee: int
    lower: int
    upper: int
    deposit0: Amount
    deposit1: Amount
    expected: Pair


@dataclass(frozen=True, slots=True)
class IncreaseLiquidity:
    """Add to a position of the Safe; otherwise as `MintPosition`."""

    kind: ClassVar[str] = "increase_liquidity"
    venue: str
    token_id: int
    lower: int
    upper: int
    deposit0: Amount
    deposit1: Amount
    expected: Pair


@dataclass(frozen=True, slots=True)
class DecreaseLiquidity:
    """Take liquidity out of a position of the Safe; `CollectFees` then pays it out.

    Attributes:
        released0, released1: what that returns at the pinned block, in the pool's order.
    """

    kind: ClassVar[str] = "decrease_liquidity"
    venue: str
    token_id: int
    lower: int
    upper: int
    liquidity: int
    released0: Amount
    released1: Amount


@dataclass(frozen=True, slots=True)
class CollectFees:
    """Pay out to the Safe all that a position owes: fees, and what was taken out of it.

    Attributes:
        owed0, owed1: what that is at the pinned block, in the pool's order.
    """

    kind: ClassVar[str] = "collect_fees"
    venue: str
    token_id: int
    owed0: Amount
    owed1: Amount
