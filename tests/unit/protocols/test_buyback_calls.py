"""Burning, a swap's own least return, and the supply of a token: encoded, read back, read from answers."""

from __future__ import annotations

import pytest

from dao_bot.chain.plan import Answer
from dao_bot.chain.provider import ReadContext, Treasury
from dao_bot.domain.addresses import checksum
from dao_bot.domain.calls import Call
from dao_bot.domain.errors import BadInput, ChainError, Refused
from dao_bot.domain.needs import Supply, TokenSupply
from dao_bot.domain.operations import Burn, Swap
from dao_bot.protocols.erc20 import BURN, Erc20, Erc20Settings
from dao_bot.protocols.port import EncodeContext
from dao_bot.protocols.supply import SupplyProvider
from dao_bot.protocols.uniswap_v3.encode import minimum_output

VESTING, STAKING = checksum(b"\x71" * 20), checksum(b"\x72" * 20)


@pytest.fixture
def erc20(treasury: Treasury) -> Erc20:
    return Erc20(Erc20Settings(), treasury)


def test_a_burn_reads_back_as_what_was_encoded(erc20: Erc20, treasury: Treasury, encode_context: EncodeContext) -> None:
    dai = treasury.tokens["DAI"]
    (call,) = erc20.encode(Burn(dai.amount(3 * 10**18)), encode_context)
    assert call == Call(dai.address, BURN.encode(3 * 10**18))
    decoded = erc20.decode(call)
    assert decoded is not None
    assert decoded.function == "burn(uint256)"
    assert decoded.burns == (dai.address, 3 * 10**18)
    assert decoded.spends == (decoded.burns,)
    assert decoded.recipients == ()
    assert decoded.summary == "Burn 3.00 DAI"


def test_a_burn_with_bytes_behind_it_is_not_understood(erc20: Erc20, treasury: Treasury) -> None:
    assert erc20.decode(Call(treasury.tokens["DAI"].address, BURN.encode(1) + b"\0")) is None
    assert erc20.decode(Call(treasury.tokens["DAI"].address, BURN.encode(1), 1)) is None


def test_senseless_burns_are_refused(erc20: Erc20, treasury: Treasury, encode_context: EncodeContext) -> None:
    with pytest.raises(BadInput, match="must move something"):
        erc20.encode(Burn(treasury.tokens["DAI"].amount(0)), encode_context)
    with pytest.raises(BadInput, match="coins cannot be burned"):
        erc20.encode(Burn(treasury.native.amount(1)), encode_context)


@pytest.mark.parametrize(("least", "minimum"), [(0, 995_000), (995_001, 995_001), (999_000, 999_000)])
def test_a_swap_returns_at_least_what_its_strategy_demands_and_never_less_than_the_encoder_asks(
    treasury: Treasury, encode_context: EncodeContext, least: int, minimum: int
) -> None:
    usdc, usdt = treasury.tokens["USDC"], treasury.tokens["USDT"]
    swap = Swap(usdc.amount(1_000_000), usdt, 999_000, "uniswap_v3", "0x", least)
    assert minimum_output(swap, encode_context) == minimum


def test_a_swap_that_demands_more_than_was_quoted_is_refused(treasury: Treasury, encode_context: EncodeContext) -> None:
    usdc, usdt = treasury.tokens["USDC"], treasury.tokens["USDT"]
    with pytest.raises(Refused, match="worse than the strategy itself demands"):
        minimum_output(Swap(usdc.amount(1_000_000), usdt, 999_000, "uniswap_v3", "0x", 999_001), encode_context)


def _word(value: int) -> Answer:
    return Answer(True, value.to_bytes(32, "big"))


def _read(need: Supply, context: ReadContext, *answers: Answer) -> TokenSupply:
    plan = SupplyProvider().read(need, context)
    assert len(next(plan)) == len(answers)
    with pytest.raises(StopIteration) as ended:
        plan.send(answers)
    found: TokenSupply = ended.value.value
    return found


def test_the_supply_is_read_with_the_balances_of_the_safe_and_of_every_different_holder(context: ReadContext) -> None:
    need = Supply("DAI", (VESTING, STAKING, VESTING))
    safe = context.treasury.safe
    found = _read(need, context, _word(1000), _word(20), _word(300), _word(0))
    assert found == TokenSupply(1000, safe, {safe: 20, VESTING: 300, STAKING: 0})


@pytest.mark.parametrize(
    "answers",
    [(Answer(False, b""), _word(1)), (_word(5), Answer(True, b"")), (_word(5), _word(6)), (_word(5), _word(3))],
)
def test_a_supply_that_cannot_be_is_an_error_not_a_number(context: ReadContext, answers: tuple[Answer, ...]) -> None:
    with pytest.raises(ChainError, match="supply of DAI"):
        _read(Supply("DAI", (VESTING,)), context, *answers, _word(3))


def test_the_supply_of_an_unknown_token_is_refused(context: ReadContext) -> None:
    with pytest.raises(BadInput, match="not configured"):
        next(SupplyProvider().read(Supply("GOV"), context))
