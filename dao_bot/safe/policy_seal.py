"""The seal on a policy: stewards' signatures (EIP-712) over its hash, for one Safe on one chain."""

from __future__ import annotations

from typing import Any

from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput
from dao_bot.safe.signatures import EcdsaSignature, parse_signature, signature_bytes, verify_signature
from dao_bot.safe.signing import key_address, sign_digest


def seal_message(chain_id: int, safe: Address, policy_hash: str) -> dict[str, Any]:
    """The EIP-712 message that a steward signs, as wallets take it (`eth_signTypedData_v4`)."""
    domain = {"name": "dao-bot policy", "version": "1", "chainId": chain_id, "verifyingContract": str(safe)}
    kinds = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}
    return {
        "types": {
            "EIP712Domain": [{"name": name, "type": kind} for name, kind in kinds.items()],
            "Policy": [{"name": "hash", "type": "bytes32"}],
        },
        "primaryType": "Policy",
        "domain": domain,
        "message": {"hash": policy_hash},
    }


def seal_digest(chain_id: int, safe: Address, policy_hash: str) -> bytes:
    """The 32 bytes that are signed: the EIP-712 hash of `seal_message`."""
    from safe_eth.eth.eip712 import eip712_encode_hash

    message = seal_message(chain_id, safe, policy_hash)
    return bytes(eip712_encode_hash({**message, "message": {"hash": bytes.fromhex(policy_hash[2:])}}))


def sign_seal(key: bytes, chain_id: int, safe: Address, policy_hash: str) -> tuple[Address, str]:
    """A steward's address, and its signature as 0x-hex.

    Raises:
        BadInput: it is no key.
    """
    address = key_address(key)
    made = sign_digest(key, seal_digest(chain_id, safe, policy_hash))
    return address, "0x" + signature_bytes(made).hex()


def signer_of_seal(
    signature: str, chain_id: int, safe: Address, policy_hash: str, stewards: frozenset[Address]
) -> Address:
    """Which steward's wallet made it.

    Raises:
        BadInput: it is no signature of a key, is over another policy, or is by nobody of these.
    """
    try:
        parsed = parse_signature(bytes.fromhex(signature.removeprefix("0x")))
    except ValueError:
        raise BadInput("a signature is not hex", value=signature[:20], limit="0x and 130 digits") from None
    if not isinstance(parsed, EcdsaSignature):
        raise BadInput("a policy is signed with a key", value=type(parsed).__name__, limit="65 bytes: r, s, v")
    digest = seal_digest(chain_id, safe, policy_hash)
    try:
        return verify_signature(parsed, digest, tuple(sorted(stewards))).owner
    except BadInput as error:
        raise BadInput(
            "this is no steward's signature over this policy",
            value=error.value,
            limit=f"{', '.join(sorted(stewards)) or 'no steward is configured'}; policy {policy_hash}",
            next_step="Look at what changed with `dao-bot policy diff`, and sign with a steward's wallet",
        ) from None
