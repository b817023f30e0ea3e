"""The service as an owners' queue: this program proposes as a delegate, whose signature confirms nothing."""

from __future__ import annotations

import json

from dao_bot.domain.addresses import Address
from dao_bot.safe.hashes import safe_tx_hash
from dao_bot.safe.queue import Listing
from dao_bot.safe.signatures import Signature, signature_bytes
from dao_bot.safe.signing import key_address, sign_as_delegate
from dao_bot.safe.transaction import SafeTransaction
from dao_bot.safe.transaction_service.api import ServiceApi
from dao_bot.safe.transaction_service.records import listing_of
from dao_bot.safe.transaction_service.schemas import TransactionPage

_LONGEST_ORIGIN = 200


class TransactionServiceQueue:
    """`OwnersQueue` of one Safe.

    Args:
        key: of the delegate, 32 bytes. Never shown. It can do nothing but propose.
    """

    def __init__(self, api: ServiceApi, chain_id: int, safe: Address, key: bytes) -> None:
        self._api = api
        self._chain_id = chain_id
        self._safe = safe
        self._key = key
        self.proposer = key_address(key)

    @property
    def name(self) -> str:
        return f"the transaction service at {self._api.host}"

    def waiting(self, first_nonce: int) -> Listing:
        # Only what somebody signed: anybody can post an unsigned proposal in an owner's name, which the service keeps
        # as not trusted. Counting those would let a stranger push the next nonce out of reach.
        query = {"executed": "false", "trusted": "true", "nonce__gte": first_nonce, "ordering": "nonce"}
        pages = self._api.pages(TransactionPage, f"/api/v2/safes/{self._safe}/multisig-transactions/", query)
        records = [record for page in pages for record in page.results]
        return listing_of(self._chain_id, self._safe, first_nonce, records)

    def propose(self, transaction: SafeTransaction, owners: tuple[Address, ...], note: str) -> None:
        signature = sign_as_delegate(self._key, self._chain_id, self._safe, transaction, owners)
        digest = safe_tx_hash(self._chain_id, self._safe, transaction)
        self._api.propose(
            self._safe,
            {
                "to": transaction.to,
                "value": str(transaction.value),
                "data": f"0x{transaction.data.hex()}" if transaction.data else None,
                "operation": int(transaction.operation),
                "safeTxGas": str(transaction.safe_tx_gas),
                "baseGas": str(transaction.base_gas),
                "gasPrice": str(transaction.gas_price),
                "gasToken": transaction.gas_token,
                "refundReceiver": transaction.refund_receiver,
                "nonce": str(transaction.nonce),
                "contractTransactionHash": f"0x{digest.hex()}",
                "sender": self.proposer,
                "signature": f"0x{signature.head().hex()}",
                "origin": json.dumps({"name": note})[:_LONGEST_ORIGIN],
            },
        )

    def confirm(self, safe_tx_hash: str, signature: Signature) -> None:
        self._api.post_signatures(bytes.fromhex(safe_tx_hash[2:]), signature_bytes(signature))
