"""The Safe's positions in the configured pools: amounts, and fees owed to the last unit."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar

from dao_bot.chain.abi import function
from dao_bot.chain.plan import Answer, Plan, Read
from dao_bot.chain.provider import ReadContext
from dao_bot.domain.addresses import Address, address_bytes
from dao_bot.domain.concentrated import Pair, earned, growth_inside
from dao_bot.domain.errors import ChainError
from dao_bot.domain.hashing import keccak
from dao_bot.domain.needs import Need
from dao_bot.domain.positions import PoolPositions, PoolState, Position, Positions
from dao_bot.protocols.reading import told, told_units
from dao_bot.protocols.uniswap_v3.paths import VENUE, Pool
from dao_bot.protocols.uniswap_v3.position_manager import BALANCE_OF, TOKEN_OF_OWNER, noted, noted_read

_SLOT0 = function("slot0()", "(uint160,int24,uint16,uint16,uint16,uint8,bool)")
_LIQUIDITY = function("liquidity()", "(uint128)")
_SPACING = function("tickSpacing()", "(int24)")
_GROWTH = tuple(function(f"feeGrowthGlobal{token}X128()", "(uint256)") for token in (0, 1))
_TICKS = function("ticks(int24)", "(uint128,int128,uint256,uint256,int56,uint160,uint32,bool)")
_POOL_POSITIONS = function("positions(bytes32)", "(uint128,uint256,uint256,uint128,uint128)")
_OF_A_POOL = (_SLOT0, _LIQUIDITY, _SPACING, *_GROWTH)

MOST_POSITIONS = 500
"""Anybody can send positions to the Safe; more than this are not read."""


class PositionsProvider:
    """Reads `Positions` in four rounds: pools and count, ids, positions, and what their fees follow from.

    One round while the Safe has none.
    """

    need: ClassVar[type[Need[Any]]] = Positions

    def __init__(self, manager: Address, factory: Address, pools: Sequence[Pool]) -> None:
        self._manager = manager
        self._factory = factory
        self._pools = tuple(pools)

    def requires(self, need: Positions) -> tuple[Need[Any], ...]:
        return ()

    def read(self, need: Positions, context: ReadContext) -> Plan[tuple[PoolPositions, ...]]:
        """Pools in the order of the config, positions in that of the manager.

        Raises:
            ChainError: the manager does not tell what the Safe has; a guess would be a wrong decision.
        """
        wanted = set(need.tokens)
        pools = [pool for pool in self._pools if not wanted or {pool.base.symbol, pool.quote.symbol} <= wanted]
        safe = context.treasury.safe
        of_pools = [read.read(pool.address) for pool in pools for read in _OF_A_POOL]
        answers = yield [BALANCE_OF.read(self._manager, safe), *of_pools]
        count = self._count(answers[0])
        states = dict(_states(pools, answers[1:]))
        positions = (yield from self._positions(safe, min(count, MOST_POSITIONS))) if count else []
        mine = [position for position in positions if position.pool in states]
        exact = (yield from _with_fees(mine, states)) if mine else []
        held = [position for position in exact if position.liquidity or any(position.fees)]
        problem = f"the Safe has {count} positions, and only {MOST_POSITIONS} of them were read"
        problems = (problem,) if count > MOST_POSITIONS else ()
        return tuple(
            PoolPositions(state, tuple(each for each in held if each.pool == address), problems)
            for address, state in states.items()
        )

    def _count(self, answer: Answer) -> int:
        count = told_units(BALANCE_OF, answer)
        if count is None:
            raise self._unreadable("how many positions the Safe has")
        return count

    def _positions(self, safe: Address, count: int) -> Plan[list[Position]]:
        answers = yield [TOKEN_OF_OWNER.read(self._manager, safe, index) for index in range(count)]
        ids = [told_units(TOKEN_OF_OWNER, answer) for answer in answers]
        known = [token_id for token_id in ids if token_id is not None]
        if len(known) < count:
            raise self._unreadable("which positions the Safe has")
        answers = yield [noted_read(self._manager, token_id) for token_id in known]
        found = [
            noted(self._manager, self._factory, token_id, answer)
            for token_id, answer in zip(known, answers, strict=True)
        ]
        positions = [position for position in found if position is not None]
        if len(positions) < count:
            raise self._unreadable("what a position of the Safe is")
        return positions

    def _unreadable(self, what: str) -> ChainError:
        return ChainError(
            f"the position manager does not say {what}",
            value=self._manager,
            next_step="Check protocols.uniswap_v3.position_manager; `dao-bot doctor` says what stands there",
        )


def _states(pools: Sequence[Pool], answers: Sequence[Answer]) -> Iterator[tuple[Address, PoolState]]:
    """Every pool that has a price."""
    for number, pool in enumerate(pools):
        part = answers[number * len(_OF_A_POOL) : (number + 1) * len(_OF_A_POOL)]
        slot0, *rest = (told(read, answer) for read, answer in zip(_OF_A_POOL, part, strict=True))
        if slot0 is None or slot0[0] == 0 or None in rest:
            continue
        liquidity, spacing, growth0, growth1 = (values[0] for values in rest if values is not None)
        token0, token1 = (pool.base, pool.quote) if pool.base_is_token0 else (pool.quote, pool.base)
        sqrt_price, tick = slot0[0], slot0[1]
        yield (
            pool.address,
            PoolState(
                VENUE, pool.address, token0, token1, pool.fee, spacing, sqrt_price, tick, liquidity, (growth0, growth1)
            ),
        )


def _with_fees(positions: Sequence[Position], states: Mapping[Address, PoolState]) -> Plan[list[Position]]:
    """The positions with what they earned since their last change."""
    reads = list(dict.fromkeys(read for position in positions for read in _fee_reads(position)))
    answers = yield reads
    known = dict(zip(reads, answers, strict=True))
    return [_exact(position, states[position.pool], known) for position in positions]


def _fee_reads(position: Position) -> Iterable[Read]:
    """The two ticks, and the position in which the pool keeps all of the manager's liquidity in that range."""
    for tick in (position.lower, position.upper):
        yield _TICKS.read(position.pool, tick)
    ticks = b"".join(tick.to_bytes(3, "big", signed=True) for tick in (position.lower, position.upper))
    yield _POOL_POSITIONS.read(position.pool, keccak(address_bytes(position.manager) + ticks))


def _exact(position: Position, pool: PoolState, known: Mapping[Read, Answer]) -> Position:
    lower, upper, shared = (known[read] for read in _fee_reads(position))
    outside = [told(_TICKS, answer) for answer in (lower, upper)]
    kept = told(_POOL_POSITIONS, shared)
    if outside[0] is None or outside[1] is None or kept is None:
        raise ChainError("a pool does not tell what its positions earned", value=pool.address)
    inside = growth_inside(position.lower, position.upper, pool.tick, pool.growth, outside[0][2:4], outside[1][2:4])
    liquidity, growth0, growth1, owed0, owed1 = kept
    mine = _sum(position.fees, earned(position.liquidity, position.growth, inside))
    # Collecting brings the pool's notes up to date only where there is liquidity.
    theirs = _sum((owed0, owed1), earned(liquidity if position.liquidity else 0, (growth0, growth1), inside))
    # The pool rounds the fees of all positions of a range together, the manager those of each: the smaller is paid.
    return replace(position, fees=(min(mine[0], theirs[0]), min(mine[1], theirs[1])), growth=inside)


def _sum(one: Pair, other: Pair) -> Pair:
    return one[0] + other[0], one[1] + other[1]
