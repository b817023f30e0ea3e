"""Owners' agreement to a proposal: the hash to sign, signatures taken in, and those that count now."""

from __future__ import annotations

from dao_bot.chain.plan import Plan
from dao_bot.domain.calls import MULTISIG
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

REJECTED = frozenset({State.CANCELED, State.STALE})
"""States in which what owners sign for a proposal is its rejection."""

_SIGNED = frozenset({State.QUEUED, State.READY})


def transaction_of(stored: StoredProposal) -> SafeTransaction:
    """What owners sign for it: its batch at its nonce; for a canceled or stale one, the rejection at that nonce.

    Raises:
        BadInput: it has no nonce, or goes by another route.
    """
    return rejection_of(stored) if stored.state in REJECTED else batch_of(stored)


def batch_of(stored: StoredProposal) -> SafeTransaction:
    """Its batch at its nonce, whatever became of it."""
    return safe_transaction(stored.proposal.batch.transaction, _nonce_of(stored))


def rejection_of(stored: StoredProposal) -> SafeTransaction:
    """The empty transaction at its nonce."""
    return rejection(stored.proposal.batch.safe, _nonce_of(stored))


def _nonce_of(stored: StoredProposal) -> int:
    route = stored.proposal.batch.transaction.route
    if route != MULTISIG:
        raise BadInput(
            "owners sign nothing for this proposal, because it does not go by their signatures",
            value=f"route {route}",
            limit=MULTISIG,
            next_step="Look at it with `dao-bot show`; `dao-bot cancel` stops it",
        )
    if stored.nonce is None:
        raise BadInput(
            "this proposal has no Safe nonce, so there is nothing to sign",
            value=f"state {stored.state}",
            limit="queued, ready, or canceled after it was queued",
            next_step="Run the keeper (`dao-bot run --once`), which gives an approved proposal its nonce",
        )
    return stored.nonce


def require_signable(stored: StoredProposal, safe: SafeState) -> SafeTransaction:
    """What an owner may sign for it now.

    Raises:
        BadInput: nothing, because it has no nonce, is over, or its nonce is used.
    """
    transaction = transaction_of(stored)
    if stored.state not in _SIGNED | REJECTED:
        raise BadInput(
            "there is nothing to sign for this proposal now",
            value=f"state {stored.state}",
            limit="queued or ready; canceled or stale to sign its rejection",
            next_step="Look at it with `dao-bot show`",
        )
    if transaction.nonce < safe.nonce:
        raise BadInput(
            "the nonce of this proposal is used, so a signature for it would be worth nothing",
            value=f"nonce {transaction.nonce}",
            limit=f"the Safe is at nonce {safe.nonce}",
            next_step="Run the keeper (`dao-bot run --once`), which finds out by what, then sign again",
        )
    return transaction


def hash_of(services: Services, transaction: SafeTransaction) -> bytes:
    """The safeTxHash, computed here."""
    return safe_tx_hash(services.treasury.chain_id, services.treasury.safe, transaction)


def take_signature(
    services: Services, store: Store, stored: StoredProposal, raw: bytes, safe: SafeState, block: Block
) -> OwnerSignature:
    """Keep an owner's signature over this proposal's transaction; anything else is refused.

    Args:
        safe: as it is at `block`.

    Raises:
        BadInput: it is malformed, by no owner, over another hash, not confirmed by the chain, or there already; or
            there is nothing to sign.
    """
    transaction = require_signable(stored, safe)
    digest = hash_of(services, transaction)
    verified = verify_signature(parse_signature(raw), digest, safe.owners)
    if not confirmed(services, transaction, safe, (verified,), block):
        raise BadInput(
            "the chain does not confirm this signature",
            value=f"{kind_of(verified.signature)} of {verified.owner}",
            limit=f"safeTxHash 0x{digest.hex()}",
            next_step="Approve the hash on the Safe with approveHash first, or sign with a key",
        )
    new = store.add_signature(
        "0x" + digest.hex(),
        verified.owner,
        kind_of(verified.signature),
        signature_bytes(verified.signature),
        block.timestamp,
        proposal_id=stored.id,
    )
    if not new:
        raise BadInput(
            "this owner has signed already",
            value=verified.owner,
            limit=f"{safe.threshold} different owners",
            next_step="Ask another owner",
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
    accepted, approved = services.endpoints.read(
        block,
        [_confirm(services, transaction, safe, kept), read_approvals(treasury.safe, digest, safe.owners)],
    )
    signed = {known.owner for known in accepted}
    return (*accepted, *(known for known in approved if known.owner not in signed))


def confirmed(
    services: Services,
    transaction: SafeTransaction,
    safe: SafeState,
    signatures: tuple[OwnerSignature, ...],
    block: Block,
) -> tuple[OwnerSignature, ...]:
    """Those of them that the Safe would accept at `block`; only the kinds that the chain decides on are asked for."""
    if not any(known.needs_chain for known in signatures):
        return signatures
    accepted: tuple[OwnerSignature, ...]
    (accepted,) = services.endpoints.read(block, [_confirm(services, transaction, safe, signatures)])
    return accepted


def _confirm(
    services: Services, transaction: SafeTransaction, safe: SafeState, signatures: tuple[OwnerSignature, ...]
) -> Plan[tuple[OwnerSignature, ...]]:
    preimage = safe_tx_preimage(services.treasury.chain_id, safe.address, transaction)
    return confirm(safe.address, safe.version, preimage, signatures)


def kind_of(signature: Signature) -> SignatureKind:
    """How the owner agreed."""
    if isinstance(signature, ApprovedHash):
        return SignatureKind.APPROVED_HASH
    if isinstance(signature, ContractSignature):
        return SignatureKind.CONTRACT
    return SignatureKind.ETH_SIGN if signature.eth_sign else SignatureKind.EOA
