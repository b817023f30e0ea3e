"""Random Safe transactions, calls and keys."""

from __future__ import annotations

from hypothesis import strategies as st

from dao_bot.domain.addresses import Address, checksum
from dao_bot.domain.calls import Call, CallType
from dao_bot.safe.signatures import SECP256K1_ORDER
from dao_bot.safe.transaction import SafeTransaction

UINT256 = st.integers(0, 2**256 - 1) | st.integers(0, 10)


def addresses() -> st.SearchStrategy[Address]:
    return st.binary(min_size=20, max_size=20).map(checksum)


def calls() -> st.SearchStrategy[Call]:
    return st.builds(Call, addresses(), st.binary(max_size=200), UINT256)


def keys() -> st.SearchStrategy[bytes]:
    return st.integers(1, SECP256K1_ORDER - 1).map(lambda number: number.to_bytes(32, "big"))


def safe_transactions() -> st.SearchStrategy[SafeTransaction]:
    return st.builds(
        SafeTransaction,
        to=addresses(),
        value=UINT256,
        data=st.binary(max_size=200),
        operation=st.sampled_from(CallType),
        nonce=UINT256,
        safe_tx_gas=UINT256,
        base_gas=UINT256,
        gas_price=UINT256,
        gas_token=addresses(),
        refund_receiver=addresses(),
    )
