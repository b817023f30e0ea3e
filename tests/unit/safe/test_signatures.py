"""Every wrong signature is refused, in words that say what is wrong with it."""

from __future__ import annotations

import pytest

from dao_bot.domain.addresses import address_bytes
from dao_bot.domain.errors import BadInput
from dao_bot.domain.hashing import keccak
from dao_bot.safe.signatures import (
    SECP256K1_ORDER,
    ApprovedHash,
    ContractSignature,
    EcdsaSignature,
    OwnerSignature,
    assemble,
    parse_signature,
    verify_signature,
)
from dao_bot.safe.signing import key_address, sign_safe_transaction
from tests.unit.safe.samples import CHAIN_ID, HASH, KEYS, OWNERS, SAFE, STRANGER_KEY, TRANSACTION

R, S = (1).to_bytes(32, "big"), (2).to_bytes(32, "big")
OWNER_WORD = address_bytes(OWNERS[0]).rjust(32, b"\0")


def signed(number: int) -> OwnerSignature:
    return sign_safe_transaction(KEYS[number], CHAIN_ID, SAFE, TRANSACTION, OWNERS)


def ecdsa(number: int) -> EcdsaSignature:
    signature = signed(number).signature
    assert isinstance(signature, EcdsaSignature)
    return signature


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        ("", "not a signature"),
        ("0x", "not a signature"),
        ("0xzz", "not a signature"),
        ("hello", "not a signature"),
        ("0x" + "00" * 100_000, "not a signature"),
        (b"\1" * 66_000, "not a signature"),
        (R + S, "compact"),
        (R + S + b"\x1b\0", "bytes behind it"),
        (R + S + b"\x02", "passkey"),
        (R + S + b"\x1d", "unknown type"),
        (b"\xff" * 32 + S + b"\x1b", "range"),
        (bytes(32) + S + b"\x1b", "range"),
        (R + bytes(32) + b"\x1b", "range"),
        (SECP256K1_ORDER.to_bytes(32, "big") + S + b"\x1b", "range"),
        (R + SECP256K1_ORDER.to_bytes(32, "big") + b"\x1b", "range"),
        (R + b"\x7f" + b"\xff" * 31 + b"\x1b", "high s"),
        (b"\xff" * 32 + S + b"\0", "recovery id of 0 or 1"),
        (bytes(32) + bytes(32) + b"\1", "names no owner"),
        (b"\1" * 32 + bytes(32) + b"\1", "names no owner"),
        (OWNER_WORD + (65).to_bytes(32, "big") + b"\0", "where its data is"),
        (OWNER_WORD + (0).to_bytes(32, "big") + b"\0" + bytes(32), "where its data is"),
        (OWNER_WORD + (65).to_bytes(32, "big") + b"\0" + (2).to_bytes(32, "big") + b"a", "as long as it says"),
        (OWNER_WORD + (65).to_bytes(32, "big") + b"\0" + (1).to_bytes(32, "big") + b"ab", "as long as it says"),
    ],
)
def test_malformed_signatures_are_refused_in_words(raw: bytes | str, words: str) -> None:
    with pytest.raises(BadInput, match=words):
        parse_signature(raw)


def test_eth_sign_is_over_the_hash_in_its_envelope() -> None:
    from eth_keys.datatypes import PrivateKey

    enveloped = PrivateKey(KEYS[0]).sign_msg_hash(keccak(b"\x19Ethereum Signed Message:\n32" + HASH))
    raw = enveloped.r.to_bytes(32, "big") + enveloped.s.to_bytes(32, "big") + bytes([enveloped.v + 31])
    assert verify_signature(parse_signature(raw), HASH, OWNERS).owner == OWNERS[0]
    with pytest.raises(BadInput, match="no owner"):
        verify_signature(parse_signature(raw[:64] + bytes([enveloped.v + 27])), HASH, OWNERS)


def test_a_stranger_is_refused_and_the_owners_are_named() -> None:
    stranger = key_address(STRANGER_KEY)
    signature = sign_safe_transaction(STRANGER_KEY, CHAIN_ID, SAFE, TRANSACTION, (stranger,))
    with pytest.raises(BadInput, match="no owner of this Safe") as raised:
        verify_signature(signature.signature, HASH, OWNERS)
    assert stranger in str(raised.value)
    assert OWNERS[0] in str(raised.value)


def test_a_signature_under_another_owners_name_is_refused() -> None:
    with pytest.raises(BadInput, match=f"not a signature by {OWNERS[1]}"):
        verify_signature(ecdsa(0), HASH, OWNERS, claimed=OWNERS[1])


@pytest.mark.parametrize("kind", [ApprovedHash, lambda owner: ContractSignature(owner, b"x")])
def test_an_approval_in_the_name_of_a_stranger_is_refused(kind: type[ApprovedHash]) -> None:
    with pytest.raises(BadInput, match="no owner"):
        verify_signature(kind(key_address(STRANGER_KEY)), HASH, OWNERS)


def test_too_few_signatures_are_not_assembled() -> None:
    with pytest.raises(BadInput, match="too few"):
        assemble((signed(0),), 2)
    with pytest.raises(BadInput, match="twice"):
        assemble((signed(0), signed(0)), 2)
    with pytest.raises(BadInput, match="threshold"):
        assemble((), 0)


def test_signatures_of_keys_are_taken_before_what_the_chain_must_confirm() -> None:
    approved = OwnerSignature(OWNERS[2], ApprovedHash(OWNERS[2]))
    by_owner = sorted((signed(0), signed(1)), key=lambda known: int(known.owner, 16))
    expected = b"".join(known.signature.head() for known in by_owner if isinstance(known.signature, EcdsaSignature))
    assert assemble((approved, signed(0), signed(1)), 2) == expected


def test_a_strangers_key_signs_nothing() -> None:
    with pytest.raises(BadInput, match="no owner"):
        sign_safe_transaction(STRANGER_KEY, CHAIN_ID, SAFE, TRANSACTION, OWNERS)


@pytest.mark.parametrize("key", [b"", b"\0" * 32, b"\xff" * 32, b"\1" * 31])
def test_what_is_no_key_is_refused_without_showing_it(key: bytes) -> None:
    with pytest.raises(BadInput, match="not a private key") as raised:
        key_address(key)
    assert key == b"" or key.hex() not in str(raised.value)
