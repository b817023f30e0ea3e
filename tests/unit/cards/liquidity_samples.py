"""Proposals that make and change positions of concentrated liquidity."""

from __future__ import annotations

from dataclasses import replace

from dao_bot.domain.calls import Argument, Call, DecodedCall, PositionChange
from dao_bot.domain.concentrated import Pair, liquidity_of, taken
from dao_bot.domain.decisions import Decision
from dao_bot.domain.positions import Position, edges
from dao_bot.domain.proposals import Proposal
from dao_bot.domain.simulation import AssetChange
from dao_bot.domain.ticks import sqrt_ratio_at_prices, tick_at_sqrt_ratio
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD
from tests.unit.cards import samples
from tests.unit.cards.samples import DAO, SAFE, address, token

WETH = token("WETH", 18)
MANAGER, POOL = address("position manager"), address("DAO/WETH pool")
USD = {DAO: WAD * 5 // 2, WETH: 3_200 * WAD}
TOKENS: tuple[Token, Token] = (DAO, WETH) if int(DAO.address, 16) < int(WETH.address, 16) else (WETH, DAO)
PRICE = sqrt_ratio_at_prices(USD[TOKENS[0]], 18, USD[TOKENS[1]], 18)
MIDDLE = tick_at_sqrt_ratio(PRICE) // 60 * 60
RANGE = (MIDDLE - 1_200, MIDDLE + 1_200)
ID = 7


def in_order(dao: int, weth: int) -> Pair:
    """Base units in the pool's order."""
    return (dao, weth) if TOKENS[0] == DAO else (weth, dao)


DEPOSITS = in_order(10_000 * WAD, 8 * WAD)
TAKEN = taken(DEPOSITS, PRICE, edges(*RANGE))
LEAST = (TAKEN[0] * 97 // 100, TAKEN[1] * 97 // 100)


def position(liquidity: int | None = None, fees: Pair = (0, 0), token_id: int = ID) -> Position:
    """The Safe's; by default what `DEPOSITS` make."""
    made = liquidity_of(PRICE, *edges(*RANGE), DEPOSITS) if liquidity is None else liquidity
    return Position(MANAGER, token_id, POOL, TOKENS[0].address, TOKENS[1].address, *RANGE, made, fees)


def mint(deposits: Pair = DEPOSITS, least: Pair = LEAST) -> DecodedCall:
    return DecodedCall(
        call=Call(MANAGER, bytes.fromhex("88316456") + b"\0" * 32),
        protocol="uniswap_v3",
        function="mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))",
        arguments=(
            Argument("token0", "address", TOKENS[0].address),
            Argument("token1", "address", TOKENS[1].address),
        ),
        summary="Provide liquidity",
        recipients=(SAFE,),
        spends=((TOKENS[0].address, deposits[0]), (TOKENS[1].address, deposits[1])),
        position=PositionChange(MANAGER, None, *RANGE, deposits=deposits, least=least),
        venue="uniswap_v3",
        pools=(POOL,),
    )


def decrease(removed: int, least: Pair, token_id: int = ID) -> DecodedCall:
    return DecodedCall(
        call=Call(MANAGER, bytes.fromhex("0c49ccbe") + token_id.to_bytes(32, "big")),
        protocol="uniswap_v3",
        function="decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))",
        arguments=(),
        summary="Take liquidity out",
        position=PositionChange(MANAGER, token_id, removed=removed, least=least),
        venue="uniswap_v3",
    )


def collect(token_id: int = ID) -> DecodedCall:
    return DecodedCall(
        call=Call(MANAGER, bytes.fromhex("fc6f7865") + token_id.to_bytes(32, "big")),
        protocol="uniswap_v3",
        function="collect((uint256,address,uint128,uint128))",
        arguments=(),
        summary="Collect what is owed",
        recipients=(SAFE,),
        position=PositionChange(MANAGER, token_id),
        venue="uniswap_v3",
    )


def _proposal(
    decoded: tuple[DecodedCall, ...], deltas: Pair, before: tuple[Position, ...], after: tuple[Position, ...]
) -> Proposal:
    changes = tuple(zip(TOKENS, deltas, strict=True))
    simulation = samples.simulated(changes)
    made = tuple(
        AssetChange(MANAGER, 1, each.token_id)
        for each in after
        if each.token_id not in {old.token_id for old in before}
    )
    seen = (*simulation.changes, *made)
    return replace(
        samples.proposal(
            decoded=(samples.deadline(), *decoded),
            holdings=tuple((each, 10**24, samples.price(each, USD[each], USD[each])) for each in TOKENS),
            changes=changes,
            reports=samples.RULES[:1],
            decision=Decision((), "It starts."),
            simulation=replace(
                simulation,
                changes=seen,
                positions=after,
                witnesses=tuple(replace(each, changes=seen) for each in simulation.witnesses),
            ),
        ),
        positions=before,
    )


def start() -> Proposal:
    """A first position."""
    return _proposal((mint(),), (-TAKEN[0], -TAKEN[1]), (), (position(),))


def end() -> Proposal:
    """All of it is taken out, with its fees."""
    held = position(fees=in_order(20 * WAD, WAD // 100))
    amounts = held.principal(PRICE)
    least = (amounts[0] * 97 // 100, amounts[1] * 97 // 100)
    back = (amounts[0] + held.fees[0], amounts[1] + held.fees[1])
    return _proposal((decrease(held.liquidity, least), collect()), back, (held,), (position(0),))


def move() -> Proposal:
    """All of it is taken out, and a little less put into a new position."""
    held = position()
    amounts = held.principal(PRICE)
    deposits = (amounts[0] * 9 // 10, amounts[1] * 9 // 10)
    into = taken(deposits, PRICE, edges(*RANGE))
    new = position(liquidity_of(PRICE, *edges(*RANGE), deposits), token_id=ID + 1)
    least = (amounts[0] * 97 // 100, amounts[1] * 97 // 100)
    deltas = (amounts[0] - into[0], amounts[1] - into[1])
    calls = (decrease(held.liquidity, least), collect(), mint(deposits, (into[0] * 97 // 100, into[1] * 97 // 100)))
    return _proposal(calls, deltas, (held,), (position(0), new))
