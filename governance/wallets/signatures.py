"""Whose signature it is: a key's (recovered), or a contract's (EIP-1271, asked on the chain)."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.chain.abi import function
from dao_bot.chain.plan import Plan
from dao_bot.domain.addresses import Address, checksum
from dao_bot.domain.hashing import keccak
from governance.wallets.errors import InvalidSignature

LONGEST_SIGNATURE = 16_384
"""Bytes; a Safe with many owners needs some thousands."""

_SIZE = 65
_HEX = frozenset("0123456789abcdefABCDEF")
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_UNDEPLOYED = bytes.fromhex("6492" * 16)
_IS_VALID_SIGNATURE = function("isValidSignature(bytes32,bytes)", "(bytes4)")
_VALID = _IS_VALID_SIGNATURE.selector.ljust(32, b"\0")
"""The magic value of EIP-1271 is the function's selector."""

_GAS = 1_000_000


@dataclass(frozen=True, slots=True)
class Proof:
    """A signature that held when it was made; `contract` says that it must be asked again when it matters."""

    wallet: Address
    signature: bytes
    contract: bool


def personal_hash(text: str) -> bytes:
    """What `personal_sign` signs (EIP-191, version 0x45)."""
    content = text.encode()
    return keccak(b"\x19Ethereum Signed Message:\n" + str(len(content)).encode() + content)


def parse_signature(text: str) -> bytes:
    """0x-hex from outside as bytes.

    Raises:
        InvalidSignature: it is no hex, empty or too long.
    """
    digits = text.removeprefix("0x")
    if not digits or len(digits) % 2 or len(digits) > 2 * LONGEST_SIGNATURE or not set(digits) <= _HEX:
        raise InvalidSignature("not a signature", value=repr(text)[:80], limit="0x and an even number of hex digits")
    return bytes.fromhex(digits)


def recover(digest: bytes, signature: bytes) -> Address:
    """The address whose key signed `digest`.

    Raises:
        InvalidSignature: it is not one key's signature in its one canonical form: 65 bytes, low s, v 27 or 28 (or 0
            or 1, as some wallets write it).
    """
    from eth_keys.datatypes import Signature
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError

    if len(signature) != _SIZE:
        raise InvalidSignature(
            "not the signature of a key", value=f"{len(signature)} bytes", limit=f"{_SIZE} bytes: r, s, v"
        )
    r, s, v = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]
    if v not in (0, 1, 27, 28):
        raise InvalidSignature("the signature has an unknown recovery id", value=f"v = {v}", limit="27 or 28")
    if not 0 < r < _ORDER or not 0 < s < _ORDER:
        raise InvalidSignature("the signature is out of the curve's range", value=f"r = {r:#x}, s = {s:#x}")
    if s > _ORDER // 2:
        raise InvalidSignature(
            "the signature has the high s value, a second spelling that anybody can make of it",
            value=f"s = {s:#x}",
            limit="s in the lower half of the order (EIP-2)",
            next_step="Sign again with a wallet that makes canonical signatures",
        )
    try:
        made = Signature(vrs=(v % 27, r, s))
        return checksum(made.recover_public_key_from_msg_hash(digest).to_canonical_address())
    except (BadSignature, ValidationError) as error:
        raise InvalidSignature("no key can have made this signature", value=f"r = {r:#x}") from error


def prove(wallet: Address, digest: bytes, signature: bytes) -> Plan[Proof]:
    """The proof that `wallet` signed `digest`. A key's signature needs no read; otherwise the wallet is asked as a
    contract, in one round, on the chain whose block is read.

    Raises:
        InvalidSignature: neither the wallet's key nor the wallet as a contract made this signature.
    """
    try:
        signer = recover(digest, signature)
        reason = f"as a key's signature it belongs to {signer}, or to another message"
    except InvalidSignature as error:
        signer, reason = None, error.what
    if signer == wallet:
        return Proof(wallet, signature, contract=False)
    if signature.endswith(_UNDEPLOYED):
        raise InvalidSignature(
            "the wallet's contract is not deployed yet (EIP-6492)",
            value=wallet,
            next_step="Make its first transaction, then sign again",
        )
    if (yield from contract_agrees(wallet, digest, signature)):
        return Proof(wallet, signature, contract=True)
    raise InvalidSignature(
        f"this is not a signature of {wallet} over this message",
        value=f"{reason}; as a contract the wallet does not confirm it",
        next_step="Sign exactly the message that is shown, with that wallet, on the right chain",
    )


def holds_still(proof: Proof, digest: bytes) -> Plan[bool]:
    """Whether a proof holds at the block that is read: a contract may have changed its mind, a key cannot."""
    if proof.contract:
        return (yield from contract_agrees(proof.wallet, digest, proof.signature))
    try:
        return recover(digest, proof.signature) == proof.wallet
    except InvalidSignature:
        return False


def contract_agrees(wallet: Address, digest: bytes, signature: bytes) -> Plan[bool]:
    """What the wallet, as a contract, answers to `isValidSignature`; no code, a revert and other data are a no."""
    (answer,) = yield (_IS_VALID_SIGNATURE.read(wallet, digest, signature, gas=_GAS),)
    return answer.success and answer.data == _VALID
