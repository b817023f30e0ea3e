"""The votes of one ballot as columns: what counting takes, loaded from the record once."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from governance.ballots.ballot import Ballot
from governance.ballots.delegation import DelegatedPower
from governance.ballots.errors import InvalidVote
from governance.ballots.method import Choices
from governance.ballots.power import MOST_POWER
from governance.ballots.sums import Integers, exact_total
from governance.ballots.vote import Vote


@dataclass(frozen=True, slots=True)
class Columns:
    """Votes in the order of their sequence, and delegated power. Wallets are numbered from 0.

    Attributes:
        wallets: how many different wallets there are, voters, delegators and delegates together.
        wallet, power, at, sequence: shape (votes,).
        choices: in the form of the ballot's kind, first axis votes.
        delegators, delegates, delegated: shape (delegators,); power in 10^-6 token.
        repeated: some wallet has several votes.
    """

    wallets: int
    wallet: Integers
    power: Integers
    at: Integers
    sequence: Integers
    choices: Choices
    delegators: Integers
    delegates: Integers
    delegated: Integers
    repeated: bool


def load(ballot: Ballot, votes: Iterable[Vote], delegated: Iterable[DelegatedPower] = ()) -> Columns:
    """Columns of the votes, in whatever order they are given.

    Raises:
        InvalidVote: a vote for another ballot, two votes with the same number, two orders of one delegator, or more
            power than an int64 can count.
        InvalidChoice: a choice that the ballot does not offer.
    """
    ordered = sorted(votes, key=lambda vote: vote.sequence)
    orders = tuple(delegated)
    _require_one_ballot(ballot, ordered)
    numbers: dict[str, int] = {}

    def numbered(names: Iterable[str]) -> Integers:
        return _integers([numbers.setdefault(name.lower(), len(numbers)) for name in names])

    wallet = numbered(vote.wallet for vote in ordered)
    voting = len(numbers)
    delegators = numbered(order.delegator for order in orders)
    delegates = numbered(order.delegate for order in orders)
    if np.unique(delegators).size < delegators.size:
        raise InvalidVote("a wallet has delegated its power twice")
    power, handed_on = _integers([vote.power for vote in ordered]), _integers([order.power for order in orders])
    require_countable(power, handed_on)
    return Columns(
        wallets=len(numbers),
        wallet=wallet,
        power=power,
        at=_integers([vote.at for vote in ordered]),
        sequence=_integers([vote.sequence for vote in ordered]),
        choices=ballot.method.columns([ballot.method.parse(vote.choice) for vote in ordered]),
        delegators=delegators,
        delegates=delegates,
        delegated=handed_on,
        repeated=voting < len(ordered),
    )


def _require_one_ballot(ballot: Ballot, ordered: list[Vote]) -> None:
    for vote in ordered:
        if vote.ballot != ballot.id:
            raise InvalidVote("a vote belongs to another ballot", value=vote.ballot, limit=ballot.id)
    for vote, following in pairwise(ordered):
        if vote.sequence == following.sequence:
            raise InvalidVote("two votes have the same number in the record", value=vote.sequence)


def require_countable(*powers: Integers) -> None:
    """Raise InvalidVote if all power together passes `MOST_POWER`, so that no sum of it can overflow."""
    total = sum(exact_total(power) for power in powers)
    if total > MOST_POWER:
        raise InvalidVote(
            "all voting power together cannot be counted",
            value=total,
            limit=f"{MOST_POWER} (10^-6 token)",
            next_step="Let the source of voting power count in thousands or millions of tokens",
        )


def _integers(values: list[int]) -> Integers:
    return np.array(values, np.int64)
