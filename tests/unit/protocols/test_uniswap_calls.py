"""Swaps of Uniswap v3: how they are encoded, what is refused, and what is read back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dao_bot.chain.abi import function
from dao_bot.chain.provider import Treasury
from dao_bot.domain.addresses import Address, checksum
from dao_bot.domain.calls import Call, DecodedCall
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.operations import Swap
from dao_bot.domain.prices import TokenPrice
from dao_bot.domain.units import WAD
from dao_bot.protocols.deadline import MULTICALL, deadline_call, decode_deadline
from dao_bot.protocols.erc20 import APPROVE
from dao_bot.protocols.port import EncodeContext
from dao_bot.protocols.uniswap_v3.encode import EXACT_INPUT, EXACT_INPUT_SINGLE, minimum_output
from dao_bot.protocols.uniswap_v3.paths import Path
from dao_bot.protocols.uniswap_v3.protocol import UniswapV3

PAYEE = checksum(b"\x77" * 20)
SENDER_OF_MESSAGE = checksum(b"\0" * 19 + b"\1")
ROUTER_ITSELF = checksum(b"\0" * 19 + b"\2")


def swap(treasury: Treasury, route: str = "USDC 100 USDT", units: int = 10**9, expected: int = 999_700_000) -> Swap:
    words = route.split()
    tokens = [treasury.tokens[symbol] for symbol in words[::2]]
    path = Path(tuple(token.address for token in tokens), tuple(int(fee) for fee in words[1::2]))
    return Swap(tokens[0].amount(units), tokens[-1], expected, "uniswap_v3", "0x" + path.encode().hex())


def single(treasury: Treasury, recipient: Address, units: int = 5, minimum: int = 3) -> bytes:
    usdc, usdt = treasury.tokens["USDC"].address, treasury.tokens["USDT"].address
    return EXACT_INPUT_SINGLE.encode((usdc, usdt, 100, recipient, units, minimum, 0))


def decoded_call(uniswap: UniswapV3, call: Call) -> DecodedCall:
    decoded = uniswap.decode(call)
    assert decoded is not None
    return decoded


def test_a_direct_swap_is_allowance_swap_and_no_allowance(
    uniswap: UniswapV3, treasury: Treasury, encode_context: EncodeContext
) -> None:
    calls = uniswap.encode(swap(treasury), encode_context)
    usdc = treasury.tokens["USDC"].address
    assert [call.to for call in calls] == [usdc, usdc, uniswap.router, usdc]
    approvals = [APPROVE.arguments(call.data) for call in calls if call.to == usdc]
    assert approvals == [(uniswap.router, 0), (uniswap.router, 10**9), (uniswap.router, 0)]
    decoded = decoded_call(uniswap, calls[2])
    assert decoded.recipients == (treasury.safe,)
    assert decoded.spends == ((usdc, 10**9),)
    assert decoded.venue == "uniswap_v3"
    assert decoded.pools == (uniswap.pools[0].address,)


def test_an_allowance_that_is_known_to_be_zero_is_not_cleared_first(
    uniswap: UniswapV3, treasury: Treasury, encode_context: EncodeContext
) -> None:
    key = (treasury.tokens["USDC"].address, uniswap.router)
    assert len(uniswap.encode(swap(treasury), replace(encode_context, allowances={key: 0}))) == 3
    assert len(uniswap.encode(swap(treasury), replace(encode_context, allowances={key: 1}))) == 4


def test_two_hops_are_one_swap_through_both_pools(
    uniswap: UniswapV3, treasury: Treasury, encode_context: EncodeContext
) -> None:
    order = swap(treasury, "USDT 100 USDC 100 DAI", 10**9, 999_600_000_000_000_000_000)
    decoded = decoded_call(uniswap, uniswap.encode(order, encode_context)[2])
    assert decoded.function == "exactInput((bytes,address,uint256,uint256))"
    assert decoded.pools == (uniswap.pools[0].address, uniswap.pools[1].address)
    assert "USDT > USDC > DAI" in decoded.summary


def test_the_minimum_is_the_quote_less_slippage_where_the_pool_pays_more_than_the_oracle(
    treasury: Treasury, encode_context: EncodeContext
) -> None:
    generous = swap(treasury, expected=1_100_000_000)
    assert minimum_output(generous, encode_context) == 1_094_500_000


def test_the_minimum_is_the_oracles_where_the_quote_is_just_above_it(
    treasury: Treasury, encode_context: EncodeContext
) -> None:
    assert minimum_output(swap(treasury, expected=995_000_001), encode_context) == 995_000_000


def test_a_quote_below_the_oracles_bound_is_refused_with_both_numbers(
    treasury: Treasury, encode_context: EncodeContext
) -> None:
    with pytest.raises(Refused, match="worse than the slippage limit") as refusal:
        minimum_output(swap(treasury, expected=994_999_999), encode_context)
    assert "994.99 USDT quoted" in str(refusal.value)
    assert "at least 995.00 USDT (slippage 0.50 %)" in str(refusal.value)


def test_without_a_usable_price_nothing_is_swapped(treasury: Treasury, encode_context: EncodeContext) -> None:
    usdt = treasury.tokens["USDT"]
    prices = {**encode_context.prices, usdt: TokenPrice(usdt, None, (), ("the feed is 2 d old",))}
    with pytest.raises(Refused, match="no usable price for USDT"):
        minimum_output(swap(treasury), replace(encode_context, prices=prices))


def test_leaving_a_fallen_token_may_return_less_unless_the_bought_one_fell_too(
    treasury: Treasury, encode_context: EncodeContext
) -> None:
    leaving = swap(treasury, expected=985_000_000)
    fallen = {leaving.sell.token: 2 * WAD // 100}
    assert minimum_output(leaving, replace(encode_context, exits=fallen)) == 980_000_000
    with pytest.raises(Refused, match="worse than the slippage limit"):
        minimum_output(leaving, replace(encode_context, exits={**fallen, leaving.buy: 2 * WAD // 100}))


@pytest.mark.parametrize("slippage", [-1, WAD])
def test_a_slippage_limit_that_limits_nothing_is_refused(
    treasury: Treasury, encode_context: EncodeContext, slippage: int
) -> None:
    with pytest.raises(BadInput, match="not a slippage limit"):
        minimum_output(swap(treasury), replace(encode_context, slippage=slippage))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"venue": "elsewhere"}, "venue that is not configured"),
        ({"path": "0xzz"}, "must be hex"),
        ({"path": "0x"}, "not a route"),
        ({"path": "0x" + "11" * 44}, "not a route"),
        ({"expected": 0}, "must sell and buy"),
    ],
)
def test_malformed_swaps_are_refused(
    uniswap: UniswapV3, treasury: Treasury, encode_context: EncodeContext, change: dict[str, object], what: str
) -> None:
    with pytest.raises(BadInput, match=what):
        uniswap.encode(replace(swap(treasury), **change), encode_context)  # type: ignore[arg-type]


def test_a_route_through_a_pool_that_is_not_configured_is_refused(
    uniswap: UniswapV3, treasury: Treasury, encode_context: EncodeContext
) -> None:
    with pytest.raises(BadInput, match="pool that is not configured"):
        uniswap.encode(swap(treasury, "USDC 500 USDT"), encode_context)


def test_a_route_that_leads_elsewhere_is_refused(
    uniswap: UniswapV3, treasury: Treasury, encode_context: EncodeContext
) -> None:
    order = replace(swap(treasury), buy=treasury.tokens["DAI"])
    with pytest.raises(BadInput, match="does not lead"):
        uniswap.encode(order, encode_context)
    circle = replace(swap(treasury, "USDC 100 USDT 100 USDC"), buy=treasury.tokens["USDC"])
    with pytest.raises(BadInput, match="does not lead"):
        uniswap.encode(circle, encode_context)


def test_the_deadline_call_reads_back_as_a_deadline(uniswap: UniswapV3) -> None:
    call = deadline_call(uniswap.router, 1_800_000_000)
    assert decoded_call(uniswap, call).deadline == 1_800_000_000
    assert decode_deadline(call, uniswap.router) == uniswap.decode(call)
    assert decode_deadline(replace(call, value=1), uniswap.router) is None
    assert decode_deadline(call, PAYEE) is None


@pytest.mark.parametrize("moment", [0, -1, 2**40])
def test_a_deadline_that_is_no_time_is_refused(uniswap: UniswapV3, moment: int) -> None:
    with pytest.raises(BadInput, match="not a deadline"):
        deadline_call(uniswap.router, moment)


def test_the_routers_special_recipients_are_named(uniswap: UniswapV3, treasury: Treasury) -> None:
    expected = {PAYEE: PAYEE, SENDER_OF_MESSAGE: treasury.safe, ROUTER_ITSELF: uniswap.router}
    for written, meant in expected.items():
        assert decoded_call(uniswap, Call(uniswap.router, single(treasury, written))).recipients == (meant,)


def test_a_swap_below_a_deadline_is_read_with_both(uniswap: UniswapV3, treasury: Treasury) -> None:
    data = MULTICALL.encode(99, [single(treasury, treasury.safe, 5, 3), single(treasury, PAYEE, 7, 4)])
    decoded = decoded_call(uniswap, Call(uniswap.router, data))
    usdc, usdt = treasury.tokens["USDC"].address, treasury.tokens["USDT"].address
    assert decoded.deadline == 99
    assert decoded.spends == ((usdc, 12),)
    assert decoded.minimum == (usdc, 12, usdt, 7)
    assert decoded.recipients == (treasury.safe, PAYEE)


def test_router_calls_that_are_not_understood_are_unknown(uniswap: UniswapV3, treasury: Treasury) -> None:
    usdc, usdt, dai = (treasury.tokens[symbol].address for symbol in ("USDC", "USDT", "DAI"))
    good = single(treasury, treasury.safe)
    other_pair = EXACT_INPUT_SINGLE.encode((dai, usdt, 100, treasury.safe, 1, 1, 0))
    sweep = function("sweepToken(address,uint256)").encode(usdc, 1)
    data = [
        good + b"\0" * 32,
        good[:-1],
        single(treasury, treasury.safe, units=0),
        EXACT_INPUT.encode((b"\1" * 42, treasury.safe, 5, 3)),
        EXACT_INPUT_SINGLE.encode((usdc, usdc, 100, treasury.safe, 5, 3, 0)),
        MULTICALL.encode(99, [good, other_pair]),
        MULTICALL.encode(99, [good, sweep]),
        MULTICALL.encode(99, [MULTICALL.encode(99, [good])]),
        function("multicall(bytes[])").encode([good]),
        sweep,
        b"",
        MULTICALL.encode(99, [b"\0" * 40_000]),
    ]
    assert [uniswap.decode(Call(uniswap.router, each)) for each in data] == [None] * len(data)
    assert uniswap.decode(Call(uniswap.router, good, value=1)) is None
    assert uniswap.decode(Call(PAYEE, good)) is None
    assert uniswap.decode(Call(uniswap.router, good)) is not None


def test_only_the_router_is_called_by_the_safe(uniswap: UniswapV3) -> None:
    assert list(uniswap.contracts) == [uniswap.router]
    assert len(uniswap.relied_on) == 3
