"""Signatures: what owners make is taken, what anybody else makes is not, and noise is refused in words."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput
from dao_bot.safe.hashes import safe_tx_hash
from dao_bot.safe.signatures import (
    SECP256K1_ORDER,
    ApprovedHash,
    ContractSignature,
    EcdsaSignature,
    OwnerSignature,
    Signature,
    assemble,
    parse_signature,
    signature_bytes,
    verify_signature,
)
from dao_bot.safe.signing import key_address, sign_safe_transaction
from dao_bot.safe.transaction import SafeTransaction
from tests.examples import examples
from tests.property.safe.strategies import addresses, keys, safe_transactions

QUICK = settings(max_examples=examples(40), deadline=None)
SAFE = Address("0x" + "11" * 20)
SCALARS = st.integers(1, SECP256K1_ORDER // 2)
NONZERO = addresses().filter(lambda owner: int(owner, 16) > 0)


def signatures() -> st.SearchStrategy[Signature]:
    return (
        st.builds(EcdsaSignature, SCALARS, SCALARS, st.sampled_from([27, 28]), st.booleans())
        | st.builds(ApprovedHash, NONZERO)
        | st.builds(ContractSignature, NONZERO, st.binary(max_size=200))
    )


@settings(max_examples=examples(100), deadline=None)
@given(signatures())
def test_a_signature_survives_its_bytes(signature: Signature) -> None:
    assert parse_signature(signature_bytes(signature)) == signature
    assert parse_signature("0x" + signature_bytes(signature).hex()) == signature


@settings(max_examples=examples(200), deadline=None)
@given(st.binary(max_size=200) | st.text(max_size=200))
def test_noise_is_refused_in_words_or_has_one_spelling(noise: bytes | str) -> None:
    try:
        signature = parse_signature(noise)
    except BadInput as error:
        assert str(error)
        return
    if isinstance(noise, bytes) and not isinstance(signature, ApprovedHash):
        assert signature_bytes(signature) == noise


@QUICK
@given(keys(), safe_transactions())
def test_an_owner_signs_and_is_recognised(key: bytes, transaction: SafeTransaction) -> None:
    owner = key_address(key)
    signed = sign_safe_transaction(key, 1, SAFE, transaction, (owner,))
    digest = safe_tx_hash(1, SAFE, transaction)
    assert verify_signature(signed.signature, digest, (owner,), claimed=owner) == signed


@QUICK
@given(keys(), safe_transactions(), safe_transactions())
def test_a_signature_over_another_transaction_is_refused(
    key: bytes, transaction: SafeTransaction, other: SafeTransaction
) -> None:
    assume(transaction != other)
    owner = key_address(key)
    signed = sign_safe_transaction(key, 1, SAFE, transaction, (owner,))
    with pytest.raises(BadInput, match="over this transaction"):
        verify_signature(signed.signature, safe_tx_hash(1, SAFE, other), (owner,), claimed=owner)
    with pytest.raises(BadInput, match="no owner"):
        verify_signature(signed.signature, safe_tx_hash(1, SAFE, other), (owner,))


@QUICK
@given(keys(), safe_transactions())
def test_the_second_spelling_of_a_signature_is_refused(key: bytes, transaction: SafeTransaction) -> None:
    signed = sign_safe_transaction(key, 1, SAFE, transaction, (key_address(key),)).signature
    assert isinstance(signed, EcdsaSignature)
    malleated = EcdsaSignature(signed.r, SECP256K1_ORDER - signed.s, 55 - signed.v)
    with pytest.raises(BadInput, match="high s"):
        parse_signature(malleated.head())


@QUICK
@given(st.lists(st.tuples(NONZERO, signatures()), min_size=1, max_size=6, unique_by=lambda pair: pair[0]), st.data())
def test_assembled_signatures_are_sorted_and_point_at_their_own_data(
    pairs: list[tuple[Address, Signature]], data: st.DataObject
) -> None:
    collected = tuple(OwnerSignature(owner, _by(owner, signature)) for owner, signature in pairs)
    threshold = data.draw(st.integers(1, len(collected)))
    assembled = assemble(collected, threshold)
    owners = []
    for position in range(threshold):
        head = assembled[65 * position : 65 * position + 65]
        if head[64] > 1:
            owners.append(next(known.owner for known in collected if _head(known) == head))
            continue
        owner = int.from_bytes(head[:32], "big")
        known = next(known for known in collected if int(known.owner, 16) == owner)
        owners.append(known.owner)
        if isinstance(known.signature, ContractSignature):
            offset = int.from_bytes(head[32:64], "big")
            length = int.from_bytes(assembled[offset : offset + 32], "big")
            assert offset >= 65 * threshold
            assert assembled[offset + 32 : offset + 32 + length] == known.signature.data
    assert [int(owner, 16) for owner in owners] == sorted({int(owner, 16) for owner in owners})


def _by(owner: Address, signature: Signature) -> Signature:
    if isinstance(signature, ApprovedHash):
        return ApprovedHash(owner)
    return ContractSignature(owner, signature.data) if isinstance(signature, ContractSignature) else signature


def _head(known: OwnerSignature) -> bytes:
    return b"" if isinstance(known.signature, ContractSignature) else known.signature.head()
