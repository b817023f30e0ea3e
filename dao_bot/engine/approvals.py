"""Approval rules: how a proposal comes to be approved. The engine knows only the `Approval` that results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from dao_bot.domain.addresses import Address
from dao_bot.domain.proposals import Approval, Proposal
from dao_bot.fields import Settings

if TYPE_CHECKING:
    from dao_bot.chain.endpoints import Endpoints
    from dao_bot.chain.provider import Treasury
    from dao_bot.engine.look import Look
    from dao_bot.store.store import Store
    from dao_bot.store.values import StoredProposal

ENTRY_POINTS = "dao_bot.approvals"
"""Entry-point group: rules are an open set, each one class that fulfils `ApprovalRule`."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Not decided yet; `told` says for whom or what it waits."""

    told: str


@dataclass(frozen=True, slots=True)
class Defeat:
    """It was decided against, for good."""

    reason: str


_SIGNED_BY_OWNERS = "multisig"

Judgement = Approval | Defeat | Waiting


@dataclass(frozen=True, slots=True)
class ApprovalContext:
    """What a rule works with.

    Attributes:
        name: the rule's name under `approvals`.
        stewards: the wallets of those who may act as stewards, by name.
        tiers: sources of voting power that make one ballot's power, by name (`governance.power.tier.Tier`).
    """

    name: str
    treasury: Treasury
    endpoints: Endpoints
    store: Store
    stewards: Mapping[str, Address]
    tiers: Mapping[str, object]


class ApprovalRule(Protocol):
    """One rule with its settings, made as `kind(settings, context)`."""

    name: ClassVar[str]
    Settings: ClassVar[type[Settings]]

    def judge(self, stored: StoredProposal, seen: Look) -> Judgement:
        """What the record says of this proposal at the block of `seen`.

        Called at every tick while people may approve, and again before the batch is sent: an approval that does not
        stand any more is told as a defeat, one that is only held up as waiting. What it finds out goes into the
        record, so that it says the same when it is asked again.
        """
        ...

    def grounds(self, stored: StoredProposal) -> Mapping[str, object]:
        """What the record has for its judgement on this proposal, as plain JSON, for another process."""
        ...

    def judge_again(self, stored: StoredProposal, grounds: Mapping[str, Any], seen: Look) -> Judgement:
        """The judgement on an active proposal from such grounds and the chain alone.

        Nothing in the grounds is believed that a wallet should have signed and has not.
        """
        ...


class OwnersSettings(Settings):
    """No settings: the Safe itself knows its owners and threshold."""


class Owners:
    """The Safe's own threshold of owners' signatures, collected here; nobody is asked before."""

    name: ClassVar[str] = "owners"
    Settings: ClassVar[type[OwnersSettings]] = OwnersSettings

    def __init__(self, settings: OwnersSettings, context: ApprovalContext) -> None:
        pass

    def judge(self, stored: StoredProposal, seen: Look) -> Judgement:
        route = stored.proposal.batch.transaction.route
        if route != _SIGNED_BY_OWNERS:
            return Defeat(f"owners sign nothing that goes by the route {route}, so they cannot approve it by that")
        return left_to_owners(stored.proposal, self.name)

    def grounds(self, stored: StoredProposal) -> Mapping[str, object]:
        """The Safe itself has the signatures."""
        return {}

    def judge_again(self, stored: StoredProposal, grounds: Mapping[str, Any], seen: Look) -> Judgement:
        return self.judge(stored, seen)


def left_to_owners(proposal: Proposal, rule: str) -> Approval:
    """Leave the approval to the Safe: nothing executes until its owners have signed exactly this batch."""
    return Approval(proposal.batch.batch_hash, {"rule": rule}, proposal.batch.valid_until)
