"""Owners' agreement to a proposal: the hash to sign, signatures taken in, and those that count now."""

from __future__ import annotations

from dao_bot.domain.errors import BadInput
from dao_bot.domain.lifecycle import State
from dao_bot.domain.runs import Block
from dao_bot.domain.simulation import SafeState
from dao_bot.engine.services import Services
from dao_bot.safe.confirmations import confirm, read_approvals
from dao_bot.safe.hashes import safe_tx_hash, safe_tx_preimage
from dao_bot.safe.signatures import (
    ApprovedHash,
    ContractSignature,
    OwnerSignature,
    Signature,
    parse_signature,
    signature_bytes,
    verify_signature,
)
from dao_bot.safe.transaction import SafeTransaction, rejection, safe_transaction
from dao_bot.store.store import Store
from dao_bot.store.values import SignatureKind, StoredProposal


def transaction_of(stored: StoredProposal) -> SafeTransaction:
    """What owners sign for it: its batch at its nonce; for a canceled or stale one, the rejection at that nonce.

    Raises:
        BadInput: it has no nonce yet, or not any more.
    """
    if stored.nonce is None:
        raise BadInput(
            "this proposal has no Safe nonce, so there is nothing to sign",
            value=f"state {stored.state}",
            limit="queued, ready, or canceled after it was queued",
            next_step="Run the keeper (`dao-bot run --once`), which gives an approved proposal its nonce",
        )
    if stored.state in (State.CANCELED, State.STALE):
        return rejection(stored.proposal.batch.safe, stored.nonce)
    return safe_transaction(stored.proposal.batch.transaction, stored.nonce)


def hash_of(services: Services, transaction: SafeTransaction) -> bytes:
    """The safeTxHash, computed here."""
    return safe_tx_hash(services.treasury.chain_id, services.treasury.safe, transaction)


def take_signature(
    services: Services, store: Store, stored: StoredProposal, raw: bytes, safe: SafeState, at: int
) -> OwnerSignature:
    """Keep an owner's signature over this proposal's transaction; anything else is refused.

    Raises:
        BadInput: it is malformed, by no owner, or over another hash.
    """
    digest = hash_of(services, transaction_of(stored))
    verified = verify_signature(parse_signature(raw), digest, safe.owners)
    store.add_signature(
        "0x" + digest.hex(),
        verified.owner,
        _kind(verified.signature),
        signature_bytes(verified.signature),
        at,
        proposal_id=stored.id,
    )
    return verified


def valid_signatures(
    services: Services, store: Store, transaction: SafeTransaction, safe: SafeState, block: Block
) -> tuple[OwnerSignature, ...]:
    """Signatures and on-chain approvals that the Safe would accept at `block`, one for each present owner."""
    treasury = services.treasury
    digest = hash_of(services, transaction)
    kept = tuple(
        verify_signature(parse_signature(stored.signature), digest, safe.owners, claimed=stored.owner)
        for stored in store.signatures("0x" + digest.hex())
        if stored.owner in safe.owners
    )
    preimage = safe_tx_preimage(treasury.chain_id, treasury.safe, transaction)
    confirmed, approved = services.endpoints.read(
        block,
        [confirm(treasury.safe, safe.version, preimage, kept), read_approvals(treasury.safe, digest, safe.owners)],
    )
    signed = {known.owner for known in confirmed}
    return (*confirmed, *(known for known in approved if known.owner not in signed))


def _kind(signature: Signature) -> SignatureKind:
    if isinstance(signature, ApprovedHash):
        return SignatureKind.APPROVED_HASH
    if isinstance(signature, ContractSignature):
        return SignatureKind.CONTRACT
    return SignatureKind.ETH_SIGN if signature.eth_sign else SignatureKind.EOA
