"""Owners' signatures over a Safe transaction: read from hostile bytes, recovered and held against our own hash."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.domain.addresses import Address, address_bytes, checksum
from dao_bot.domain.errors import BadInput
from dao_bot.domain.hashing import keccak

SIGNATURE_SIZE = 65
MAX_SIGNATURE_SIZE = 16_384
SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
_ETH_SIGN_PREFIX = b"\x19Ethereum Signed Message:\n32"


@dataclass(frozen=True, slots=True)
class EcdsaSignature:
    """A key's signature over the hash itself, or (`eth_sign`) over the hash in Ethereum's message envelope.

    `v` is 27 or 28 in both cases; Safe's `v + 4` for the second stands only in the bytes.
    """

    r: int
    s: int
    v: int
    eth_sign: bool = False

    def head(self) -> bytes:
        """65 bytes as the Safe reads them."""
        return self.r.to_bytes(32, "big") + self.s.to_bytes(32, "big") + bytes([self.v + (4 if self.eth_sign else 0)])


@dataclass(frozen=True, slots=True)
class ApprovedHash:
    """The owner called `approveHash` on the Safe, or sends the transaction; only the chain can confirm it."""

    owner: Address

    def head(self) -> bytes:
        """65 bytes as the Safe reads them: the owner in place of r, v = 1."""
        return _owner_word(self.owner) + b"\0" * 32 + b"\1"


@dataclass(frozen=True, slots=True)
class ContractSignature:
    """EIP-1271: the owner is a contract, which alone can say whether `data` is its signature."""

    owner: Address
    data: bytes

    def head(self, offset: int) -> bytes:
        """65 bytes as the Safe reads them: the owner, where the dynamic part begins, v = 0."""
        return _owner_word(self.owner) + offset.to_bytes(32, "big") + b"\0"

    def tail(self) -> bytes:
        """The dynamic part: length and data."""
        return len(self.data).to_bytes(32, "big") + self.data


Signature = EcdsaSignature | ApprovedHash | ContractSignature


@dataclass(frozen=True, slots=True)
class OwnerSignature:
    """A signature that belongs to an owner of this Safe, over this hash (made by `verify_signature`).

    The chain has the last word on approved hashes and contract signatures: see `dao_bot.safe.confirmations`.
    """

    owner: Address
    signature: Signature

    @property
    def needs_chain(self) -> bool:
        """Whether only the chain can tell if it is valid."""
        return not isinstance(self.signature, EcdsaSignature)


def parse_signature(raw: bytes | str) -> Signature:
    """One signature in Safe's own encoding, from bytes or 0x-hex that anybody may have sent.

    Raises:
        BadInput: for anything the Safe would not accept, or that has a second spelling (high s, trailing bytes).
    """
    data = _signature_bytes(raw)
    first, second, v = data[:32], data[32:64], data[64]
    if v == 0:
        return _contract_signature(data, first, second)
    if len(data) != SIGNATURE_SIZE:
        raise BadInput("the signature has bytes behind it", value=f"{len(data)} bytes", limit=f"{SIGNATURE_SIZE} bytes")
    if v == 1:
        return ApprovedHash(_owner_of(first))
    if v in (27, 28, 31, 32):
        eth_sign = v > 30
        return _ecdsa(int.from_bytes(first, "big"), int.from_bytes(second, "big"), v - (4 if eth_sign else 0), eth_sign)
    if v == 2:
        raise BadInput(
            "passkey signatures are not supported",
            value="v = 2",
            next_step="Sign with a key, or approve the hash on chain with approveHash",
        )
    raise BadInput("the signature has an unknown type", value=f"v = {v}", limit="v of 0, 1, 27, 28, 31 or 32")


def signature_bytes(signature: Signature) -> bytes:
    """One signature in Safe's own encoding; `parse_signature` reads it back."""
    if isinstance(signature, ContractSignature):
        return signature.head(SIGNATURE_SIZE) + signature.tail()
    return signature.head()


def verify_signature(
    signature: Signature, safe_tx_hash: bytes, owners: tuple[Address, ...], claimed: Address | None = None
) -> OwnerSignature:
    """Whose signature it is, when it is an owner's over exactly this hash.

    Args:
        claimed: who is said to have signed, if anybody said so; a different signer is refused.

    Raises:
        BadInput: for a signer who is no owner, or a signature over another hash.
    """
    signer = _signer(signature, safe_tx_hash)
    if claimed is not None and signer != claimed:
        raise BadInput(
            f"this is not a signature by {claimed} over this transaction",
            value=f"a signature that belongs to {signer}, or to another hash",
            limit=f"safeTxHash 0x{safe_tx_hash.hex()}",
            next_step="Compare the hash on the signing device, and sign again",
        )
    if signer not in owners:
        raise BadInput(
            "the signer is no owner of this Safe, or signed another hash",
            value=signer,
            limit=f"owners {', '.join(owners)}; safeTxHash 0x{safe_tx_hash.hex()}",
            next_step="Compare the hash on the signing device, and sign again with an owner's key",
        )
    return OwnerSignature(signer, signature)


