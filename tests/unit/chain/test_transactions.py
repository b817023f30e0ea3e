from __future__ import annotations

import pytest
from eth_account import Account

from dao_bot.chain.broadcast import BroadcastState, _state
from dao_bot.chain.gas import Fees
from dao_bot.chain.transactions import LocalSigner, Unsigned
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput

KEY = b"\x07" * 32
TO = Address("0x000000000000000000000000000000000000bEEF")


@pytest.mark.parametrize("fees", [Fees(10**10, 10**9), Fees(10**10, None)])
def test_what_is_signed_is_what_was_asked(fees: Fees) -> None:
    signer = LocalSigner(KEY)
    signed = signer.sign(Unsigned(31337, 5, TO, b"\1\2", 9, 50_000, fees))
    assert Account.recover_transaction("0x" + signed.raw.hex()) == signer.address == signed.sender
    assert (signed.nonce, signed.fees, len(signed.hash)) == (5, fees, 66)
    assert signer.sign(Unsigned(31337, 5, TO, b"\1\2", 9, 50_000, fees)) == signed, "the same bytes each time"


@pytest.mark.parametrize("key", [b"", b"\0" * 32, b"\xff" * 32, b"\1" * 31, b"\1" * 33])
def test_what_is_no_key_is_refused_without_showing_it(key: bytes) -> None:
    with pytest.raises(BadInput) as caught:
        LocalSigner(key)
    assert not key or key.hex() not in str(caught.value)


def test_a_signer_does_not_show_its_key() -> None:
    assert KEY.hex() not in f"{LocalSigner(KEY)!r} {LocalSigner(KEY)}"


@pytest.mark.parametrize(
    ("message", "state"),
    [
        ("already known", BroadcastState.ALREADY_KNOWN),
        ("AlreadyKnown", BroadcastState.ALREADY_KNOWN),
        ("transaction already imported", BroadcastState.ALREADY_KNOWN),
        ("Known transaction", BroadcastState.ALREADY_KNOWN),
        ("nonce too low: next nonce 5, tx nonce 4", BroadcastState.NONCE_TOO_LOW),
        ("OldNonce, Current nonce: 5, nonce of rejected tx: 4", BroadcastState.NONCE_TOO_LOW),
        ("replacement transaction underpriced", BroadcastState.UNDERPRICED),
        ("transaction underpriced: tip needed 1, tip permitted 0", BroadcastState.UNDERPRICED),
        ("FeeTooLow, MaxFeePerGas too low", BroadcastState.UNDERPRICED),
        ("max fee per gas less than block base fee", BroadcastState.UNDERPRICED),
        ("insufficient funds for gas * price + value: balance 0", BroadcastState.NO_FUNDS),
        ("Upfront cost exceeds account balance", BroadcastState.NO_FUNDS),
        ("intrinsic gas too low", BroadcastState.REFUSED),
        ("exceeds block gas limit", BroadcastState.REFUSED),
    ],
)
def test_the_words_of_nodes_become_states(message: str, state: BroadcastState) -> None:
    assert _state(message) is state
