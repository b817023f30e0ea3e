"""The hashes that owners sign, computed here and never taken from anybody (EIP-712, Safe 1.3.0 and later)."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.domain.addresses import Address, address_bytes
from dao_bot.domain.hashing import keccak
from dao_bot.safe.transaction import SafeTransaction

DOMAIN_TYPEHASH = keccak(b"EIP712Domain(uint256 chainId,address verifyingContract)")
SAFE_TX_TYPEHASH = keccak(
    b"SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,"
    b"address gasToken,address refundReceiver,uint256 nonce)"
)


@dataclass(frozen=True, slots=True)
class SafeHashes:
    """What a hardware wallet shows, as 0x-hex: compare all three before signing."""

    domain: str
    message: str
    safe_tx: str


def domain_hash(chain_id: int, safe: Address) -> bytes:
    """`domainSeparator()` of the Safe: 32 bytes that bind a signature to one chain and one Safe."""
    return keccak(DOMAIN_TYPEHASH + chain_id.to_bytes(32, "big") + _address(safe))


def message_hash(transaction: SafeTransaction) -> bytes:
    """EIP-712 struct hash of the SafeTx, 32 bytes."""
    return keccak(
        SAFE_TX_TYPEHASH
        + _address(transaction.to)
        + transaction.value.to_bytes(32, "big")
        + keccak(transaction.data)
        + int(transaction.operation).to_bytes(32, "big")
        + transaction.safe_tx_gas.to_bytes(32, "big")
        + transaction.base_gas.to_bytes(32, "big")
        + transaction.gas_price.to_bytes(32, "big")
        + _address(transaction.gas_token)
        + _address(transaction.refund_receiver)
        + transaction.nonce.to_bytes(32, "big")
    )


def safe_tx_preimage(chain_id: int, safe: Address, transaction: SafeTransaction) -> bytes:
    """The 66 bytes whose keccak is the safeTxHash; contract owners below Safe 1.5.0 are asked about these."""
    return b"\x19\x01" + domain_hash(chain_id, safe) + message_hash(transaction)


def safe_tx_hash(chain_id: int, safe: Address, transaction: SafeTransaction) -> bytes:
    """`getTransactionHash(...)` of the Safe: the 32 bytes that owners sign."""
    return keccak(safe_tx_preimage(chain_id, safe, transaction))


def safe_hashes(chain_id: int, safe: Address, transaction: SafeTransaction) -> SafeHashes:
    """All three hashes for people."""
    return SafeHashes(
        domain="0x" + domain_hash(chain_id, safe).hex(),
        message="0x" + message_hash(transaction).hex(),
        safe_tx="0x" + safe_tx_hash(chain_id, safe, transaction).hex(),
    )


def _address(address: Address) -> bytes:
    return address_bytes(address).rjust(32, b"\0")
