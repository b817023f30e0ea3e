"""The proposal: everything that people read, approve and the keeper executes, fixed before it leaves the process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dao_bot.domain.calls import Batch, Call, DecodedCall
from dao_bot.domain.decisions import Decision
from dao_bot.domain.hashing import digest
from dao_bot.domain.positions import Position
from dao_bot.domain.prices import TokenPrice
from dao_bot.domain.runs import Block, RunId
from dao_bot.domain.simulation import Simulation
from dao_bot.domain.tokens import Token
from dao_bot.domain.verdict import Verdict


@dataclass(frozen=True, slots=True)
class HoldingLine:
    """One line of the table: what the Safe holds, and is expected to hold afterwards (base units)."""

    token: Token
    before: int
    expected: int
    price: TokenPrice


@dataclass(frozen=True, slots=True)
class Proposal:
    """One batch to be approved, with the whole story of how it came about.

    Attributes:
        attempt: 0 for the first batch of a run, counted up when the run is tried again.
        safe_nonce: of the Safe at the pinned block; every execution since then has raised it by one.
        calls: the calls in order, the deadline first.
        decoded: the same calls, read back from their bytes.
        approval_rule: name of the rule under which people approve it.
        positions: of the Safe at the pinned block; those that the batch makes or changes stand in `simulation` too, as
            they are afterwards.
    """

    run: RunId
    attempt: int
    observation_digest: str
    block: Block
    safe_nonce: int
    batch: Batch
    calls: tuple[Call, ...]
    decoded: tuple[DecodedCall, ...]
    decision: Decision
    holdings: tuple[HoldingLine, ...]
    simulation: Simulation
    verdict: Verdict
    approval_rule: str
    labels: Mapping[str, str]
    positions: tuple[Position, ...] = ()

    @property
    def id(self) -> str:
        """hash(RunId, attempt, batch hash, observation digest), 0x-hex of 32 bytes."""
        return digest(
            {
                "run": self.run.digest,
                "attempt": self.attempt,
                "batch": self.batch.batch_hash,
                "observation": self.observation_digest,
            }
        )


@dataclass(frozen=True, slots=True)
class Approval:
    """That people, or a rule they made, approved exactly this batch. All that the engine knows of governance.

    Attributes:
        evidence: how it was approved, in a form that can be checked again (signatures, tally id, rule).
        valid_until: epoch seconds, chain time.
    """

    batch_hash: str
    evidence: Mapping[str, object]
    valid_until: int


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it, read from the chain.

    Attributes:
        realised: (token, delta in base units) of the Safe in this transaction.
        expected: the same, as the proposal promised.
        gas_cost: in base units of the native coin, paid by the sender.
    """

    transaction_hash: str
    block_number: int
    block_hash: str
    success: bool
    realised: tuple[tuple[Token, int], ...]
    expected: tuple[tuple[Token, int], ...]
    gas_used: int
    gas_cost: int
