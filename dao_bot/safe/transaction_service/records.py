"""From the service's raw records to what this program knows: every hash computed anew, every kind of confirmation."""

from __future__ import annotations

from collections.abc import Iterable

from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.calls import CallType
from dao_bot.domain.errors import BadInput
from dao_bot.safe.hashes import safe_tx_hash
from dao_bot.safe.queue import Confirmation, Listing, QueuedTransaction
from dao_bot.safe.signatures import ApprovedHash, parse_signature
from dao_bot.safe.transaction import SafeTransaction
from dao_bot.safe.transaction_service.schemas import ConfirmationRecord, TransactionRecord

_APPROVED_HASH = "APPROVED_HASH"


def listing_of(chain_id: int, safe: Address, first_nonce: int, records: Iterable[TransactionRecord]) -> Listing:
    """The transactions of this Safe from this nonce on; whatever states a hash that is not its own is a lie.

    Pages may overlap when something is proposed between two of them: each transaction counts once.
    """
    waiting: dict[str, QueuedTransaction] = {}
    lies: list[str] = []
    for record in records:
        if record.safe != safe:
            lies.append(f"it answered with a transaction of another Safe, {record.safe}")
            continue
        if record.operation not in (CallType.CALL, CallType.DELEGATECALL):
            lies.append(f"{record.safe_tx_hash} has operation {record.operation}, which no Safe executes")
            continue
        transaction = transaction_of(record)
        computed = "0x" + safe_tx_hash(chain_id, safe, transaction).hex()
        if computed != record.safe_tx_hash:
            lies.append(f"it states the hash {record.safe_tx_hash} for a transaction whose hash is {computed}")
        elif transaction.nonce >= first_nonce and not record.is_executed:
            confirmations = tuple(confirmation_of(each) for each in record.confirmations)
            waiting[computed] = QueuedTransaction(computed, transaction, confirmations)
    return Listing(tuple(waiting.values()), tuple(lies))


def transaction_of(record: TransactionRecord) -> SafeTransaction:
    """The fields that are signed."""
    return SafeTransaction(
        to=Address(record.to),
        value=record.value,
        data=bytes.fromhex(record.data[2:]) if record.data else b"",
        operation=CallType(record.operation),
        nonce=record.nonce,
        safe_tx_gas=record.safe_tx_gas,
        base_gas=record.base_gas,
        gas_price=record.gas_price,
        gas_token=Address(record.gas_token or ZERO_ADDRESS),
        refund_receiver=Address(record.refund_receiver or ZERO_ADDRESS),
    )


def confirmation_of(record: ConfirmationRecord) -> Confirmation:
    """A confirmation of any kind: the bytes say which one it is, not the stated type.

    The one exception is a hash that was approved on the chain, for which some versions keep no bytes.
    """
    owner = Address(record.owner)
    if record.signature is None and record.signature_type == _APPROVED_HASH:
        return Confirmation(owner, ApprovedHash(owner))
    try:
        return Confirmation(owner, parse_signature(record.signature or ""))
    except BadInput as error:
        return Confirmation(owner, None, str(error))
