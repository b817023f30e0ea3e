"""Signing with an owner's key: nothing but a SafeTx, whose hash is computed here from its fields."""

from __future__ import annotations

from dao_bot.domain.addresses import Address, checksum
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.safe.delegate_message import delegate_digest
from dao_bot.safe.hashes import safe_tx_hash
from dao_bot.safe.signatures import SECP256K1_ORDER, EcdsaSignature, OwnerSignature, verify_signature
from dao_bot.safe.transaction import SafeTransaction


def sign_safe_transaction(
    key: bytes, chain_id: int, safe: Address, transaction: SafeTransaction, owners: tuple[Address, ...]
) -> OwnerSignature:
    """An owner's signature over this transaction of this Safe on this chain.

    There is no function here that signs a hash or a message that somebody else made.

    Args:
        key: the private key, 32 bytes. Never shown, also not in errors.

    Raises:
        BadInput: when it is no key, or not the key of an owner.
    """
    signer = key_address(key)
    if signer not in owners:
        raise BadInput(
            "this key belongs to no owner of the Safe",
            value=signer,
            limit=f"owners {', '.join(owners)}",
            next_step="Use an owner's key",
        )
    digest = safe_tx_hash(chain_id, safe, transaction)
    return verify_signature(sign_digest(key, digest), digest, owners, claimed=signer)


def sign_as_delegate(
    key: bytes, chain_id: int, safe: Address, transaction: SafeTransaction, owners: tuple[Address, ...]
) -> EcdsaSignature:
    """The signature with which a delegate proposes; the Safe itself would not count it.

    Raises:
        BadInput: it is no key.
        Refused: it is an owner's key, whose signature would count as an approval.
    """
    signer = key_address(key)
    if signer in owners:
        raise Refused(
            "the key that proposes belongs to an owner, so every proposal would already carry an approval",
            value=signer,
            next_step="Make a key for nothing but proposing, and register it with `dao-bot delegates`",
        )
    return sign_digest(key, safe_tx_hash(chain_id, safe, transaction))


def sign_delegate_message(key: bytes, chain_id: int, delegate: Address, now: float) -> EcdsaSignature:
    """With which an owner registers or removes a delegate of the transaction service; it moves nothing.

    Args:
        now: epoch seconds.

    Raises:
        BadInput: it is no key.
    """
    key_address(key)
    return sign_digest(key, delegate_digest(chain_id, delegate, now))


def sign_digest(key: bytes, digest: bytes) -> EcdsaSignature:
    """A signature over 32 bytes that this package computed."""
    from eth_keys.datatypes import PrivateKey

    made = PrivateKey(key).sign_msg_hash(digest)
    return EcdsaSignature(made.r, made.s, made.v + 27)


def key_address(key: bytes) -> Address:
    """The address of a private key.

    Raises:
        BadInput: when it is no key of the curve; the value is not shown.
    """
    if len(key) != 32 or not 0 < int.from_bytes(key, "big") < SECP256K1_ORDER:
        raise BadInput("not a private key", limit="32 bytes", next_step="Check what env:NAME or file:PATH points to")
    from eth_keys.datatypes import PrivateKey

    return checksum(PrivateKey(key).public_key.to_canonical_address())
