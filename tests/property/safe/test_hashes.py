"""Our hashes are those of safe-eth-py, for any transaction of any Safe on any chain."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from safe_eth.eth.eip712 import eip712_encode
from safe_eth.safe.safe_tx import SafeTx

from dao_bot.domain.addresses import Address
from dao_bot.safe.hashes import domain_hash, message_hash, safe_tx_hash
from dao_bot.safe.transaction import SafeTransaction
from tests.examples import examples
from tests.property.safe.strategies import addresses, safe_transactions

FIELDS = ("value", "nonce", "safe_tx_gas", "base_gas", "gas_price")


@settings(max_examples=examples(40), deadline=None)
@given(st.integers(1, 2**64), addresses(), safe_transactions())
def test_hashes_equal_those_of_safe_eth_py(chain_id: int, safe: Address, transaction: SafeTransaction) -> None:
    theirs = SafeTx(
        None,  # type: ignore[arg-type]  # asks no node when everything is given
        safe,  # type: ignore[arg-type]
        transaction.to,  # type: ignore[arg-type]
        transaction.value,
        transaction.data,
        int(transaction.operation),
        transaction.safe_tx_gas,
        transaction.base_gas,
        transaction.gas_price,
        transaction.gas_token,  # type: ignore[arg-type]
        transaction.refund_receiver,  # type: ignore[arg-type]
        safe_nonce=transaction.nonce,
        safe_version="1.4.1",
        chain_id=chain_id,
    )
    _, domain, message = eip712_encode(theirs.eip712_structured_data)
    assert domain_hash(chain_id, safe) == bytes(domain)
    assert message_hash(transaction) == bytes(message)
    assert safe_tx_hash(chain_id, safe, transaction) == bytes(theirs.safe_tx_hash)


@settings(max_examples=examples(60), deadline=None)
@given(safe_transactions(), st.sampled_from(FIELDS))
def test_every_number_is_bound_by_the_hash(transaction: SafeTransaction, name: str) -> None:
    number = getattr(transaction, name)
    changed: Any = {name: number - 1 if number else 1}
    other = replace(transaction, **changed)
    assert message_hash(other) != message_hash(transaction)


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(1, 2**64), addresses(), safe_transactions())
def test_a_signature_is_good_on_one_chain_for_one_safe(
    chain_id: int, safe: Address, transaction: SafeTransaction
) -> None:
    other = Address(safe[:-1] + ("0" if safe[-1] != "0" else "1"))
    hashes = {
        safe_tx_hash(chain_id, safe, transaction),
        safe_tx_hash(chain_id + 1, safe, transaction),
        safe_tx_hash(chain_id, other, transaction),
    }
    assert len(hashes) == 3
