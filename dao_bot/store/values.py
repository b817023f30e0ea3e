"""What the store hands out: the domain's values together with what only the store knows of them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dao_bot.domain.addresses import Address
from dao_bot.domain.decisions import Decision
from dao_bot.domain.lifecycle import State
from dao_bot.domain.proposals import Approval, Outcome, Proposal
from dao_bot.domain.runs import RunId
from dao_bot.domain.verdict import Verdict


class RunResult(enum.StrEnum):
    """How a run ended. `nothing` is a decision not to act; `refused` is the policy's answer; `failed` is an error."""

    PROPOSAL = "proposal"
    NOTHING = "nothing"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class StoredRun:
    """One run: who claimed it and how it ended.

    Attributes:
        lease_until: until when `keeper` alone may finish it; chain time, as all times here.
        result, finished_at: None while it is not finished.
        detail: in words, why it ended so.
        decision: what was decided, kept also when nothing was done.
        verdict: the policy's answer, if it came to that.
    """

    run: RunId
    keeper: str
    claimed_at: int
    lease_until: int
    result: RunResult | None
    finished_at: int | None
    detail: str
    decision: Decision | None
    verdict: Verdict | None


@dataclass(frozen=True, slots=True)
class StrategyState:
    """`failures` in a row; when `paused`, since when and why."""

    strategy: str
    failures: int = 0
    paused: bool = False
    reason: str = ""
    paused_at: int | None = None


@dataclass(frozen=True, slots=True)
class StoredProposal:
    """A proposal, where it stands, and the Safe's nonce once it has one.

    Attributes:
        number: of the event that recorded it; later proposals have greater ones.
        created_at, changed_at: chain time of the recording and of the last change of state.
    """

    proposal: Proposal
    state: State
    number: int
    nonce: int | None
    created_at: int
    changed_at: int

    @property
    def id(self) -> str:
        return self.proposal.id


@dataclass(frozen=True, slots=True)
class StoredApproval:
    """An approval and when it was recorded."""

    approval: Approval
    at: int


class SignatureKind(enum.StrEnum):
    """How an owner agreed to a Safe transaction hash."""

    EOA = "eoa"
    ETH_SIGN = "eth_sign"
    APPROVED_HASH = "approved_hash"
    CONTRACT = "contract"


@dataclass(frozen=True, slots=True)
class StoredSignature:
    """One owner's agreement; `signature` is what the Safe's encoding needs of it."""

    safe_tx_hash: str
    owner: Address
    kind: SignatureKind
    signature: bytes
    at: int
    proposal_id: str | None


class AttemptState(enum.StrEnum):
    """Where a send of the keeper stands. `planned` was recorded before the send, so it may have been sent or not."""

    PLANNED = "planned"
    BROADCAST = "broadcast"
    MINED = "mined"
    REPLACED = "replaced"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True)
class StoredAttempt:
    """One signed transaction of the keeper for one proposal.

    Attributes:
        raw: the signed bytes, so that a restart sends the same again and nothing else.
        fees: as they were chosen, in wei by name.
        block_number, block_hash, status, gas_used: of the receipt; None until it is mined. Status 1 is success.
        replaced_by: transaction hash of the one that took its nonce, when it is known.
    """

    transaction_hash: str
    proposal_id: str
    chain_id: int
    sender: Address
    sender_nonce: int
    raw: bytes
    fees: Mapping[str, int]
    state: AttemptState
    planned_at: int
    changed_at: int
    block_number: int | None
    block_hash: str | None
    status: int | None
    gas_used: int | None
    replaced_by: str | None


@dataclass(frozen=True, slots=True)
class StoredAct:
    """Something that a person did, as the record has it; see `Acts.record_act`.

    Attributes:
        number: of its event.
        at: chain time.
    """

    number: int
    subject: str
    kind: str
    actor: str
    key: str
    at: int
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StoredPost:
    """Something that is said once where people talk.

    Attributes:
        at: when it was intended.
        channel, message: where it stands; None while it stands nowhere.
        shows: digest of what it shows.
    """

    subject: str
    part: str
    at: int
    channel: str | None
    message: str | None
    shows: str | None


@dataclass(frozen=True, slots=True)
class StoredOutcome:
    """What came of a proposal, the chain time of its execution, and since when that is final (None: not recorded)."""

    outcome: Outcome
    at: int
    final_at: int | None
