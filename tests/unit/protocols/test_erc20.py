"""ERC-20 and native transfers: what is encoded, and what is read back from bytes."""

from __future__ import annotations

import pytest

from dao_bot.chain.abi import function
from dao_bot.chain.provider import Treasury
from dao_bot.domain.addresses import ZERO_ADDRESS, checksum
from dao_bot.domain.calls import Call
from dao_bot.domain.errors import BadInput
from dao_bot.domain.operations import Transfer
from dao_bot.domain.tokens import Token
from dao_bot.protocols.erc20 import APPROVE, TRANSFER, TRANSFER_FROM, UNLIMITED, Erc20, Erc20Settings, exact_approval
from dao_bot.protocols.port import EncodeContext

PAYEE = checksum(b"\x77" * 20)
SPENDER = checksum(b"\x88" * 20)


@pytest.fixture
def erc20(treasury: Treasury) -> Erc20:
    return Erc20(Erc20Settings(), treasury)


def test_a_transfer_reads_back_as_what_was_encoded(
    erc20: Erc20, treasury: Treasury, encode_context: EncodeContext
) -> None:
    usdc = treasury.tokens["USDC"]
    (call,) = erc20.encode(Transfer(usdc.amount(1_500_000), PAYEE), encode_context)
    decoded = erc20.decode(call)
    assert decoded is not None
    assert (call.to, call.value) == (usdc.address, 0)
    assert decoded.function == "transfer(address,uint256)"
    assert decoded.recipients == (PAYEE,)
    assert decoded.spends == ((usdc.address, 1_500_000),)
    assert decoded.summary == f"Send 1.50 USDC to {PAYEE}"


def test_a_transfer_of_coins_is_a_bare_call(erc20: Erc20, treasury: Treasury, encode_context: EncodeContext) -> None:
    (call,) = erc20.encode(Transfer(treasury.native.amount(10**18), PAYEE), encode_context)
    assert call == Call(PAYEE, b"", 10**18)
    decoded = erc20.decode(call)
    assert decoded is not None
    assert decoded.spends == ((ZERO_ADDRESS, 10**18),)
    assert decoded.recipients == (PAYEE,)


@pytest.mark.parametrize(
    ("units", "to", "what"),
    [(0, PAYEE, "must move something"), (-1, PAYEE, "must move something"), (1, ZERO_ADDRESS, "is lost")],
)
def test_senseless_transfers_are_refused(
    erc20: Erc20, treasury: Treasury, encode_context: EncodeContext, units: int, to: str, what: str
) -> None:
    with pytest.raises(BadInput, match=what):
        erc20.encode(Transfer(treasury.tokens["USDC"].amount(units), checksum(to)), encode_context)


def test_a_transfer_of_a_foreign_token_is_refused(erc20: Erc20, encode_context: EncodeContext) -> None:
    foreign = Token(1, checksum(b"\x99" * 20), "USDC", 6)
    with pytest.raises(BadInput, match="not configured"):
        erc20.encode(Transfer(foreign.amount(1), PAYEE), encode_context)


def test_an_approval_names_token_spender_and_amount(erc20: Erc20, treasury: Treasury) -> None:
    usdt = treasury.tokens["USDT"]
    decoded = erc20.decode(Call(usdt.address, APPROVE.encode(SPENDER, 5_000_000)))
    assert decoded is not None
    assert decoded.approves == (usdt.address, SPENDER, 5_000_000)
    assert decoded.spends == ()
    assert decoded.summary == f"Allow {SPENDER} to take 5.00 USDT"


def test_an_unlimited_approval_is_called_so(erc20: Erc20, treasury: Treasury) -> None:
    decoded = erc20.decode(Call(treasury.tokens["DAI"].address, APPROVE.encode(SPENDER, UNLIMITED)))
    assert decoded is not None
    assert decoded.summary == f"Allow {SPENDER} to take any amount of DAI"


@pytest.mark.parametrize("name", ["increaseAllowance", "decreaseAllowance"])
def test_a_changed_allowance_counts_as_unlimited_because_its_start_is_unknown(
    erc20: Erc20, treasury: Treasury, name: str
) -> None:
    dai = treasury.tokens["DAI"]
    decoded = erc20.decode(Call(dai.address, function(f"{name}(address,uint256)").encode(SPENDER, 1)))
    assert decoded is not None
    assert decoded.approves == (dai.address, SPENDER, UNLIMITED)


def test_transfer_from_takes_from_the_safe_only_when_the_safe_pays(erc20: Erc20, treasury: Treasury) -> None:
    usdc = treasury.tokens["USDC"]
    own = erc20.decode(Call(usdc.address, TRANSFER_FROM.encode(treasury.safe, PAYEE, 9)))
    other = erc20.decode(Call(usdc.address, TRANSFER_FROM.encode(SPENDER, PAYEE, 9)))
    assert own is not None and own.spends == ((usdc.address, 9),)
    assert other is not None and other.spends == ()
    assert own.recipients == other.recipients == (PAYEE,)


def test_what_is_not_exactly_a_known_call_is_unknown(erc20: Erc20, treasury: Treasury) -> None:
    usdc = treasury.tokens["USDC"].address
    good = TRANSFER.encode(PAYEE, 1)
    dirty = bytearray(good)
    dirty[4] = 1  # the upper bytes of the address word
    permit = function("permit(address,address,uint256,uint256,uint8,bytes32,bytes32)")
    calls = [
        Call(usdc, good + b"\0"),
        Call(usdc, good[:-1]),
        Call(usdc, bytes(dirty)),
        Call(usdc, good, value=1),
        Call(usdc, good[:4]),
        Call(usdc, permit.encode(treasury.safe, SPENDER, 1, 2, 27, b"\1" * 32, b"\1" * 32)),
        Call(PAYEE, good),
        Call(PAYEE, b""),
    ]
    assert [erc20.decode(call) for call in calls] == [None] * len(calls)
    assert erc20.decode(Call(usdc, good)) is not None


def test_an_exact_approval_ends_at_zero_and_begins_there_where_needed(treasury: Treasury) -> None:
    usdt = treasury.tokens["USDT"]
    before, after = exact_approval(usdt, SPENDER, 7, needs_zero_first=True)
    assert [APPROVE.arguments(call.data) for call in (*before, *after)] == [(SPENDER, 0), (SPENDER, 7), (SPENDER, 0)]
    before, after = exact_approval(usdt, SPENDER, 7, needs_zero_first=False)
    assert [APPROVE.arguments(call.data) for call in (*before, *after)] == [(SPENDER, 7), (SPENDER, 0)]
