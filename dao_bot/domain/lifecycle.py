"""The states of a proposal and the one table of allowed transitions (names follow OpenZeppelin Governor)."""

from __future__ import annotations

import enum

from dao_bot.domain.errors import Refused


class State(enum.StrEnum):
    DRAFT = "draft"
    SIMULATED = "simulated"
    PENDING = "pending"
    ACTIVE = "active"
    SUCCEEDED = "succeeded"
    DEFEATED = "defeated"
    QUEUED = "queued"
    READY = "ready"
    EXECUTING = "executing"
    EXECUTED = "executed"
    FAILED = "failed"
    STALE = "stale"
    CANCELED = "canceled"
    EXPIRED = "expired"


_LEAVING = frozenset({State.STALE, State.CANCELED, State.EXPIRED})

TRANSITIONS: dict[State, frozenset[State]] = {
    State.DRAFT: frozenset({State.SIMULATED, State.FAILED}) | _LEAVING,
    State.SIMULATED: frozenset({State.PENDING}) | _LEAVING,
    State.PENDING: frozenset({State.ACTIVE}) | _LEAVING,
    State.ACTIVE: frozenset({State.SUCCEEDED, State.DEFEATED}) | _LEAVING,
    State.SUCCEEDED: frozenset({State.QUEUED, State.READY}) | _LEAVING,
    State.DEFEATED: frozenset(),
    State.QUEUED: frozenset({State.READY, State.EXECUTED, State.SUCCEEDED}) | _LEAVING,
    State.READY: frozenset({State.EXECUTING, State.EXECUTED, State.QUEUED, State.SUCCEEDED}) | _LEAVING,
    State.EXECUTING: frozenset({State.EXECUTED, State.FAILED, State.READY, State.SUCCEEDED, State.STALE}),
    State.EXECUTED: frozenset({State.READY}),
    State.FAILED: frozenset(),
    State.STALE: frozenset({State.CANCELED, State.EXPIRED, State.EXECUTED}),
    State.CANCELED: frozenset({State.EXECUTED}),
    State.EXPIRED: frozenset(),
}
"""What may follow what. The unusual ones:

- `queued`, `ready`, `stale`, `canceled` ▸ `executed`: anyone may submit a signed Safe transaction; the chain has the
  last word.
- `queued`, `ready`, `executing` ▸ `succeeded`: another transaction took the Safe's nonce; the approval still binds the
  bytes, so the batch is queued again at the next nonce.
- `succeeded` ▸ `ready`: on the module route there is no nonce to wait for, and no owner to sign.
- `ready` ▸ `queued`: the Safe's owners or threshold changed, and the signatures no longer suffice.
- `executing` ▸ `stale`: it reverted; the nonce is unused and the signatures live on until the deadline in the bytes.
- `executing` ▸ `ready`: the transaction never reached the chain, or was replaced; nothing happened.
- `executed` ▸ `ready`: a reorg took the execution back and the Safe's nonce says so.
"""

OPEN_STATES = frozenset(
    {
        State.DRAFT,
        State.SIMULATED,
        State.PENDING,
        State.ACTIVE,
        State.SUCCEEDED,
        State.QUEUED,
        State.READY,
        State.EXECUTING,
    }
)
"""States in which a proposal may still spend; its spending is held back from later runs."""


def require_transition(before: State, after: State) -> None:
    """Raise `Refused` unless the table allows it."""
    if after not in TRANSITIONS[before]:
        allowed = ", ".join(sorted(TRANSITIONS[before])) or "nothing, it is final"
        raise Refused(f"a proposal cannot go from {before} to {after}", limit=allowed)
