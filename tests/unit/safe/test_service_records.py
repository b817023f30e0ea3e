"""The service's raw records: every hash computed anew, every kind of confirmation read, and nothing else accepted."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import CallType
from dao_bot.domain.errors import ServiceUnavailable
from dao_bot.safe.hashes import safe_tx_hash
from dao_bot.safe.signatures import ApprovedHash, ContractSignature, EcdsaSignature, signature_bytes
from dao_bot.safe.transaction import SafeTransaction
from dao_bot.safe.transaction_service.records import listing_of
from dao_bot.safe.transaction_service.schemas import TransactionPage, parse_answer

SAFE = Address("0x399c61b017A871181d8B6C418c93a8bB361E3Db8")
OWNER = Address("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
ZERO = "0x" + "0" * 40
CHAIN_ID = 1


def record(transaction: SafeTransaction, **changes: Any) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "safe": SAFE,
        "to": transaction.to,
        "value": str(transaction.value),
        "data": f"0x{transaction.data.hex()}" if transaction.data else None,
        "operation": int(transaction.operation),
        "gasToken": transaction.gas_token,
        "safeTxGas": str(transaction.safe_tx_gas),
        "baseGas": transaction.base_gas,
        "gasPrice": str(transaction.gas_price),
        "refundReceiver": transaction.refund_receiver,
        "nonce": str(transaction.nonce),
        "safeTxHash": "0x" + safe_tx_hash(CHAIN_ID, SAFE, transaction).hex(),
        "isExecuted": False,
        "transactionHash": None,
        "confirmations": [],
        "dataDecoded": {"method": "anything"},
    }
    return {**shown, **changes}


def page(*records: Any, **changes: Any) -> TransactionPage:
    content = {"count": len(records), "next": None, "previous": None, "results": list(records), **changes}
    return parse_answer(TransactionPage, json.dumps(content).encode(), "/here")


def listing(*records: Any, first_nonce: int = 0) -> Any:
    return listing_of(CHAIN_ID, SAFE, first_nonce, page(*records).results)


PAYMENT = SafeTransaction(OWNER, 5, b"\x01\x02", CallType.CALL, 7)
amounts = st.integers(0, 2**256 - 1)


@given(
    value=amounts,
    data=st.binary(max_size=200),
    operation=st.sampled_from(list(CallType)),
    nonce=st.integers(0, 2**64),
    gas=st.tuples(amounts, st.integers(0, 2**63), amounts),
)
def test_every_transaction_comes_back_as_itself(
    value: int, data: bytes, operation: CallType, nonce: int, gas: tuple[int, int, int]
) -> None:
    transaction = SafeTransaction(OWNER, value, data, operation, nonce, *gas, gas_token=SAFE, refund_receiver=OWNER)
    found = listing(record(transaction))
    assert [each.transaction for each in found.waiting] == [transaction]
    assert found.lies == ()


@pytest.mark.parametrize(
    "changes",
    [
        {"value": "6"},
        {"nonce": "8"},
        {"data": None},
        {"data": "0x0103"},
        {"operation": 1},
        {"to": SAFE},
        {"gasToken": OWNER},
        {"refundReceiver": OWNER},
        {"safeTxGas": "1"},
        {"baseGas": 1},
        {"gasPrice": "1"},
        {"safeTxHash": "0x" + "00" * 32},
    ],
)
def test_one_changed_field_is_a_lie_and_the_transaction_is_not_used(changes: dict[str, Any]) -> None:
    honest = record(SafeTransaction(OWNER, 1, b"", CallType.CALL, 9))
    found = listing(record(PAYMENT, **changes), honest)
    assert [each.safe_tx_hash for each in found.waiting] == [honest["safeTxHash"]], "the others are believed as before"
    (lie,) = found.lies
    assert "whose hash is 0x" in lie


def test_another_safe_s_transaction_is_a_lie() -> None:
    assert "another Safe" in listing(record(PAYMENT, safe=OWNER)).lies[0]


def test_what_was_executed_or_has_an_earlier_nonce_does_not_wait() -> None:
    assert listing(record(PAYMENT, isExecuted=True)).waiting == ()
    assert listing(record(PAYMENT), first_nonce=8).waiting == ()
    assert len(listing(record(PAYMENT), record(PAYMENT), first_nonce=7).waiting) == 1, "pages may overlap"


@pytest.mark.parametrize(
    "signature",
    [
        EcdsaSignature(3, 5, 27),
        EcdsaSignature(3, 5, 28, eth_sign=True),
        ApprovedHash(OWNER),
        ContractSignature(OWNER, b"anything at all"),
    ],
)
def test_a_confirmation_of_every_kind_is_read_whatever_its_stated_type(signature: Any) -> None:
    shown = {"owner": OWNER, "signature": "0x" + signature_bytes(signature).hex(), "signatureType": "EOA"}
    (found,) = listing(record(PAYMENT, confirmations=[shown])).waiting
    assert [each.signature for each in found.confirmations] == [signature]


def test_an_approved_hash_may_come_without_bytes() -> None:
    shown = {"owner": OWNER, "signature": None, "signatureType": "APPROVED_HASH"}
    (found,) = listing(record(PAYMENT, confirmations=[shown])).waiting
    assert found.confirmations[0].signature == ApprovedHash(OWNER)


@given(st.binary(max_size=200))
def test_any_other_bytes_are_a_problem_and_no_error(raw: bytes) -> None:
    shown = {"owner": OWNER, "signature": "0x" + raw.hex(), "signatureType": "EOA"}
    (found,) = listing(record(PAYMENT, confirmations=[shown])).waiting
    (confirmation,) = found.confirmations
    assert (confirmation.signature is None) == bool(confirmation.problem)


@pytest.mark.parametrize(
    "changes",
    [
        {"value": "-1"},
        {"value": 1.5},
        {"value": True},
        {"value": str(2**256)},
        {"value": "1e3"},
        {"value": "٣"},
        {"nonce": None},
        {"to": "0x1234"},
        {"to": SAFE[:-1] + "9"},
        {"data": "0x123"},
        {"data": 5},
        {"operation": "0"},
        {"operation": 3},
        {"safeTxHash": "0x12"},
        {"isExecuted": "perhaps"},
        {"confirmations": None},
        {"confirmations": [{"owner": OWNER}]},
        {"confirmations": [{"owner": OWNER, "signature": "0x" + "00" * 20_000, "signatureType": "EOA"}]},
        {"confirmations": [{"owner": OWNER, "signature": "0x", "signatureType": "EOA"}] * 501},
    ],
)
def test_a_record_of_another_shape_is_refused_with_its_place(changes: dict[str, Any]) -> None:
    with pytest.raises(ServiceUnavailable, match=r"what its API does not allow; got /here: results\.0"):
        page(record(PAYMENT, **changes))


@pytest.mark.parametrize(
    "raw", [b"", b"[]", b"null", b'{"count": 1}', b"\xff\xfe", b'{"count": 1, "resul', b"[" * 100_000]
)
def test_what_is_no_page_is_refused(raw: bytes) -> None:
    with pytest.raises(ServiceUnavailable, match="what its API does not allow"):
        parse_answer(TransactionPage, raw, "/here")
