"""What must hold for every swap, route and tick."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from math import isqrt

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dao_bot.chain.provider import Treasury
from dao_bot.domain.addresses import ZERO_ADDRESS, Address, checksum
from dao_bot.domain.calls import Call
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.operations import Swap
from dao_bot.domain.prices import TokenPrice
from dao_bot.domain.runs import Block
from dao_bot.domain.ticks import (
    MAX_SQRT_RATIO,
    MAX_TICK,
    MIN_SQRT_RATIO,
    MIN_TICK,
    inverse_price_at_sqrt,
    mean_tick,
    price_at_sqrt,
    price_at_tick,
)
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD
from dao_bot.protocols.deadline import deadline_call
from dao_bot.protocols.port import EncodeContext
from dao_bot.protocols.uniswap_v3.encode import minimum_output
from dao_bot.protocols.uniswap_v3.paths import Path, pool_address
from dao_bot.protocols.uniswap_v3.protocol import UniswapV3
from dao_bot.protocols.uniswap_v3.settings import UniswapV3Settings
from tests.examples import examples

FACTORY = Address("0x1F98431c8aD98523631AE4a59f267346ea31F984")
SAFE = checksum(b"\x5a" * 20)
BLOCK = Block(1, 1, "0x" + "00" * 32, 1_700_000_000)

addresses = st.binary(min_size=20, max_size=20).map(checksum)
fees = st.integers(1, 2**24 - 1)
units = st.integers(1, 2**200)
prices = st.integers(10**6, 10**30)


@st.composite
def paths(draw: st.DrawFn) -> Path:
    hops = draw(st.integers(1, 8))
    tokens = draw(st.lists(addresses, min_size=hops + 1, max_size=hops + 1))
    return Path(tuple(tokens), tuple(draw(st.lists(fees, min_size=hops, max_size=hops))))


@st.composite
def swaps(draw: st.DrawFn) -> tuple[UniswapV3, Swap, EncodeContext]:
    """A swap over one or two configured pools, with prices and a slippage limit at which it is not refused."""
    hops = draw(st.integers(1, 2))
    places = draw(st.lists(addresses, min_size=hops + 1, max_size=hops + 1, unique=True))
    assume(ZERO_ADDRESS not in places)
    tokens = [Token(1, place, f"T{n}", draw(st.integers(0, 24))) for n, place in enumerate(places)]
    treasury = Treasury(1, SAFE, {each.symbol: each for each in tokens}, Token(1, ZERO_ADDRESS, "ETH", 18), SAFE)
    pool_fees = draw(st.lists(st.sampled_from([100, 500, 3000, 10000]), min_size=hops, max_size=hops))
    config = {
        "factory": FACTORY,
        "router": "0x" + "22" * 20,
        "quoter": "0x" + "33" * 20,
        "pools": [{"tokens": [f"T{n}", f"T{n + 1}"], "fee": fee} for n, fee in enumerate(pool_fees)],
    }
    usd = {token: TokenPrice(token, draw(prices)) for token in tokens}
    context = EncodeContext(treasury, BLOCK, usd, draw(st.integers(0, WAD - 1)), BLOCK.timestamp + 1)
    path = Path(tuple(places), tuple(pool_fees))
    swap = Swap(tokens[0].amount(draw(units)), tokens[-1], 2**255, "uniswap_v3", "0x" + path.encode().hex())
    fair = _fair(swap, context)
    assume(fair < 2**250)
    swap = replace(swap, expected=draw(st.integers(int(fair) + 1, int(2 * fair) + 2)))
    return UniswapV3(UniswapV3Settings.model_validate(config), treasury), swap, context


def _fair(swap: Swap, context: EncodeContext) -> Fraction:
    """What the oracle says that the sold amount is worth in base units of the bought token."""
    sell, buy = swap.sell.token, swap.buy
    worth = Fraction(swap.sell.units * context.prices[sell].require(), 10**sell.decimals)
    return worth * Fraction(10**buy.decimals, context.prices[buy].require())


@given(swaps())
@settings(max_examples=examples(60), deadline=None)
def test_a_swap_reads_back_from_its_bytes_as_what_was_asked_for(case: tuple[UniswapV3, Swap, EncodeContext]) -> None:
    uniswap, swap, context = case
    clear, allow, exchange, end = uniswap.encode(swap, context)
    decoded = uniswap.decode(exchange)
    assert decoded is not None
    sold, bought = swap.sell.token.address, swap.buy.address
    assert decoded.minimum == (sold, swap.sell.units, bought, minimum_output(swap, context))
    assert decoded.recipients == (SAFE,)
    assert decoded.spends == ((sold, swap.sell.units),)
    path = Path.decode(bytes.fromhex(swap.path[2:]))
    assert decoded.pools == path.pools(FACTORY)
    assert clear == end
    assert allow.to == sold
    assert uniswap.decode(Call(exchange.to, exchange.data + b"\0")) is None


@given(swaps(), st.data())
@settings(max_examples=examples(60), deadline=None)
def test_a_swap_with_one_byte_changed_never_reads_the_same(
    case: tuple[UniswapV3, Swap, EncodeContext], data: st.DataObject
) -> None:
    uniswap, swap, context = case
    exchange = uniswap.encode(swap, context)[2]
    changed = bytearray(exchange.data)
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    original, other = uniswap.decode(exchange), uniswap.decode(Call(exchange.to, bytes(changed)))
    assert other is None or replace(other, call=exchange) != original


@given(swaps())
@settings(max_examples=examples(100), deadline=None)
def test_the_minimum_is_never_below_either_bound_and_never_a_unit_too_much(
    case: tuple[UniswapV3, Swap, EncodeContext],
) -> None:
    _, swap, context = case
    minimum = minimum_output(swap, context)
    kept = Fraction(WAD - context.slippage, WAD)
    bounds = (_fair(swap, context) * kept, swap.expected * kept)
    assert max(bounds) <= minimum < max(bounds) + 1
    assert minimum <= swap.expected


@given(swaps(), st.integers(1, 10**6))
@settings(max_examples=examples(60), deadline=None)
def test_a_quote_below_the_oracles_bound_is_always_refused(
    case: tuple[UniswapV3, Swap, EncodeContext], below: int
) -> None:
    uniswap, swap, context = case
    bound = _fair(swap, context) * Fraction(WAD - context.slippage, WAD)
    poor = -(-bound.numerator // bound.denominator) - below
    assume(poor > 0)
    with pytest.raises(Refused):
        uniswap.encode(replace(swap, expected=poor), context)


@given(paths())
def test_a_route_survives_its_packing(path: Path) -> None:
    packed = path.encode()
    assert len(packed) == 20 + 23 * len(path.fees)
    assert Path.decode(packed) == path


@given(st.binary(max_size=300))
def test_bytes_that_are_a_route_pack_to_themselves_and_others_are_refused(data: bytes) -> None:
    if len(data) in range(43, 205, 23):
        assert Path.decode(data).encode() == data
    else:
        with pytest.raises(BadInput):
            Path.decode(data)


@given(st.integers(0, 2**41), addresses)
def test_a_deadline_reads_back(moment: int, router: Address) -> None:
    if not 0 < moment < 2**40:
        with pytest.raises(BadInput):
            deadline_call(router, moment)
        return
    treasury = Treasury(1, SAFE, {}, Token(1, ZERO_ADDRESS, "ETH", 18), SAFE)
    places = {"factory": FACTORY, "router": router, "quoter": "0x" + "33" * 20, "pools": []}
    decoded = UniswapV3(UniswapV3Settings.model_validate(places), treasury).decode(deadline_call(router, moment))
    assert decoded is not None
    assert (decoded.deadline, decoded.spends, decoded.recipients) == (moment, (), ())


@given(addresses, addresses, st.integers(1, 10**6))
def test_a_pools_address_does_not_depend_on_the_order_of_its_tokens(one: Address, other: Address, fee: int) -> None:
    assert pool_address(FACTORY, one, other, fee) == pool_address(FACTORY, other, one, fee)


@pytest.mark.parametrize(
    ("one", "other", "fee", "pool"),
    [
        (
            "A0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
            "C02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2",
            500,
            "88e6A0c2dDD26FEEb64F039a2c41296FcB3f5640",
        ),
        (
            "6B175474E89094C44Da98b954EedeAC495271d0F",
            "A0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48",
            100,
            "5777d92f208679DB4b9778590Fa3CAB3aC9e2168",
        ),
    ],
)
def test_known_pools_of_the_main_net_are_where_they_are(one: str, other: str, fee: int, pool: str) -> None:
    assert pool_address(FACTORY, Address("0x" + one), Address("0x" + other), fee) == "0x" + pool


ticks = st.integers(MIN_TICK, MAX_TICK)


@given(ticks)
@settings(max_examples=examples(50), deadline=None)
def test_a_tick_is_the_price_of_the_whitepaper_but_for_its_last_unit(tick: int) -> None:
    near = tick % 2_000 - 1_000  # an exact power of 1.0001 with millions of digits takes too long
    exact = int(Fraction(10_001, 10_000) ** near * 10**18 * WAD)
    assert 0 <= exact - price_at_tick(near, 24, 6) <= 1


@given(ticks)
def test_prices_grow_with_ticks_and_turn_round_with_their_sign(tick: int) -> None:
    assume(tick < MAX_TICK)
    low, high = price_at_tick(tick, 36, 0), price_at_tick(tick + 1, 36, 0)
    assert low < high
    assert abs(low * price_at_tick(-tick, 36, 0) - WAD**2 * 10**72) <= (low + price_at_tick(-tick, 36, 0) + 1)


TICK_MATH = {
    MIN_TICK: MIN_SQRT_RATIO,
    MIN_TICK + 1: 4295343490,
    0: 2**96,
    MAX_TICK - 1: 1461373636630004318706518188784493106690254656249,
    MAX_TICK: MAX_SQRT_RATIO,
}
"""`getSqrtRatioAtTick` of the contracts, from the tests of v3-core (TickMath.spec.ts)."""


@pytest.mark.parametrize(("tick", "sqrt_price"), TICK_MATH.items())
def test_a_tick_agrees_with_the_contracts_square_root(tick: int, sqrt_price: int) -> None:
    price = price_at_tick(tick, 60, 0)  # more digits than the contract has
    root = isqrt(price * 2**192 // (WAD * 10**60))
    assert abs(root - sqrt_price) <= 1 + sqrt_price // 10**16


@given(st.integers(MIN_SQRT_RATIO, MAX_SQRT_RATIO - 1), st.integers(0, 24), st.integers(0, 24))
def test_a_square_root_price_is_squared_exactly(root: int, base: int, quote: int) -> None:
    exact = Fraction(root**2, 2**192) * Fraction(10**base, 10**quote)
    assert price_at_sqrt(root, base, quote) == int(exact * WAD)
    assert inverse_price_at_sqrt(root, quote, base) == int(WAD / exact)


@pytest.mark.parametrize("root", [0, MIN_SQRT_RATIO - 1, MAX_SQRT_RATIO])
def test_roots_that_no_pool_has_are_refused(root: int) -> None:
    with pytest.raises(BadInput):
        price_at_sqrt(root, 18, 18)


@pytest.mark.parametrize("tick", [MIN_TICK - 1, MAX_TICK + 1])
def test_ticks_that_no_pool_has_are_refused(tick: int) -> None:
    with pytest.raises(BadInput):
        price_at_tick(tick, 18, 18)


@given(ticks, st.integers(1, 10**6), st.integers(-(10**12), 10**12))
def test_a_constant_tick_is_its_own_mean(tick: int, seconds: int, start: int) -> None:
    assert mean_tick(start, start + tick * seconds, seconds) == tick
    assert mean_tick(start, start + tick * seconds - 1, seconds) == tick - 1
