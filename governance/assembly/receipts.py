"""Receipts: with one and some twenty hashes a voter sees that the vote is in the tally, without the whole record."""

from __future__ import annotations

from dataclasses import dataclass

from dao_bot.domain.errors import NotFound
from governance.assembly.voting import Voting
from governance.ballots.merkle import prove
from governance.ballots.vote import Vote


@dataclass(frozen=True, slots=True)
class Receipt:
    """One vote that counts, and the way from its receipt to the tally's root.

    Attributes:
        path: hashes beside the way, 0x-hex; `governance.ballots.merkle.verify` and OpenZeppelin's MerkleProof check it.
        closed: the tally is final.
    """

    vote: Vote
    receipt: str
    path: tuple[str, ...]
    votes_root: str
    closed: bool


class Receipts(Voting):
    """For whoever wants to see that a vote is in."""

    def receipt(self, subject_id: str, wallet: str) -> Receipt:
        """The counted vote of a wallet (or seat), with its proof.

        Raises:
            NotFound: no vote was opened on it, or none of this wallet counts.
        """
        counted = self.tally(subject_id)
        vote = next((vote for vote in counted.votes if vote.wallet == wallet.lower()), None)
        if vote is None:
            raise NotFound(
                "no vote of this wallet counts",
                value=wallet[:80],
                next_step="It did not vote in time, or its contract did not confirm the vote when it was closed",
            )
        path = prove((other.receipt for other in counted.votes), vote.receipt)
        return Receipt(vote, vote.receipt, path, counted.tally.votes_root, counted.closed is not None)
