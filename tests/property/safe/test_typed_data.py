"""What a wallet signs as typed data is the Safe's own hash, for any transaction of any Safe on any chain."""

from __future__ import annotations

from eth_account import Account
from eth_account.messages import encode_typed_data
from hypothesis import given, settings
from hypothesis import strategies as st

from dao_bot.domain.addresses import Address
from dao_bot.safe.hashes import safe_tx_hash
from dao_bot.safe.transaction import SafeTransaction
from dao_bot.safe.typed_data import safe_typed_data
from tests.examples import examples
from tests.property.safe.strategies import addresses, safe_transactions

KEY = b"\x11" * 32


@settings(max_examples=examples(40), deadline=None)
@given(st.integers(1, 2**53 - 1), addresses(), safe_transactions())
def test_a_wallet_that_signs_the_typed_data_signs_the_safe_tx_hash(
    chain_id: int, safe: Address, transaction: SafeTransaction
) -> None:
    typed = safe_typed_data(chain_id, safe, transaction)
    signed = Account.sign_message(encode_typed_data(full_message=typed), KEY)
    assert bytes(signed.message_hash) == safe_tx_hash(chain_id, safe, transaction)
