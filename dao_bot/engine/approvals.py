"""Approval rules: how a proposal comes to be approved. The engine knows only the `Approval` that results."""

from __future__ import annotations

from dao_bot.domain.proposals import Approval, Proposal

OWNERS = "owners"
"""The Safe's own threshold of owners' signatures is the approval; nobody is asked before."""


def owners_approval(proposal: Proposal) -> Approval:
    """Leave the approval to the Safe: nothing executes until its owners have signed exactly this batch."""
    return Approval(proposal.batch.batch_hash, {"rule": OWNERS}, proposal.batch.valid_until)
