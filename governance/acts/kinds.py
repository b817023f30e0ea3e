"""Kinds of events that tell of acts of people, and the registers that they are about when it is no proposal."""

from __future__ import annotations

BALLOT_OPENED = "ballot opened"
POWER_READ = "voting power read"
VOTED = "voted"
BALLOT_CLOSED = "ballot closed"
STOOD = "steward took a stand"
DELEGATED = "voting power delegated"
ROLES_NOTED = "roles noted"
FROZEN = "approvals frozen"
UNFREEZE_SIGNED = "unfreezing signed"
UNFROZEN = "approvals unfrozen"
MANDATE_PROPOSED = "mandate proposed"
MANDATE_USED = "mandate used"

WALLETS = "wallets"
DELEGATIONS = "delegations"
ROLES = "roles"
MANDATES = "mandates"
FREEZE = "freeze"
"""Subjects."""
