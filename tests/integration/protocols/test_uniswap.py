"""Uniswap v3 on the local chain: quotes are what execution pays, allowances end at zero, prices are the pools' own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from dao_bot.devnet.abi import encode_call
from dao_bot.devnet.accounts import DEPLOYER
from dao_bot.devnet.artifacts import own_artifact
from dao_bot.devnet.errors import DevnetError
from dao_bot.devnet.scenarios import balance_of, deploy_token, give, set_feed_price, swap_as_stranger
from dao_bot.devnet.transactions import Transaction, transact, transact_all
from dao_bot.devnet.uniswap import Depth, PoolSpec, Side, UniswapContracts, create_pools
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Call
from dao_bot.domain.needs import PoolPrices, Prices, SwapLadders
from dao_bot.domain.operations import Swap
from dao_bot.domain.prices import PoolPrice, TokenPrice
from dao_bot.domain.quotes import Ladder
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD
from dao_bot.market.feeds import ChainlinkFeed, ChainlinkSettings
from dao_bot.market.pool_twap import UniswapV3Twap, UniswapV3TwapSettings
from dao_bot.market.prices import PricesProvider
from dao_bot.protocols.balances import read_allowances
from dao_bot.protocols.code_check import check_code
from dao_bot.protocols.deadline import deadline_call
from dao_bot.protocols.erc20 import Erc20, Erc20Settings, approval
from dao_bot.protocols.port import EncodeContext
from dao_bot.protocols.token_check import check_tokens
from dao_bot.protocols.uniswap_v3.protocol import UniswapV3
from dao_bot.protocols.uniswap_v3.settings import UniswapV3Settings

if TYPE_CHECKING:
    from dao_bot.devnet import RunningWorld, World

SIZES = tuple(size * 1_000 * WAD for size in (1, 10, 100, 500, 2_000))
ONE_PERCENT = WAD // 100


@pytest.fixture
def ladders(chain: Any, uniswap: UniswapV3, erc20: Erc20, feeds: PricesProvider) -> tuple[Ladder, ...]:
    found: tuple[Ladder, ...] = chain.see(SwapLadders((), SIZES), [*uniswap.providers, *erc20.providers, feeds])
    return found


@pytest.fixture
def encode_context(chain: Any, feeds: PricesProvider) -> EncodeContext:
    """Half of slippage: to sell all that the Safe holds of its own token costs nearly as much."""
    prices: dict[Token, TokenPrice] = chain.see(Prices(), [feeds])
    block = chain.block()
    return EncodeContext(chain.treasury, block, prices, WAD // 2, block.timestamp + 600)


def execute(chain: Any, calls: Sequence[Call]) -> None:
    """The calls as transactions of the Safe, which the local chain lets anybody send."""
    safe = chain.treasury.safe
    chain.anvil.batch([("anvil_impersonateAccount", (safe,)), ("anvil_setBalance", (safe, hex(10**20)))])
    for call in calls:
        transact(chain.anvil, Transaction(safe, call.to, "0x" + call.data.hex()))


def swap_of(ladder: Ladder, rung: int) -> Swap:
    step = ladder.rungs[rung]
    return Swap(ladder.sell.amount(step.sell), ladder.buy, step.buy, ladder.venue, ladder.path)


def test_every_pair_that_pools_join_has_one_ladder_that_falls_in_price(ladders: tuple[Ladder, ...]) -> None:
    pairs = [(ladder.sell.symbol, ladder.buy.symbol) for ladder in ladders]
    assert len(set(pairs)) == len(pairs)
    assert {("USDC", "USDT"), ("USDT", "DAI"), ("LUSD", "USDT"), ("DAO", "USDC")} <= set(pairs)
    for ladder in ladders:
        sold, bought, best = 0, 0, None
        for rung in ladder.rungs:
            assert rung.buy > bought
            price = (rung.buy - bought) / (rung.sell - sold)
            assert best is None or price <= best * (1 + 1e-6)
            sold, bought, best = rung.sell, rung.buy, price


def test_what_was_quoted_is_what_is_paid_for_every_pair(
    chain: Any, uniswap: UniswapV3, ladders: tuple[Ladder, ...], encode_context: EncodeContext
) -> None:
    safe = chain.treasury.safe
    for ladder in ladders:
        swap = swap_of(ladder, -1)
        snapshot = chain.anvil.snapshot()
        before = [balance_of(chain.anvil, token.address, safe) for token in (ladder.sell, ladder.buy)]
        execute(chain, uniswap.encode(swap, encode_context))
        after = [balance_of(chain.anvil, token.address, safe) for token in (ladder.sell, ladder.buy)]
        assert before[0] - after[0] == swap.sell.units
        assert after[1] - before[1] == swap.expected
        allowed = chain.run(read_allowances(safe, [(ladder.sell.address, uniswap.router)]))
        assert list(allowed.values()) == [0]
        chain.anvil.revert(snapshot)


def test_a_token_that_wants_its_allowance_cleared_is_swapped_whatever_was_allowed_before(
    chain: Any, uniswap: UniswapV3, ladders: tuple[Ladder, ...], encode_context: EncodeContext
) -> None:
    ladder = next(each for each in ladders if (each.sell.symbol, each.buy.symbol) == ("USDT", "USDC"))
    swap = swap_of(ladder, 1)
    execute(chain, [approval(ladder.sell, uniswap.router, 1)])
    wrongly_known = replace(encode_context, allowances={(ladder.sell.address, uniswap.router): 0})
    with pytest.raises(DevnetError, match="allowance to zero first"):
        execute(chain, uniswap.encode(swap, wrongly_known))
    execute(chain, uniswap.encode(swap, encode_context))


def test_a_swap_reverts_when_the_pool_has_moved_beyond_the_minimum(
    running_world: RunningWorld,
    chain: Any,
    uniswap: UniswapV3,
    ladders: tuple[Ladder, ...],
    encode_context: EncodeContext,
) -> None:
    ladder = next(each for each in ladders if (each.sell.symbol, each.buy.symbol) == ("USDC", "DAI"))
    calls = uniswap.encode(swap_of(ladder, 1), replace(encode_context, slippage=ONE_PERCENT))
    swap_as_stranger(running_world, "USDC", "DAI", 100, 13_000_000 * 10**6)
    with pytest.raises(DevnetError, match="Too little received"):
        execute(chain, calls)


def test_the_deadline_passes_until_its_second_and_reverts_after_it(chain: Any, uniswap: UniswapV3) -> None:
    now = chain.block().timestamp
    execute(chain, [deadline_call(uniswap.router, now + 3600)])
    chain.anvil.set_time(now + 3601)
    with pytest.raises(DevnetError, match="Transaction too old"):
        execute(chain, [deadline_call(uniswap.router, now + 3600)])


def test_a_pair_without_a_pool_and_a_pool_without_liquidity_have_no_ladder(
    make_uniswap: Callable[..., UniswapV3], chain: Any, erc20: Erc20, feeds: PricesProvider
) -> None:
    nowhere = make_uniswap(pools=[{"tokens": ["USDC", "USDT"], "fee": 3000}])
    assert chain.see(SwapLadders((), SIZES), [*nowhere.providers, *erc20.providers, feeds]) == ()
    (price,) = chain.see(PoolPrices(), nowhere.providers)
    assert (price.spot, price.twap) == (None, None)
    assert "there is no pool" in price.problems[0]
    assert any("there is no such pool" in (check.problem or "") for check in chain.run(nowhere.check()))


def test_holdings_and_sizes_of_any_magnitude_give_a_ladder_that_can_be_believed(
    running_world: RunningWorld, chain: Any, uniswap: UniswapV3, erc20: Erc20, feeds: PricesProvider
) -> None:
    for info in running_world.world.tokens.values():
        if info.kind == "Token":
            give(running_world, info, chain.treasury.safe, 10**50)
    sizes = (1, WAD, 10**6 * WAD, 10**12 * WAD, 10**30 * WAD)
    for ladder in chain.see(SwapLadders((), sizes), [*uniswap.providers, *erc20.providers, feeds]):
        buys = [rung.buy for rung in ladder.rungs]
        assert buys == sorted(set(buys))


@pytest.fixture
def shallow(running_world: RunningWorld, world: World, chain: Any) -> tuple[UniswapV3, PricesProvider]:
    """A new pool of two new tokens: a million dollars on each side, all within half a percent."""
    infos = [deploy_token(chain.anvil, symbol=symbol, decimals=6) for symbol in ("AAA", "BBB")]
    places = UniswapContracts(world.factory, world.position_manager, world.router, world.quoter, world.weth)
    deployer = DEPLOYER.address
    for info in infos:
        give(running_world, info, deployer, 10**13)
        give(running_world, info, world.safe, 10**13)
        allow = encode_call(own_artifact("Token"), "approve", world.position_manager, 10**13)
        transact_all(chain.anvil, [Transaction(deployer, info.address, allow)])
    sides = (Side(infos[0].address, 10**12), Side(infos[1].address, 10**12))
    pool = PoolSpec(sides, 100, [Depth(50, 1)], observations=1)
    create_pools(chain.anvil, running_world.toolchain.packages, places, deployer, [pool])
    tokens = {
        symbol: Token(world.chain_id, info.address, symbol, 6)
        for symbol, info in zip(("AAA", "BBB"), infos, strict=True)
    }
    treasury = replace(chain.treasury, tokens=tokens)
    chain.treasury = treasury
    settings = {
        "factory": world.factory,
        "router": world.router,
        "quoter": world.quoter,
        "pools": [{"tokens": ["AAA", "BBB"], "fee": 100}],
    }
    feed = {"feed": world.feeds["USDC"], "heartbeat": "1d", "min": "0.01 USD", "max": "100000 USD"}
    sources = {
        token: [ChainlinkFeed(ChainlinkSettings.model_validate(feed), token, treasury)] for token in tokens.values()
    }
    return UniswapV3(UniswapV3Settings.model_validate(settings), treasury), PricesProvider(sources, treasury)


def test_a_ladder_ends_before_the_size_that_would_empty_the_pool(
    chain: Any, shallow: tuple[UniswapV3, PricesProvider]
) -> None:
    uniswap, feeds = shallow
    erc20 = Erc20(Erc20Settings(), chain.treasury)
    sizes = tuple(size * 1_000 * WAD for size in (10, 100, 900, 1_100, 5_000))
    ladders = chain.see(SwapLadders((), sizes), [*uniswap.providers, *erc20.providers, feeds])
    assert [len(ladder.rungs) for ladder in ladders] == [3, 3]


def test_a_pool_that_does_not_remember_the_window_has_no_average(
    chain: Any, shallow: tuple[UniswapV3, PricesProvider]
) -> None:
    (pool,) = chain.see(PoolPrices(), shallow[0].providers)
    assert pool.spot == WAD
    assert pool.twap is None
    assert "remembers less than 30 min" in pool.problems[0]


def test_pool_prices_are_near_the_oracles_and_the_average_resists_one_large_swap(
    running_world: RunningWorld, chain: Any, uniswap: UniswapV3, feeds: PricesProvider
) -> None:
    oracle = {token.symbol: price.require() for token, price in chain.see(Prices(), [feeds]).items()}
    calm: tuple[PoolPrice, ...] = chain.see(PoolPrices(), uniswap.providers)
    assert len(calm) == len(running_world.world.pools)
    for pool in calm:
        fair = oracle[pool.base.symbol] * WAD // oracle[pool.quote.symbol]
        assert pool.spot is not None and pool.twap is not None
        assert abs(pool.spot - fair) < fair // 500
        assert abs(pool.twap - fair) < fair // 500
    swap_as_stranger(running_world, "USDC", "DAI", 100, 13_000_000 * 10**6)
    before, after = (
        next(pool for pool in pools if {pool.base.symbol, pool.quote.symbol} == {"USDC", "DAI"})
        for pools in (calm, chain.see(PoolPrices(), uniswap.providers))
    )
    assert after.spot is not None and after.twap is not None and before.twap is not None
    assert after.spot < WAD * 98 // 100
    assert abs(after.twap - before.twap) < before.twap // 1000


@pytest.fixture
def two_sources(chain: Any, world: World) -> PricesProvider:
    """USDC and USDT: a feed, and the pool between them."""
    treasury = chain.treasury
    settings = {"heartbeat": "25h", "min": "0.5 USD", "max": "1.5 USD"}
    sources: dict[Token, list[Any]] = {}
    for symbol, against in (("USDC", "USDT"), ("USDT", "USDC")):
        token = treasury.tokens[symbol]
        feed = ChainlinkSettings.model_validate({**settings, "feed": world.feeds[symbol]})
        pool = UniswapV3TwapSettings(against=against, fee=100)
        sources[token] = [ChainlinkFeed(feed, token, treasury), UniswapV3Twap(pool, token, treasury)]
    return PricesProvider(sources, treasury)


def price_of(chain: Any, symbol: str, providers: Sequence[Any]) -> TokenPrice:
    price: TokenPrice = chain.see(Prices((symbol,)), providers)[chain.treasury.tokens[symbol]]
    return price


def test_feed_and_pool_confirm_each_other(chain: Any, uniswap: UniswapV3, two_sources: PricesProvider) -> None:
    price = price_of(chain, "USDT", [two_sources, *uniswap.providers])
    assert price.usd == 9998 * WAD // 10_000
    assert price.problems == ()
    assert len(price.quotes) == 2


def test_a_feed_that_leaves_the_pool_behind_leaves_both_tokens_without_a_price(
    chain: Any, world: World, uniswap: UniswapV3, two_sources: PricesProvider
) -> None:
    set_feed_price(chain.anvil, world, "USDT", 95_000_000)
    for symbol in ("USDC", "USDT"):
        price = price_of(chain, symbol, [two_sources, *uniswap.providers])
        assert price.usd is None
        assert "apart" in price.problems[0]


def test_a_stale_feed_leaves_no_price(
    chain: Any, world: World, uniswap: UniswapV3, two_sources: PricesProvider
) -> None:
    chain.anvil.advance(26 * 3600)
    price = price_of(chain, "USDC", [two_sources, *uniswap.providers])
    assert price.usd is None
    assert "1 d 2 h old, more than 1 d 1 h" in price.problems[0]


def test_a_feed_without_code_is_a_problem_and_no_error(chain: Any, world: World) -> None:
    settings = {"feed": world.stranger, "heartbeat": "1h", "min": "0.5 USD", "max": "1.5 USD"}
    token = chain.treasury.tokens["USDC"]
    source = ChainlinkFeed(ChainlinkSettings.model_validate(settings), token, chain.treasury)
    price = price_of(chain, "USDC", [PricesProvider({token: [source]}, chain.treasury)])
    assert price.usd is None
    assert "does not answer" in price.problems[0]


def test_the_self_test_of_the_demo_world_is_clean(chain: Any, uniswap: UniswapV3) -> None:
    checks = [*chain.run(uniswap.check()), *chain.run(check_tokens(chain.treasury))]
    assert len(checks) == 2 + len(uniswap.pools) + len(chain.treasury.tokens)
    assert [check for check in checks if check.problem] == []


def test_contracts_that_do_not_belong_together_are_named(
    chain: Any, world: World, make_uniswap: Callable[..., UniswapV3]
) -> None:
    wrong = make_uniswap(router=world.weth, factory=world.position_manager)
    problems = {check.subject: check.problem or "" for check in chain.run(wrong.check())}
    assert "there is no such contract" in problems["uniswap_v3 router"]
    assert "not with the configured" in problems["uniswap_v3 quoter"]
    assert "the factory does not answer" in problems["uniswap_v3 pool USDC/USDT 100"]


def test_code_is_compared_with_its_pinned_hash(
    chain: Any, world: World, make_uniswap: Callable[..., UniswapV3]
) -> None:
    unpinned = check_code(chain.endpoint, chain.block(), make_uniswap().relied_on)
    assert all(not check.fatal and "not pinned" in str(check.problem) for check in unpinned)
    actual = str(unpinned[0].problem).partition("its hash is ")[2][:66]
    pinned = make_uniswap(code_hashes={"router": actual, "quoter": "0x" + "00" * 32})
    router, quoter, _ = check_code(chain.endpoint, chain.block(), pinned.relied_on)
    assert router.problem is None
    assert quoter.fatal and "do not run" in str(quoter.problem)
    (nothing,) = check_code(chain.endpoint, chain.block(), {Address(world.stranger): ("nobody", None)})
    assert "there is no code" in str(nothing.problem)


def test_a_token_with_other_decimals_is_refused(chain: Any) -> None:
    tokens = {**chain.treasury.tokens}
    tokens["DAI"] = replace(tokens["DAI"], decimals=6)
    checks = chain.run(check_tokens(replace(chain.treasury, tokens=tokens)))
    wrong = [check for check in checks if check.problem]
    assert [check.subject for check in wrong] == ["token DAI"]
    assert wrong[0].fatal
