"""Prices from feeds and pools: what is believed, and what is refused in which words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from dao_bot.chain.abi import encode
from dao_bot.chain.plan import Answer
from dao_bot.chain.provider import ReadContext, Treasury
from dao_bot.domain.addresses import checksum
from dao_bot.domain.errors import BadInput
from dao_bot.domain.needs import Need, PoolPrices, Prices
from dao_bot.domain.prices import PoolPrice, TokenPrice
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD
from dao_bot.market.feeds import ChainlinkFeed, ChainlinkSettings
from dao_bot.market.pool_twap import UniswapV3Twap, UniswapV3TwapSettings
from dao_bot.market.port import PriceSource, Reading
from dao_bot.market.prices import PricesProvider

NOW = 1_700_000_000
HOUR = 3600
FEED = checksum(b"\xfe" * 20)


def round_data(
    answer: int = 100_000_000, updated_at: int = NOW - 60, round_id: int = 5, answered_in: int = 5
) -> Answer:
    types = ("uint80", "int256", "uint256", "uint256", "uint80")
    return Answer(True, encode(types, (round_id, answer, updated_at, updated_at, answered_in)))


def decimals(places: int) -> Answer:
    return Answer(True, places.to_bytes(32, "big"))


@pytest.fixture
def feed(treasury: Treasury) -> ChainlinkFeed:
    settings = {"feed": FEED, "heartbeat": "1h", "min": "0.5 USD", "max": "1.5 USD"}
    return ChainlinkFeed(ChainlinkSettings.model_validate(settings), treasury.tokens["USDC"], treasury)


@pytest.mark.parametrize(("answer", "places"), [(99_980_000, 8), (999_800_000_000_000_000, 18), (9998 * 10**16, 20)])
def test_an_answer_is_scaled_by_the_feeds_own_decimals(
    feed: ChainlinkFeed, context: ReadContext, answer: int, places: int
) -> None:
    reading = feed.interpret([round_data(answer), decimals(places)], context)
    assert (reading.price, reading.at, reading.max_age) == (9998 * WAD // 10_000, NOW - 60, HOUR)


@pytest.mark.parametrize(
    ("latest", "places", "problem"),
    [
        (Answer(False, b""), decimals(8), "does not answer"),
        (Answer(True, b"\0" * 32), decimals(8), "does not answer"),
        (round_data(), Answer(False, b""), "does not tell its decimals"),
        (round_data(), decimals(37), "claims 37 decimals"),
        (round_data(answer=0), decimals(8), "answers 0, which is no price"),
        (round_data(answer=-1), decimals(8), "answers -1, which is no price"),
        (round_data(round_id=0, answered_in=0), decimals(8), "no complete round"),
        (round_data(updated_at=0), decimals(8), "no complete round"),
        (round_data(answered_in=4), decimals(8), "an answer of an older round"),
        (round_data(answer=50_000_000), decimals(8), "not between 0.50 USD and 1.50 USD"),
        (round_data(answer=150_000_000), decimals(8), "not between 0.50 USD and 1.50 USD"),
    ],
)
def test_a_feed_that_cannot_be_believed_says_why(
    feed: ChainlinkFeed, context: ReadContext, latest: Answer, places: Answer, problem: str
) -> None:
    reading = feed.interpret([latest, places], context)
    assert reading.price is None
    assert problem in str(reading.problem)


@pytest.mark.parametrize("change", [{"min": "2 USD"}, {"min": "0 USD"}, {"heartbeat": "0s"}, {"heartbeat": 3600}])
def test_settings_of_a_feed_that_bound_nothing_are_refused(change: dict[str, Any]) -> None:
    good = {"feed": FEED, "heartbeat": "1h", "min": "0.5 USD", "max": "1.5 USD"}
    with pytest.raises(ValueError, match="validation error"):
        ChainlinkSettings.model_validate({**good, **change})


class Says:
    """A source that says what a test wants."""

    def __init__(self, price: int | None, age: int = 0, against: Token | None = None, name: str = "test") -> None:
        self.against = against
        self.requires: tuple[Need[Any], ...] = ()
        problem = f"{name} is silent" if price is None else None
        self._reading = Reading(name, price, NOW - age, HOUR, against, problem)

    def reads(self) -> Sequence[Any]:
        return ()

    def interpret(self, answers: Sequence[Answer], context: ReadContext) -> Reading:
        return self._reading


def prices(
    context: ReadContext, sources: Mapping[str, Sequence[Any]], need: Prices | None = None, **options: Any
) -> dict[str, TokenPrice]:
    treasury = context.treasury
    by_token: dict[Token, Sequence[PriceSource]] = {treasury.tokens[symbol]: each for symbol, each in sources.items()}
    plan = PricesProvider(by_token, treasury, **options).read(need or Prices(), context)
    with pytest.raises(StopIteration) as end:
        next(plan)
    return {token.symbol: price for token, price in end.value.value.items()}


def test_the_first_source_is_the_price_when_the_others_agree(context: ReadContext) -> None:
    told = prices(context, {"USDC": [Says(WAD, name="a"), Says(WAD * 101 // 100, name="b")]})["USDC"]
    assert (told.usd, told.problems) == (WAD, ())
    assert [quote.source for quote in told.quotes] == ["a", "b"]


def test_sources_that_disagree_leave_no_price_and_name_both(context: ReadContext) -> None:
    told = prices(context, {"USDC": [Says(WAD, name="a"), Says(WAD * 101 // 100 + 1, name="b")]})["USDC"]
    assert told.usd is None
    assert "more than 1.00 %" in told.problems[0]
    assert "a says 1.000000 USD, b says 1.010000 USD" in told.problems[0]


@pytest.mark.parametrize(("age", "problem"), [(HOUR + 1, "old, more than 1 h"), (-1, "1 s in the future")])
def test_every_configured_source_must_be_usable_by_default(context: ReadContext, age: int, problem: str) -> None:
    told = prices(context, {"USDC": [Says(WAD), Says(WAD, age)]})["USDC"]
    assert told.usd is None
    assert problem in told.problems[0]
    assert "1 of 2 sources can be used, 2 must be" in told.problems[1]
    assert len(told.quotes) == 2


def test_a_price_at_the_end_of_its_age_still_counts(context: ReadContext) -> None:
    assert prices(context, {"USDC": [Says(WAD, HOUR)]})["USDC"].usd == WAD


def test_with_fewer_required_sources_the_next_usable_one_is_the_price_and_the_problem_stays(
    context: ReadContext,
) -> None:
    told = prices(context, {"USDC": [Says(None), Says(2 * WAD)]}, min_sources=1)["USDC"]
    assert told.usd == 2 * WAD
    assert told.problems == ("test is silent",)


def test_a_token_without_sources_has_no_price(context: ReadContext) -> None:
    told = prices(context, {})
    assert set(told) == {"USDC", "USDT", "ETH"}
    assert all(price.usd is None and price.problems == ("no price source is configured",) for price in told.values())


def test_only_the_named_tokens_are_told(context: ReadContext) -> None:
    assert set(prices(context, {"USDC": [Says(WAD)]}, Prices(("USDT",)))) == {"USDT"}


def test_prices_of_an_unknown_token_are_refused(context: ReadContext) -> None:
    plan = PricesProvider({}, context.treasury).read(Prices(("XYZ",)), context)
    with pytest.raises(BadInput, match="not configured"):
        next(plan)


def test_a_price_against_another_token_is_turned_into_dollars_by_its_first_own_source(
    context: ReadContext,
) -> None:
    usdc, usdt = context.treasury.tokens["USDC"], context.treasury.tokens["USDT"]
    told = prices(
        context,
        {
            "USDC": [Says(WAD), Says(WAD * 10 // 9, against=usdt, name="pool")],
            "USDT": [Says(WAD * 9 // 10, against=usdc, name="pool"), Says(WAD * 9 // 10, name="feed")],
        },
    )
    assert told["USDC"].usd == WAD
    assert told["USDT"].usd == WAD * 9 // 10
    assert told["USDC"].quotes[1].usd == (WAD * 10 // 9) * (WAD * 9 // 10) // WAD


def test_a_price_against_a_token_without_a_usable_price_has_no_footing(context: ReadContext) -> None:
    usdt = context.treasury.tokens["USDT"]
    told = prices(context, {"USDC": [Says(WAD, against=usdt)], "USDT": [Says(WAD, age=2 * HOUR)]})["USDC"]
    assert told.usd is None
    assert "has no footing: test is 2 h old" in told.problems[0]


def test_a_price_against_a_token_that_nothing_prices_is_refused_at_the_start(treasury: Treasury) -> None:
    usdc, usdt = treasury.tokens["USDC"], treasury.tokens["USDT"]
    circle: Any = {usdc: [Says(WAD, against=usdt)], usdt: [Says(WAD, against=usdc)]}
    with pytest.raises(BadInput, match="which no source prices in USD"):
        PricesProvider(circle, treasury)


def test_fewer_sources_than_must_be_usable_are_refused_at_the_start(treasury: Treasury) -> None:
    sources: Any = {treasury.tokens["USDC"]: [Says(WAD)]}
    with pytest.raises(BadInput, match="fewer price sources"):
        PricesProvider(sources, treasury, min_sources=2)


def twap(treasury: Treasury, symbol: str, against: str) -> UniswapV3Twap:
    settings = UniswapV3TwapSettings(against=against, fee=100)
    return UniswapV3Twap(settings, treasury.tokens[symbol], treasury)


def with_pool(context: ReadContext, **changes: Any) -> ReadContext:
    tokens = context.treasury.tokens
    values = {
        "venue": "uniswap_v3",
        "pool": "0x",
        "base": tokens["USDC"],
        "quote": tokens["USDT"],
        "fee": 10**14,
        "spot": WAD,
        "twap": WAD * 5 // 4,
        "window": 1800,
        **changes,
    }
    return ReadContext(context.treasury, context.run, context.block, {PoolPrices(): (PoolPrice(**values),)})


def test_a_pools_average_is_read_in_both_directions_and_is_as_old_as_its_window(context: ReadContext) -> None:
    forth = twap(context.treasury, "USDC", "USDT").interpret((), with_pool(context))
    back = twap(context.treasury, "USDT", "USDC").interpret((), with_pool(context))
    assert (forth.price, back.price) == (WAD * 5 // 4, WAD * 4 // 5)
    assert (forth.at, forth.max_age) == (NOW - 1800, 1800)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"fee": 5 * 10**14}, "no such pool"),
        ({"venue": "other"}, "no such pool"),
        ({"twap": None, "problems": ("too short a memory",)}, "too short a memory"),
        ({"twap": 0}, "too far from one"),
    ],
)
def test_a_pool_without_an_average_gives_no_price(context: ReadContext, changes: dict[str, Any], problem: str) -> None:
    reading = twap(context.treasury, "USDC", "USDT").interpret((), with_pool(context, **changes))
    assert reading.price is None
    assert problem in str(reading.problem)


@pytest.mark.parametrize("against", ["USDC", "XYZ"])
def test_a_token_is_not_priced_against_itself_or_a_stranger(treasury: Treasury, against: str) -> None:
    with pytest.raises(BadInput, match="cannot be priced against"):
        twap(treasury, "USDC", against)
