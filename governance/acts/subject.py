"""What people decide on: a batch, or a mandate."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.domain.proposals import Proposal
from dao_bot.domain.tokens import Amount, usd_value
from dao_bot.store.values import StoredProposal

UNPRICED = 2**255
"""USD (WAD): what leaves the Safe without a price is worth more than any limit."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One thing to be approved.

    Attributes:
        id: under which acts about it stand in the record.
        hash: what a signature over it names and an approval binds: the batch hash, or the mandate's own.
        at: chain time at which it came to be; voting power is read before that.
        valid_until: chain time after which an approval is worth nothing.
        value: USD (WAD) that it takes out of the Safe, at the prices of its making.
    """

    id: str
    hash: str
    at: int
    valid_until: int
    value: int

    @property
    def is_batch(self) -> bool:
        """Mandates and questions are known by their hashes; a batch's hash is not its proposal's id."""
        return self.id != self.hash


def subject_of(stored: StoredProposal) -> Subject:
    """The batch of a proposal."""
    batch = stored.proposal.batch
    return Subject(stored.id, batch.batch_hash, stored.created_at, batch.valid_until, outflow(stored.proposal))


def outflow(proposal: Proposal) -> int:
    """USD (WAD) that leaves the Safe, gross: a swap counts with what it sells."""
    lines = {line.token.address: line for line in proposal.holdings}
    total = 0
    for change in proposal.simulation.changes:
        if change.delta >= 0:
            continue
        line = lines.get(change.token)
        if change.token_id is not None or line is None or line.price.usd is None:
            return UNPRICED
        total += usd_value(Amount(line.token, -change.delta), line.price.usd)
    return total
