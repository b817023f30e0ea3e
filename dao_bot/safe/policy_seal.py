"""What seals a policy: stewards' signatures (EIP-712) over its hash and its revision, for one Safe on one chain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from dao_bot.domain.addresses import Address
from dao_bot.safe.signatures import signature_bytes
from dao_bot.safe.signing import sign_digest


@dataclass(frozen=True, slots=True)
class PolicyPaper:
    """What a steward signs.

    Attributes:
        policy_hash: 0x-hex of 32 bytes.
        revision: counted up with each policy that is sealed, so that an older one cannot come back with its old seal.
    """

    chain_id: int
    safe: Address
    policy_hash: str
    revision: int

    @property
    def message(self) -> dict[str, Any]:
        """The EIP-712 message, as wallets take it (`eth_signTypedData_v4`)."""
        domain = {
            "name": "dao-bot policy",
            "version": "2",
            "chainId": self.chain_id,
            "verifyingContract": str(self.safe),
        }
        kinds = {"name": "string", "version": "string", "chainId": "uint256", "verifyingContract": "address"}
        fields = {"hash": "bytes32", "revision": "uint256"}
        return {
            "types": {
                "EIP712Domain": [{"name": name, "type": kind} for name, kind in kinds.items()],
                "Policy": [{"name": name, "type": kind} for name, kind in fields.items()],
            },
            "primaryType": "Policy",
            "domain": domain,
            "message": {"hash": self.policy_hash, "revision": self.revision},
        }

    @property
    def digest(self) -> bytes:
        """The 32 bytes that are signed: the EIP-712 hash of `message`."""
        from safe_eth.eth.eip712 import eip712_encode_hash

        values = {"hash": bytes.fromhex(self.policy_hash[2:]), "revision": self.revision}
        return bytes(eip712_encode_hash({**self.message, "message": values}))


def sign_paper(key: bytes, paper: PolicyPaper) -> bytes:
    """A signature: r, s, v.

    Raises:
        BadInput: it is no key.
    """
    return signature_bytes(sign_digest(key, paper.digest))
