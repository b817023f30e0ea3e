"""What only the chain can say of owners' signatures: approved hashes and contract signatures (EIP-1271)."""

from __future__ import annotations

from collections.abc import Sequence

from dao_bot.chain.abi import function
from dao_bot.chain.plan import Answer, Plan, Read
from dao_bot.domain.addresses import Address
from dao_bot.domain.hashing import keccak
from dao_bot.safe.signatures import ApprovedHash, ContractSignature, OwnerSignature
from dao_bot.safe.state import parse_version

_APPROVED = function("approvedHashes(address,bytes32)", "(uint256)")
_IS_VALID_LEGACY = function("isValidSignature(bytes,bytes)", "(bytes4)")
_IS_VALID = function("isValidSignature(bytes32,bytes)", "(bytes4)")
_LEGACY_UNTIL = (1, 5, 0)
"""From this version on a Safe asks its contract owners by EIP-1271 proper, with the hash; before, with the preimage."""


def confirm(
    safe: Address, version: str, preimage: bytes, signatures: Sequence[OwnerSignature]
) -> Plan[tuple[OwnerSignature, ...]]:
    """Those of `signatures` that the Safe will accept at this block. One round.

    A signature that fails the check is left out: an approval on the chain may come later, so it is not an error.

    Args:
        preimage: `safe_tx_preimage` of the transaction.
    """
    asked = [known for known in signatures if known.needs_chain]
    answers: Sequence[Answer] = (yield [_question(safe, version, preimage, known) for known in asked]) if asked else ()
    confirmed = {known.owner for known, answer in zip(asked, answers, strict=True) if _agrees(version, known, answer)}
    return tuple(known for known in signatures if not known.needs_chain or known.owner in confirmed)


def read_approvals(safe: Address, safe_tx_hash: bytes, owners: Sequence[Address]) -> Plan[tuple[OwnerSignature, ...]]:
    """The owners that have approved the hash on the chain, as signatures that the Safe accepts. One round."""
    answers = yield [_APPROVED.read(safe, owner, safe_tx_hash) for owner in owners]
    return tuple(
        OwnerSignature(owner, ApprovedHash(owner))
        for owner, answer in zip(owners, answers, strict=True)
        if _is_nonzero(answer)
    )


def _question(safe: Address, version: str, preimage: bytes, known: OwnerSignature) -> Read:
    signature = known.signature
    if isinstance(signature, ContractSignature):
        if parse_version(version) < _LEGACY_UNTIL:
            return _IS_VALID_LEGACY.read(known.owner, preimage, signature.data, gas=1_000_000)
        return _IS_VALID.read(known.owner, keccak(preimage), signature.data, gas=1_000_000)
    return _APPROVED.read(safe, known.owner, keccak(preimage))


def _agrees(version: str, known: OwnerSignature, answer: Answer) -> bool:
    if not isinstance(known.signature, ContractSignature):
        return _is_nonzero(answer)
    asked = _IS_VALID_LEGACY if parse_version(version) < _LEGACY_UNTIL else _IS_VALID
    # The magic value is the selector itself, in both forms.
    return answer.success and answer.data == asked.selector.ljust(32, b"\0")


def _is_nonzero(answer: Answer) -> bool:
    return answer.success and len(answer.data) == 32 and any(answer.data)
