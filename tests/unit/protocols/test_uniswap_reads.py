"""What is made of answers of quoter, pools, factory and tokens, also of hostile ones."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from dao_bot.chain.abi import encode
from dao_bot.chain.plan import Answer, Read
from dao_bot.chain.provider import ReadContext, Treasury
from dao_bot.domain.addresses import ZERO_ADDRESS, checksum
from dao_bot.domain.errors import BadInput, ChainError
from dao_bot.domain.needs import Holding, Holdings, Need, PoolPrices, Prices, SwapLadders
from dao_bot.domain.prices import TokenPrice
from dao_bot.domain.quotes import Ladder
from dao_bot.domain.ticks import MIN_SQRT_RATIO
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD
from dao_bot.protocols.balances import HoldingsProvider, read_allowances
from dao_bot.protocols.token_check import check_tokens
from dao_bot.protocols.uniswap_v3.paths import Path, Pool
from dao_bot.protocols.uniswap_v3.pool_prices import PoolPricesProvider
from dao_bot.protocols.uniswap_v3.protocol import UniswapV3
from dao_bot.protocols.uniswap_v3.quotes import SwapLaddersProvider
from dao_bot.protocols.uniswap_v3.routes import routes
from dao_bot.protocols.uniswap_v3.settings import UniswapV3Settings

Run = Callable[[Any, Callable[[Read], Answer]], Any]
FAILED = Answer(False, b"")
SIZES = tuple(size * WAD for size in (100, 1_000, 10_000))


def quoted(buy: int, price_after: int = 2**96) -> Answer:
    return Answer(True, encode(("uint256", "uint160[]", "uint32[]", "uint256"), (buy, [price_after], [0], 90_000)))


@pytest.fixture
def ladder_of_usdc(uniswap: UniswapV3, context: ReadContext, answered: Run) -> Callable[..., tuple[Ladder, ...]]:
    """Ladders from USDC to USDT alone, from these answers to the three sizes."""

    def read(
        *answers: Answer, price: int | None = WAD, sizes: tuple[int, ...] = SIZES, held: int = 10**30
    ) -> tuple[Ladder, ...]:
        usdc, usdt = context.treasury.tokens["USDC"], context.treasury.tokens["USDT"]
        told = iter(answers)

        def answer(asked: Read) -> Answer:
            assert Path.decode(asked.data[4 + 96 : 4 + 96 + 43]).tokens[0] == usdc.address
            return next(told)

        seen: dict[Need[Any], Any] = {
            Prices(): {usdc: TokenPrice(usdc, price), usdt: TokenPrice(usdt, WAD)},
            Holdings(): {usdc: Holding(held), usdt: Holding(0)},
        }
        provider = uniswap.providers[1]
        plan = provider.read(SwapLadders(("USDC", "USDT"), sizes), ReadContext(*_three(context), seen))
        found: tuple[Ladder, ...] = answered(plan, answer)
        return found

    return read


def _three(context: ReadContext) -> tuple[Any, Any, Any]:
    return context.treasury, context.run, context.block


def test_a_ladder_holds_every_size_that_the_pool_fills(ladder_of_usdc: Callable[..., tuple[Ladder, ...]]) -> None:
    (ladder,) = ladder_of_usdc(quoted(99_900_000), quoted(998_000_000), quoted(9_900_000_000))
    assert [(rung.sell, rung.buy) for rung in ladder.rungs] == [
        (100_000_000, 99_900_000),
        (1_000_000_000, 998_000_000),
        (10_000_000_000, 9_900_000_000),
    ]
    assert ladder.gas > 90_000


@pytest.mark.parametrize(
    "last", [FAILED, quoted(998_000_000), quoted(997_000_000), quoted(9_900_000_000, MIN_SQRT_RATIO + 1)]
)
def test_a_ladder_ends_where_the_pool_runs_dry(ladder_of_usdc: Callable[..., tuple[Ladder, ...]], last: Answer) -> None:
    (ladder,) = ladder_of_usdc(quoted(99_900_000), quoted(998_000_000), last)
    assert len(ladder.rungs) == 2


def test_a_pool_without_liquidity_has_no_ladder(ladder_of_usdc: Callable[..., tuple[Ladder, ...]]) -> None:
    assert ladder_of_usdc(FAILED, FAILED, FAILED) == ()


def test_quotes_that_get_better_with_size_are_not_believed(ladder_of_usdc: Callable[..., tuple[Ladder, ...]]) -> None:
    assert ladder_of_usdc(quoted(99_900_000), quoted(999_100_000), quoted(9_900_000_000)) == ()


def test_nonsense_from_the_quoter_is_no_quote(ladder_of_usdc: Callable[..., tuple[Ladder, ...]]) -> None:
    assert ladder_of_usdc(Answer(True, b"\xff" * 40), FAILED, FAILED) == ()


def test_a_ladder_ends_at_all_that_is_held(ladder_of_usdc: Callable[..., tuple[Ladder, ...]]) -> None:
    (ladder,) = ladder_of_usdc(quoted(99_900_000), quoted(698_000_000), held=700_000_000)
    assert [rung.sell for rung in ladder.rungs] == [100_000_000, 700_000_000]
    assert ladder_of_usdc(held=0) == ()


def test_what_has_no_price_is_not_sold(ladder_of_usdc: Callable[..., tuple[Ladder, ...]]) -> None:
    assert ladder_of_usdc(price=None) == ()


@pytest.mark.parametrize("sizes", [(), (0,), (-5,), (2, 1), (1, 1)])
def test_sizes_that_do_not_grow_are_refused(
    ladder_of_usdc: Callable[..., tuple[Ladder, ...]], sizes: tuple[int, ...]
) -> None:
    with pytest.raises(BadInput, match="must be positive and grow"):
        ladder_of_usdc(sizes=sizes)


def test_quotes_of_an_unknown_token_are_refused(uniswap: UniswapV3, context: ReadContext, answered: Run) -> None:
    with pytest.raises(BadInput, match="not configured"):
        answered(uniswap.providers[1].read(SwapLadders(("XYZ",), SIZES), context), lambda _: FAILED)


def star(spokes: int) -> tuple[Treasury, tuple[Pool, ...]]:
    """One token in the middle that has a pool with every other."""
    tokens = [Token(1, checksum((1000 + number).to_bytes(20, "big")), f"T{number}", 18) for number in range(spokes + 1)]
    pools = tuple(Pool(tokens[0], other, 100, checksum(other.address)) for other in tokens[1:])
    treasury = Treasury(
        1, ZERO_ADDRESS, {token.symbol: token for token in tokens}, Token(1, ZERO_ADDRESS, "ETH", 18), ZERO_ADDRESS
    )
    return treasury, pools


def test_the_number_of_routes_is_bounded_and_direct_ones_are_all_kept() -> None:
    treasury, pools = star(150)
    tokens = tuple(treasury.tokens.values())
    found = routes(pools, tokens, tokens, max_hops=2, max_routes=400)
    assert len(found) == 400
    assert sum(len(route.pools) == 1 for route in found) == 300
    assert len(routes(pools, tokens, tokens, max_hops=2, max_routes=10)) == 300
    assert len(routes(pools, tokens, tokens, max_hops=1, max_routes=400)) == 300


def test_two_hops_go_first_to_pairs_without_a_pool_of_their_own(treasury: Treasury) -> None:
    usdc, usdt, dai, weth = treasury.tokens.values()
    pools = [Pool(*pair, 100, ZERO_ADDRESS) for pair in ((usdc, usdt), (usdc, dai), (usdt, dai), (weth, usdc))]
    found = routes(pools, tuple(treasury.tokens.values()), tuple(treasury.tokens.values()), 2, 100)
    kinds = [
        "direct" if len(route.pools) == 1 else "only way" if weth in (route.sell, route.buy) else "other way"
        for route in found
    ]
    assert kinds == ["direct"] * 8 + ["only way"] * 4 + ["other way"] * 6


def test_one_round_quotes_a_hundred_tokens(context: ReadContext) -> None:
    treasury, pools = star(100)
    provider = SwapLaddersProvider(ZERO_ADDRESS, pools, 2, 400)
    prices = {token: TokenPrice(token, WAD) for token in treasury.tokens.values()}
    held = {token: Holding(10**30) for token in treasury.tokens.values()}
    seen: dict[Need[Any], Any] = {Prices(): prices, Holdings(): held}
    plan = provider.read(SwapLadders((), SIZES), ReadContext(treasury, context.run, context.block, seen))
    reads = next(plan)
    assert len(reads) == 400 * len(SIZES)
    plan.close()


def pool_answers(sqrt_price: int, liquidity: int, cumulatives: tuple[int, ...] | None) -> Callable[[Read], Answer]:
    slot0 = encode(
        ("uint160", "int24", "uint16", "uint16", "uint16", "uint8", "bool"), (sqrt_price, 0, 0, 1, 1, 0, True)
    )
    observed = FAILED
    if cumulatives is not None:
        observed = Answer(True, encode(("int56[]", "uint160[]"), (cumulatives, [0] * len(cumulatives))))

    def answer(read: Read) -> Answer:
        by_selector = {
            "3850c7bd": Answer(True, slot0),
            "1a686502": Answer(True, encode(("uint128",), (liquidity,))),
            "883bdbfd": observed,
        }
        return by_selector[read.data[:4].hex()]

    return answer


@pytest.fixture
def pool_price(treasury: Treasury, context: ReadContext, answered: Run) -> Callable[..., Any]:
    """The price of WETH/USDC, of which WETH is token1, from these answers."""

    def read(answer: Callable[[Read], Answer]) -> Any:
        pool = Pool(treasury.tokens["WETH"], treasury.tokens["USDC"], 500, ZERO_ADDRESS)
        (price,) = answered(PoolPricesProvider([pool], 1800).read(PoolPrices(), context), answer)
        return price

    return read


def test_a_pool_price_is_told_in_the_order_of_the_config(pool_price: Callable[..., Any]) -> None:
    # 3200 USDC for one WETH: 1e18 units of token1 for 3200e6 of token0
    sqrt_price = int((10**18 / 3200e6) ** 0.5 * 2**96)
    tick = 195_611
    price = pool_price(pool_answers(sqrt_price, 1, (0, tick * 1800)))
    assert price.problems == ()
    assert abs(price.spot - 3200 * WAD) < 10**8
    assert abs(price.twap - 3200 * WAD) < 3200 * WAD // 10_000
    assert price.fee == 5 * WAD // 10_000


@pytest.mark.parametrize(
    ("answer", "problem", "has_spot"),
    [
        (pool_answers(2**96, 1, None), "oracle remembers less than 30 min", True),
        (pool_answers(2**96, 1, (0,)), "oracle remembers less than 30 min", True),
        (pool_answers(2**96, 0, (0, 0)), "no liquidity", False),
        (pool_answers(0, 1, (0, 0)), "there is no pool", False),
        (pool_answers(1, 1, (0, 0)), "answers what no pool can", False),
        (pool_answers(2**96, 1, (0, 10**15)), "answers what no pool can", False),
        (lambda _: FAILED, "there is no pool", False),
        (lambda _: Answer(True, b"\1"), "there is no pool", False),
    ],
)
def test_a_pool_that_cannot_tell_its_price_says_why(
    pool_price: Callable[..., Any], answer: Callable[[Read], Answer], problem: str, has_spot: bool
) -> None:
    price = pool_price(answer)
    assert price.twap is None
    assert (price.spot is not None) == has_spot
    assert problem in price.problems[0]


def test_pools_outside_of_the_named_tokens_are_not_read(treasury: Treasury, context: ReadContext) -> None:
    pool = Pool(treasury.tokens["WETH"], treasury.tokens["USDC"], 500, ZERO_ADDRESS)
    plan = PoolPricesProvider([pool], 1800).read(PoolPrices(("USDC", "DAI")), context)
    with pytest.raises(StopIteration) as end:
        next(plan)
    assert end.value.value == ()


def test_holdings_are_whole_balances_also_huge_ones(context: ReadContext, answered: Run) -> None:
    told = answered(HoldingsProvider().read(Holdings(), context), lambda _: Answer(True, (10**30).to_bytes(32, "big")))
    assert list(told) == [*context.treasury.tokens.values(), context.treasury.native]
    assert set(told.values()) == {Holding(10**30)}


def test_a_balance_that_cannot_be_read_stops_the_run(context: ReadContext, answered: Run) -> None:
    dai = context.treasury.tokens["DAI"]

    def answer(read: Read) -> Answer:
        return FAILED if read.to == dai.address else Answer(True, b"\0" * 32)

    with pytest.raises(ChainError, match="balance of DAI cannot be read"):
        answered(HoldingsProvider().read(Holdings(), context), answer)


def test_an_allowance_that_cannot_be_read_is_absent(treasury: Treasury, answered: Run) -> None:
    usdc, dai = treasury.tokens["USDC"].address, treasury.tokens["DAI"].address
    pairs = [(usdc, treasury.safe), (dai, treasury.safe)]
    told = answered(
        read_allowances(treasury.safe, pairs),
        lambda read: Answer(True, b"\0" * 31 + b"\7") if read.to == usdc else FAILED,
    )
    assert told == {pairs[0]: 7}


def token_answers(decimals: int, symbol: bytes) -> Mapping[str, Answer]:
    return {
        "313ce567": Answer(True, encode(("uint8",), (decimals,))),
        "95d89b41": Answer(True, symbol),
        "18160ddd": Answer(True, encode(("uint256",), (1,))),
    }


@pytest.mark.parametrize(
    ("answers", "problem", "fatal"),
    [
        (token_answers(6, encode(("string",), ("USDC",))), None, True),
        (token_answers(6, b"USDC".ljust(32, b"\0")), None, True),
        (token_answers(18, encode(("string",), ("USDC",))), "the chain says 18 decimals, the configuration 6", True),
        (token_answers(6, encode(("string",), ("USDT",))), "calls itself 'USDT'", False),
        (token_answers(6, b"\xff" * 96), "calls itself no symbol", False),
        ({}, "there is no token", True),
    ],
)
def test_tokens_are_compared_with_the_configuration(
    treasury: Treasury, answered: Run, answers: Mapping[str, Answer], problem: str | None, fatal: bool
) -> None:
    checks = answered(check_tokens(treasury), lambda read: answers.get(read.data.hex(), FAILED))
    usdc = next(check for check in checks if check.subject == "token USDC")
    assert (usdc.problem is None) == (problem is None)
    assert problem is None or problem in usdc.problem
    assert usdc.fatal is fatal


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"pools": [{"tokens": ["USDC", "USDC"], "fee": 100}]}, "two different tokens"),
        ({"pools": [{"tokens": ["USDC", "DAI"], "fee": 0}]}, "greater than 0"),
        (
            {"pools": [{"tokens": ["USDC", "DAI"], "fee": 100}, {"tokens": ["DAI", "USDC"], "fee": 100}]},
            "stands twice",
        ),
        ({"max_hops": 3}, "less than or equal to 2"),
        ({"code_hashes": {"router": "0x12"}}, "not a code hash"),
        ({"unknown": 1}, "Extra inputs"),
    ],
)
def test_settings_that_make_no_sense_are_refused(change: dict[str, Any], what: str) -> None:
    good: dict[str, Any] = {
        "factory": "0x" + "11" * 20,
        "router": "0x" + "22" * 20,
        "quoter": "0x" + "33" * 20,
        "pools": [],
    }
    UniswapV3Settings.model_validate(good)
    with pytest.raises(ValueError, match=what):
        UniswapV3Settings.model_validate({**good, **change})


def test_a_pool_of_an_unknown_token_is_refused(treasury: Treasury) -> None:
    places = {"factory": "0x" + "11" * 20, "router": "0x" + "22" * 20, "quoter": "0x" + "33" * 20}
    settings = UniswapV3Settings.model_validate({**places, "pools": [{"tokens": ["ETH", "USDC"], "fee": 500}]})
    with pytest.raises(BadInput, match="configure that"):
        UniswapV3(settings, treasury)
