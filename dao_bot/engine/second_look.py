"""A second look at a Safe transaction, by whoever is to sign it: nothing of the first look is believed."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from dao_bot.domain.calls import MULTISIG, Batch, WrappedTransaction
from dao_bot.domain.errors import DaoBotError, Refused
from dao_bot.domain.runs import RunId
from dao_bot.domain.simulation import SafeState
from dao_bot.domain.verdict import RuleReport
from dao_bot.engine.acceptance import require_accepted
from dao_bot.engine.examine import Examined, examine
from dao_bot.engine.look import Look, look, look_at_safe
from dao_bot.engine.services import Services
from dao_bot.policy.facts import Move
from dao_bot.safe.transaction import SafeTransaction
from dao_bot.safe.verification import Verification, read_contract_hash, verify
from dao_bot.store.store import Store
from dao_bot.store.values import StoredProposal

_ONE_DAY = 86_400
_INSPECTION = RunId("inspect", 0)


@dataclass(frozen=True, slots=True)
class SecondLook:
    """What a signer has to know.

    Attributes:
        examined: what it does, as simulated; None when that cannot be known, for which `problem` has the reason.
    """

    verification: Verification
    examined: Examined | None
    problem: str | None

    @property
    def is_safe_to_sign(self) -> bool:
        """No reason was found not to sign."""
        tried = self.examined is not None and self.examined.simulation.success
        return tried and not self.verification.dangers and not self.refusals

    @property
    def refusals(self) -> tuple[RuleReport, ...]:
        """What the policy has against it; a rejection does nothing that a policy could speak about."""
        if self.examined is None or self.verification.is_rejection:
            return ()
        return self.examined.verdict.violations


def look_again(
    services: Services,
    store: Store,
    transaction: SafeTransaction,
    *,
    stated_hash: str | None = None,
    batch_of: StoredProposal | None = None,
) -> SecondLook:
    """Hashes, calls and dangers, recomputed from the fields; and what the Safe would gain and lose now.

    Args:
        stated_hash: what somebody says the safeTxHash is.
        batch_of: the proposal whose batch it is, where it is known: it is then held to the policy as that one.

    Raises:
        ChainError: the Safe cannot be read.
    """
    block, safe = look_at_safe(services, any_safe=True)
    (contract_hash,) = services.endpoints.read(block, [read_contract_hash(safe.address, transaction)])
    verification = verify(
        services.treasury.chain_id,
        safe,
        transaction,
        decoders=[protocol.decode for protocol in services.protocols],
        multi_send_call_only=services.multi_send_call_only,
        contract_hash=contract_hash,
        stated_hash=stated_hash,
    )
    dangers = (*verification.dangers, *_changes(services, safe))
    verification = dataclasses.replace(verification, dangers=dangers)
    try:
        if batch_of is not None:
            return SecondLook(verification, examine_proposal(services, store, batch_of), None)
        wrapped = WrappedTransaction(
            MULTISIG, transaction.to, transaction.value, transaction.data, transaction.operation
        )
        return SecondLook(verification, examine_wrapped(services, store, wrapped, verification.deadline), None)
    except DaoBotError as error:
        return SecondLook(verification, None, str(error))


def examine_wrapped(
    services: Services, store: Store, wrapped: WrappedTransaction, valid_until: int | None = None
) -> Examined:
    """What bytes without a proposal do at the newest block, whoever controls the Safe now.

    Args:
        valid_until: the deadline in them; a day from now where they are to be given one.

    Raises:
        DaoBotError: they cannot be taken apart or tried.
    """
    treasury = services.treasury
    seen = look(services, _INSPECTION, any_safe=True)
    until = seen.block.timestamp + _ONE_DAY if valid_until is None else valid_until
    batch = Batch(treasury.chain_id, treasury.safe, wrapped, services.policy_hash, until)
    return examine(services, seen, batch, _moves(services, store, seen))


def examine_proposal(services: Services, store: Store, stored: StoredProposal) -> Examined:
    """What a recorded batch does at the newest block; what it moves itself does not count against it.

    Raises:
        DaoBotError: it cannot be taken apart or tried, or somebody else controls the Safe now.
    """
    seen = look(services, _INSPECTION)
    moves = [move for move in _moves(services, store, seen) if move.proposal_id != stored.id]
    return examine(services, seen, stored.proposal.batch, moves)


def _moves(services: Services, store: Store, seen: Look) -> tuple[Move, ...]:
    return store.moves(services.treasury.safe, seen.block.timestamp - services.longest_window)


def _changes(services: Services, safe: SafeState) -> list[str]:
    """That somebody else controls the Safe now is a reason not to sign anything."""
    try:
        require_accepted(services.accepted_safe(), safe)
    except Refused as error:
        return [str(error)]
    return []
