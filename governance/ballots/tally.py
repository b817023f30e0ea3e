"""The tally of a ballot: a pure function of what is recorded, the same for everybody who counts again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from dao_bot.domain.hashing import digest
from governance.ballots.ballot import Ballot
from governance.ballots.columns import load
from governance.ballots.counting import Result, count
from governance.ballots.delegation import DelegatedPower
from governance.ballots.merkle import merkle_root
from governance.ballots.method import Outcome
from governance.ballots.vote import Vote


@dataclass(frozen=True, slots=True)
class Tally:
    """What was counted and what follows. Power is in 10^-6 token.

    Attributes:
        scores: by option; exact.
        rounds: of a run-off, see `Count`.
        total: power of all counted votes, with what was delegated to them.
        delegated: how much of `total` was delegated.
        votes: how many wallets voted.
        ends: chain time of the last vote that counts, after extensions; final once the chain's time is past it.
        votes_root: Merkle root over the receipts of the counted votes.
        input_digest: hash of all that decides the result: the ballot, `votes_root` and the delegated power.
    """

    ballot: str
    options: tuple[str, ...]
    scores: tuple[Fraction, ...]
    rounds: tuple[tuple[int | None, ...], ...]
    total: int
    delegated: int
    votes: int
    outcome: Outcome
    ends: int | None
    votes_root: str
    input_digest: str

    def record(self) -> dict[str, object]:
        """For the record and for machines: scores are rounded down to 10^-6 token."""
        return {
            "ballot": self.ballot,
            "options": self.options,
            "scores": [int(score) for score in self.scores],
            "rounds": self.rounds,
            "total": self.total,
            "delegated": self.delegated,
            "votes": self.votes,
            "outcome": {
                "passed": self.outcome.passed,
                "winners": self.outcome.winners,
                "reason": self.outcome.reason,
            },
            "ends": self.ends,
            "votes_root": self.votes_root,
            "input_digest": self.input_digest,
        }


def tally(
    ballot: Ballot, votes: Iterable[Vote], delegated: Iterable[DelegatedPower] = (), *, until: int | None = None
) -> Tally:
    """Count the votes of a ballot; the order in which they are given does not matter.

    Args:
        votes: all that the record holds for this ballot; late and replaced ones are left out here.
        delegated: the power of wallets that had delegated it when the ballot opened; not counted for those who vote.
        until: number of the event that closed the ballot; whatever the record says later is not counted.

    Raises:
        InvalidVote: the votes cannot be those of this ballot.
        DelegationCycle: delegations that are followed form a circle.
    """
    orders = tuple(delegated)
    result, counted = _count(ballot, votes, orders, until)
    root = merkle_root(vote.receipt for vote in counted)
    return Tally(
        ballot=ballot.id,
        options=ballot.method.options,
        scores=result.count.scores,
        rounds=result.count.rounds,
        total=result.total,
        delegated=result.delegated,
        votes=len(counted),
        outcome=result.outcome,
        ends=result.ends,
        votes_root=root,
        input_digest=_input_digest(ballot, root, orders),
    )


def counted_votes(ballot: Ballot, votes: Iterable[Vote], *, until: int | None = None) -> tuple[Vote, ...]:
    """The votes that a tally counts, in the order of the record; their receipts are what `votes_root` stands over."""
    return _count(ballot, votes, (), until)[1]


def _count(
    ballot: Ballot, votes: Iterable[Vote], orders: tuple[DelegatedPower, ...], until: int | None
) -> tuple[Result, tuple[Vote, ...]]:
    ordered = sorted(votes, key=lambda vote: vote.sequence)
    result = count(ballot, load(ballot, ordered, orders), until=until)
    return result, tuple(ordered[position] for position in result.counted.tolist())


def _input_digest(ballot: Ballot, root: str, orders: tuple[DelegatedPower, ...]) -> str:
    delegated = sorted((order.delegator.lower(), order.delegate.lower(), order.power) for order in orders)
    return digest({"ballot": ballot.record(), "votes_root": root, "delegated": delegated})
