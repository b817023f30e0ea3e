"""The keeper's own transactions: built, signed, and read back from their bytes before anybody gets them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from dao_bot.chain.gas import Fees
from dao_bot.chain.hexes import to_data
from dao_bot.domain.addresses import Address, checksum
from dao_bot.domain.errors import BadInput, Refused
from dao_bot.domain.hashing import keccak

_SECP256K1_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A transaction to be signed."""

    chain_id: int
    nonce: int
    to: Address
    data: bytes
    value: int
    gas: int
    fees: Fees


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed transaction. The chain takes its bytes at most once, however often they are sent."""

    raw: bytes = field(repr=False)
    hash: str
    sender: Address
    nonce: int
    fees: Fees


class Signer(Protocol):
    """Who signs the keeper's transactions; it may live in another process."""

    @property
    def address(self) -> Address: ...

    def sign(self, transaction: Unsigned) -> Signed: ...


class LocalSigner:
    """A key in this process.

    Raises:
        BadInput: it is no private key. The key is never part of the message.
    """

    def __init__(self, key: bytes) -> None:
        from eth_account import Account

        if len(key) != 32 or not 0 < int.from_bytes(key, "big") < _SECP256K1_ORDER:
            raise BadInput("the keeper's key is no private key", value=f"{len(key)} bytes", limit="32 bytes of a key")
        self._account = Account.from_key(key)
        self.address = Address(self._account.address)

    def __repr__(self) -> str:
        return f"LocalSigner({self.address})"

    def sign_digest(self, digest: bytes) -> bytes:
        """r, s, v of a hash that this program computed; the same each time (RFC 6979)."""
        made = self._account.unsafe_sign_hash(digest)
        signature: bytes = made.r.to_bytes(32, "big") + made.s.to_bytes(32, "big") + bytes([made.v])
        return signature

    def sign(self, transaction: Unsigned) -> Signed:
        """Sign, then recover the sender from the bytes.

        Raises:
            Refused: the bytes are not by this key, which means that the signing code cannot be trusted.
        """
        from eth_account import Account

        raw = bytes(self._account.sign_transaction(_fields(transaction)).raw_transaction)
        sender = checksum(Account.recover_transaction(to_data(raw)))
        if sender != self.address:
            raise Refused("the signed bytes are by another key", value=sender, limit=self.address)
        return Signed(raw, to_data(keccak(raw)), sender, transaction.nonce, transaction.fees)


def unsigned_of(raw: bytes) -> Unsigned:
    """What stands in the bytes of a transaction that `LocalSigner` signed.

    Raises:
        BadInput: they are no EIP-1559 and no legacy transaction with a chain id (EIP-155).
    """
    import rlp  # type: ignore[import-untyped]
    from rlp.exceptions import RLPException  # type: ignore[import-untyped]

    try:
        if raw[:1] == b"\x02":
            chain_id, nonce, priority, max_fee, gas, to, value, data, _, _, _, _ = rlp.decode(raw[1:])
            fees = Fees(_number(max_fee), _number(priority))
            return Unsigned(_number(chain_id), _number(nonce), checksum(to), data, _number(value), _number(gas), fees)
        nonce, price, gas, to, value, data, v, _, _ = rlp.decode(raw)
    except (RLPException, ValueError, TypeError) as error:
        raise BadInput("not the bytes of a transaction that this program signs", value=f"{len(raw)} bytes") from error
    chain_id = (_number(v) - 35) // 2
    return Unsigned(
        chain_id, _number(nonce), checksum(to), data, _number(value), _number(gas), Fees(_number(price), None)
    )


def _number(data: bytes) -> int:
    return int.from_bytes(data, "big")


def _fields(transaction: Unsigned) -> dict[str, Any]:
    fees = transaction.fees
    common = {
        "chainId": transaction.chain_id,
        "nonce": transaction.nonce,
        "to": transaction.to,
        "data": transaction.data,
        "value": transaction.value,
        "gas": transaction.gas,
    }
    if fees.max_priority_fee_per_gas is None:
        return {**common, "gasPrice": fees.max_fee_per_gas}
    return {
        **common,
        "type": 2,
        "maxFeePerGas": fees.max_fee_per_gas,
        "maxPriorityFeePerGas": fees.max_priority_fee_per_gas,
    }
