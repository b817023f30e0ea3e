"""Positions of the Safe on the real Uniswap: read to the last unit, and changed by the calls that are encoded."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.chain.reads import run_plans
from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.accounts import STRANGER
from dao_bot.devnet.artifacts import npm_artifact
from dao_bot.devnet.errors import DevnetError
from dao_bot.devnet.scenarios import balance_of, give, swap_as_stranger, token_artifact
from dao_bot.devnet.transactions import Transaction, send, transact, transact_all
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Call
from dao_bot.domain.concentrated import Pair, taken
from dao_bot.domain.errors import Refused
from dao_bot.domain.needs import Prices
from dao_bot.domain.positions import (
    CollectFees,
    DecreaseLiquidity,
    IncreaseLiquidity,
    MintPosition,
    PoolPositions,
    Position,
    Positions,
    edges,
)
from dao_bot.domain.units import WAD
from dao_bot.market.prices import PricesProvider
from dao_bot.protocols.balances import read_allowances
from dao_bot.protocols.port import EncodeContext
from dao_bot.protocols.uniswap_v3.protocol import UniswapV3

if TYPE_CHECKING:
    from dao_bot.devnet import RunningWorld, World

NEED = Positions(("USDC", "WETH"))
FEE = 500
WIDTH = 600


class Desk:
    """The Safe with WETH and USDC, and what it does to its positions."""

    def __init__(self, chain: Any, uniswap: UniswapV3, world: World, context: EncodeContext) -> None:
        self.chain, self.uniswap, self.world, self.context = chain, uniswap, world, context

    def see(self) -> PoolPositions:
        (seen,) = self.chain.see(NEED, self.uniswap.providers)
        assert isinstance(seen, PoolPositions)
        return seen

    def position(self) -> Position:
        (position,) = self.see().positions
        return position

    def balances(self) -> Pair:
        pool = self.see().pool
        safe, anvil = self.chain.treasury.safe, self.chain.anvil
        return balance_of(anvil, pool.token0.address, safe), balance_of(anvil, pool.token1.address, safe)

    def execute(self, *operations: Any) -> Pair:
        """What the operations brought to the Safe."""
        calls = [call for operation in operations for call in self.uniswap.encode(operation, self.context)]
        return self.call(calls)

    def call(self, calls: Sequence[Call]) -> Pair:
        safe, anvil = self.chain.treasury.safe, self.chain.anvil
        anvil.batch([("anvil_impersonateAccount", (safe,)), ("anvil_setBalance", (safe, hex(10**20)))])
        before = self.balances()
        for call in calls:
            transact(anvil, Transaction(safe, call.to, "0x" + call.data.hex()))
        after = self.balances()
        return after[0] - before[0], after[1] - before[1]

    def mint(self, whole: int = 10_000, lower: int = -WIDTH, upper: int = WIDTH) -> MintPosition:
        """Up to so many dollars on each side, in a range around the price."""
        pool = self.see().pool
        middle = pool.tick // pool.spacing * pool.spacing
        range_ = (middle + lower, middle + upper)
        units = tuple(
            whole * 10**token.decimals * WAD // self.context.prices[token].require()
            for token in (pool.token0, pool.token1)
        )
        deposits = (units[0] if upper > 0 else 0, units[1] if lower < 0 else 0)
        expected = taken(deposits, pool.sqrt_price, edges(*range_))
        amounts = (pool.token0.amount(deposits[0]), pool.token1.amount(deposits[1]))
        return MintPosition("uniswap_v3", FEE, *range_, *amounts, expected)

    def increase(self, position: Position, deposits: Pair) -> IncreaseLiquidity:
        pool, range_ = self.see().pool, (position.lower, position.upper)
        amounts = (pool.token0.amount(deposits[0]), pool.token1.amount(deposits[1]))
        expected = taken(deposits, pool.sqrt_price, edges(*range_))
        return IncreaseLiquidity("uniswap_v3", position.token_id, *range_, *amounts, expected)

    def decrease(self, position: Position, liquidity: int) -> DecreaseLiquidity:
        pool = self.see().pool
        released = replace(position, liquidity=liquidity).principal(pool.sqrt_price)
        amounts = (pool.token0.amount(released[0]), pool.token1.amount(released[1]))
        return DecreaseLiquidity("uniswap_v3", position.token_id, position.lower, position.upper, liquidity, *amounts)

    def collect(self, position: Position) -> CollectFees:
        pool = self.see().pool
        owed = (pool.token0.amount(position.fees[0]), pool.token1.amount(position.fees[1]))
        return CollectFees("uniswap_v3", position.token_id, *owed)

    def trade(self, running: RunningWorld, rounds: int = 3) -> None:
        """A stranger trades to and fro."""
        for _ in range(rounds):
            swap_as_stranger(running, "WETH", "USDC", FEE, 10**18)
            swap_as_stranger(running, "USDC", "WETH", FEE, 3_201_777_777)


@pytest.fixture
def desk(
    running_world: RunningWorld, chain: Any, make_uniswap: Callable[..., UniswapV3], feeds: PricesProvider
) -> Desk:
    world = running_world.world
    uniswap = make_uniswap(position_manager=world.position_manager)
    give(running_world, world.tokens["WETH"], world.safe, 100 * 10**18)
    prices = chain.see(Prices(), [feeds])
    block = chain.block()
    context = EncodeContext(chain.treasury, block, prices, WAD // 100, block.timestamp + 3600)
    return Desk(chain, uniswap, world, context)


def test_a_mint_takes_what_was_expected_and_leaves_no_allowance(desk: Desk) -> None:
    mint = desk.mint()
    moved = desk.execute(mint)
    assert moved == (-mint.expected[0], -mint.expected[1])
    position = desk.position()
    assert (position.lower, position.upper) == (mint.lower, mint.upper)
    assert position.is_in_range(desk.see().pool.tick)
    assert position.fees == (0, 0)
    principal = position.principal(desk.see().pool.sqrt_price)
    assert all(paid - 1 <= back <= paid for back, paid in zip(principal, mint.expected, strict=True))
    manager = desk.world.position_manager
    tokens = [token.address for token in (mint.deposit0.token, mint.deposit1.token)]
    allowed = desk.chain.run(read_allowances(desk.world.safe, [(token, manager) for token in tokens]))
    assert set(allowed.values()) == {0}


def test_fees_that_are_read_are_what_collecting_pays_to_the_last_unit(running_world: RunningWorld, desk: Desk) -> None:
    desk.execute(desk.mint())
    desk.trade(running_world)
    position = desk.position()
    assert min(position.fees) > 0
    assert desk.execute(desk.collect(position)) == position.fees
    assert desk.position().fees == (0, 0)


def test_fees_of_positions_that_share_a_range_are_exact_too(running_world: RunningWorld, desk: Desk) -> None:
    for whole in (10_000, 3, 777):
        desk.execute(desk.mint(whole))
        desk.trade(running_world, 1)
    for position in desk.see().positions:
        held = next(each for each in desk.see().positions if each.token_id == position.token_id)
        assert desk.execute(desk.collect(held)) == held.fees


def test_fees_are_kept_when_the_price_leaves_the_range(running_world: RunningWorld, desk: Desk) -> None:
    desk.execute(desk.mint(10_000, -50, 50))
    desk.trade(running_world)
    swap_as_stranger(running_world, "USDC", "WETH", FEE, 5_000_000 * 10**6)
    position = desk.position()
    assert not position.is_in_range(desk.see().pool.tick)
    assert 0 in position.principal(desk.see().pool.sqrt_price)
    assert desk.execute(desk.collect(position)) == position.fees


def test_removing_returns_the_principal_and_the_fees_and_the_empty_position_is_gone(
    running_world: RunningWorld, desk: Desk
) -> None:
    desk.execute(desk.mint())
    desk.trade(running_world)
    position = desk.position()
    principal = position.principal(desk.see().pool.sqrt_price)
    moved = desk.execute(desk.decrease(position, position.liquidity), desk.collect(position))
    assert moved == (principal[0] + position.fees[0], principal[1] + position.fees[1])
    assert desk.see().positions == ()


def test_compounding_puts_the_fees_back(running_world: RunningWorld, desk: Desk) -> None:
    desk.execute(desk.mint())
    desk.trade(running_world)
    before = desk.position()
    moved = desk.execute(desk.collect(before), desk.increase(before, before.fees))
    after = desk.position()
    assert after.liquidity > before.liquidity
    assert min(moved) >= 0
    assert after.fees == (0, 0)


def test_a_position_of_one_token_only_can_start_beside_the_price(desk: Desk) -> None:
    mint = desk.mint(10_000, 10, 1000)
    assert mint.deposit1.units == 0
    assert desk.execute(mint) == (-mint.expected[0], 0)


def test_a_deposit_reverts_when_the_pool_has_moved_beyond_the_minimums(running_world: RunningWorld, desk: Desk) -> None:
    calls = desk.uniswap.encode(desk.mint(), desk.context)
    swap_as_stranger(running_world, "USDC", "WETH", FEE, 5_000_000 * 10**6)
    with pytest.raises(DevnetError, match="Price slippage check"):
        desk.call(calls)


def test_nothing_is_encoded_while_the_pool_is_further_from_the_oracle_than_the_limit(
    running_world: RunningWorld, desk: Desk
) -> None:
    desk.execute(desk.mint())
    swap_as_stranger(running_world, "USDC", "WETH", FEE, 5_000_000 * 10**6)
    position = desk.position()
    for operation in (desk.mint(), desk.decrease(position, position.liquidity)):
        with pytest.raises(Refused, match="further from the oracle"):
            desk.uniswap.encode(operation, desk.context)


def test_every_call_reads_back_as_it_was_encoded(desk: Desk) -> None:
    desk.execute(desk.mint())
    position = desk.position()
    for operation in (
        desk.mint(),
        desk.increase(position, (10**15, 10**15)),
        desk.decrease(position, 5),
        desk.collect(position),
    ):
        for call in desk.uniswap.encode(operation, desk.context):
            if call.to == desk.world.position_manager:
                decoded = desk.uniswap.decode(call)
                assert decoded is not None and decoded.position is not None
                assert set(decoded.recipients) <= {desk.world.safe}


def test_a_safe_without_positions_costs_one_round_and_one_with_positions_four(
    running_world: RunningWorld, desk: Desk
) -> None:
    def rounds() -> int:
        provider = next(each for each in desk.uniswap.providers if each.need is Positions)
        chain = desk.chain
        plan = provider.read(NEED, chain_context(chain))
        count, answers = 0, None
        try:
            while True:
                reads = plan.send(answers) if answers is not None else next(plan)
                count += 1
                answers = run_plans(chain.endpoint, chain.block(), chain.treasury.multicall3, [once(reads)])[0][0]
        except StopIteration:
            return count

    assert rounds() == 1
    for _ in range(3):
        desk.execute(desk.mint(100))
    assert rounds() == 4


def once(reads: Any) -> Any:
    return (yield reads)


def chain_context(chain: Any) -> Any:
    from dao_bot.chain.provider import ReadContext
    from dao_bot.domain.runs import RunId

    return ReadContext(chain.treasury, RunId("test", 0), chain.block(), {})


def test_positions_that_strangers_send_are_seen_and_those_of_strangers_are_not(
    running_world: RunningWorld, desk: Desk
) -> None:
    world, anvil = desk.world, desk.chain.anvil
    manager = npm_artifact(running_world.toolchain.packages, "NonfungiblePositionManager")
    usdc, weth = world.tokens["USDC"], world.tokens["WETH"]
    for token, amount in ((usdc, 10**10), (weth, 10**19)):
        give(running_world, token, STRANGER.address, amount)
        approve = encode_call(token_artifact(running_world, token), "approve", world.position_manager, amount)
        transact_all(anvil, [Transaction(STRANGER.address, token.address, approve)])
    mint = desk.mint(100)
    tokens = (mint.deposit0.token.address, mint.deposit1.token.address)
    for owner in (STRANGER.address, world.safe):
        order = (*tokens, FEE, mint.lower, mint.upper, *mint.expected, 0, 0, owner, 2**40)
        send(anvil, STRANGER.address, Address(world.position_manager), manager, "mint", order)
    assert len(desk.see().positions) == 1


def test_the_self_test_names_a_position_manager_of_another_factory(
    desk: Desk, make_uniswap: Callable[..., UniswapV3]
) -> None:
    assert not any(check.problem for check in desk.chain.run(desk.uniswap.check()))
    wrong = make_uniswap(position_manager=desk.world.weth)
    problems = {check.subject: check.problem or "" for check in desk.chain.run(wrong.check())}
    assert "there is no such contract" in problems["uniswap_v3 position manager"]