def assemble(collected: tuple[OwnerSignature, ...], threshold: int) -> bytes:
    """`signatures` of execTransaction: exactly `threshold` of them, sorted by owner, dynamic parts behind the heads.

    Keys' signatures are taken before those that only the chain can confirm, because those may have been withdrawn.

    Raises:
        BadInput: for too few signatures, two of one owner, or a threshold below 1.
    """
    if threshold < 1:
        raise BadInput("a Safe's threshold is at least 1", value=threshold)
    if len({known.owner for known in collected}) != len(collected):
        raise BadInput("an owner signed twice", value=", ".join(known.owner for known in collected))
    if len(collected) < threshold:
        raise BadInput("too few signatures", value=len(collected), limit=f"{threshold} of the owners")
    preferred = sorted(collected, key=lambda known: (known.needs_chain, int(known.owner, 16)))[:threshold]
    heads, tail = b"", b""
    for known in sorted(preferred, key=lambda known: int(known.owner, 16)):
        if isinstance(known.signature, ContractSignature):
            heads += known.signature.head(threshold * SIGNATURE_SIZE + len(tail))
            tail += known.signature.tail()
        else:
            heads += known.signature.head()
    return heads + tail


def _signature_bytes(raw: bytes | str) -> bytes:
    if isinstance(raw, str):
        digits = raw.strip().removeprefix("0x")
        if len(digits) > 2 * MAX_SIGNATURE_SIZE or len(digits) % 2 or not _is_hex(digits):
            raise BadInput("not a signature", value=_shortened(raw), limit="0x and an even number of hex digits")
        raw = bytes.fromhex(digits)
    if len(raw) == 64:
        raise BadInput(
            "compact signatures (EIP-2098) are not what a Safe reads",
            value="64 bytes",
            limit=f"{SIGNATURE_SIZE} bytes: r, s, v",
        )
    if not SIGNATURE_SIZE <= len(raw) <= MAX_SIGNATURE_SIZE:
        raise BadInput("not a signature", value=f"{len(raw)} bytes", limit=f"{SIGNATURE_SIZE} bytes: r, s, v")
    return raw


def _contract_signature(data: bytes, owner_word: bytes, offset_word: bytes) -> ContractSignature:
    if any(owner_word[:12]):
        raise BadInput(
            "the signature says v = 0, which a Safe reads as a contract's",
            value="v = 0 without an owner's address in it",
            next_step="If a wallet made it with a recovery id of 0 or 1, add 27 to the last byte",
        )
    start = SIGNATURE_SIZE + 32
    if int.from_bytes(offset_word, "big") != SIGNATURE_SIZE or len(data) < start:
        raise BadInput(
            "the contract signature does not say where its data is",
            value=f"offset {int.from_bytes(offset_word, 'big')} in {len(data)} bytes",
            limit=f"offset {SIGNATURE_SIZE}, then length and data",
        )
    length = int.from_bytes(data[SIGNATURE_SIZE:start], "big")
    if length != len(data) - start:
        raise BadInput(
            "the contract signature is not as long as it says",
            value=f"{len(data) - start} bytes of data",
            limit=f"{length} bytes",
        )
    return ContractSignature(_owner_of(owner_word), data[start:])


def _ecdsa(r: int, s: int, v: int, eth_sign: bool) -> EcdsaSignature:
    if not 0 < r < SECP256K1_ORDER or not 0 < s < SECP256K1_ORDER:
        raise BadInput("the signature is out of the curve's range", value=f"r = {r:#x}, s = {s:#x}")
    if s > SECP256K1_ORDER // 2:
        raise BadInput(
            "the signature has the high s value, a second spelling of a signature that anybody can make",
            value=f"s = {s:#x}",
            limit="s in the lower half of the order (EIP-2)",
            next_step="Sign again with a wallet that makes canonical signatures",
        )
    return EcdsaSignature(r, s, v, eth_sign)


def _signer(signature: Signature, safe_tx_hash: bytes) -> Address:
    if not isinstance(signature, EcdsaSignature):
        return signature.owner
    digest = keccak(_ETH_SIGN_PREFIX + safe_tx_hash) if signature.eth_sign else safe_tx_hash
    return _recover(digest, signature)


def _recover(digest: bytes, signature: EcdsaSignature) -> Address:
    """The address whose key made the signature over exactly these 32 bytes.

    Raises:
        BadInput: when no key can have made it.
    """
    from eth_keys.datatypes import Signature as KeySignature
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError

    try:
        made = KeySignature(vrs=(signature.v - 27, signature.r, signature.s))
        return checksum(made.recover_public_key_from_msg_hash(digest).to_canonical_address())
    except (BadSignature, ValidationError) as error:
        raise BadInput("no key can have made this signature", value=f"r = {signature.r:#x}") from error


def _owner_of(word: bytes) -> Address:
    if any(word[:12]) or not any(word[12:]):
        raise BadInput("the signature names no owner", value="0x" + word.hex(), limit="an address, padded with zeros")
    return checksum(word[12:])


def _owner_word(owner: Address) -> bytes:
    return address_bytes(owner).rjust(32, b"\0")


def _is_hex(digits: str) -> bool:
    return all(character in "0123456789abcdefABCDEF" for character in digits)


def _shortened(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:77] + "...")
