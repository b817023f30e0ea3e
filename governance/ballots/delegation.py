"""Delegation: a wallet that does not vote lets its power go with another's vote. An own vote always comes first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from governance.ballots.errors import DelegationCycle
from governance.ballots.power import require_power
from governance.ballots.sums import Integers


@dataclass(frozen=True, slots=True)
class Delegation:
    """A standing order, in force until the same wallet gives another one.

    Attributes:
        delegate: None takes the delegation back.
        at: chain time, epoch seconds.
        sequence: number of its event in the record.
    """

    delegator: str
    delegate: str | None
    at: int
    sequence: int


@dataclass(frozen=True, slots=True)
class DelegatedPower:
    """What a delegator's own power was at the snapshot of one ballot, 10^-6 token, and to whom it went then."""

    delegator: str
    delegate: str
    power: int

    def __post_init__(self) -> None:
        require_power(self.power)


def in_force(delegations: Iterable[Delegation], at: int) -> dict[str, str]:
    """Delegate by delegator at chain time `at`: the order with the highest number given until then. Lower-case."""
    latest: dict[str, Delegation] = {}
    for order in delegations:
        delegator = order.delegator.lower()
        if order.at <= at and (delegator not in latest or latest[delegator].sequence < order.sequence):
            latest[delegator] = order
    return {delegator: order.delegate.lower() for delegator, order in latest.items() if order.delegate is not None}


def require_no_cycle(standing: Mapping[str, str], delegator: str, delegate: str) -> None:
    """Check a new order against those in force, lower-case, before it is recorded.

    Raises:
        DelegationCycle: the power would come back to the delegator.
    """
    start = delegator.lower()
    path, step = [start], delegate.lower()
    while step != start:
        path.append(step)
        following = standing.get(step)
        if following is None or len(path) > len(standing) + 2:
            return
        step = following
    raise DelegationCycle(
        "this delegation closes a circle",
        value=" > ".join([*path, start]),
        next_step="Delegate to a wallet that does not delegate back, or take one of these delegations back first",
    )


def with_delegated(
    voters: Integers, power: Integers, orders: tuple[Integers, Integers, Integers], wallets: int, *, transitive: bool
) -> Integers:
    """Power of each vote with what others delegated to it.

    Args:
        voters: wallet of each vote, each one once, as numbers below `wallets`.
        power: own power of each vote.
        orders: delegator, delegate (numbers of wallets) and the delegator's power; each delegator once.
        transitive: follow delegates who do not vote to their own delegates. Otherwise, as on Snapshot, power whose
            delegate does not vote is not counted.

    Raises:
        DelegationCycle: only if `transitive`, when delegators who do not vote delegate in a circle.
    """
    delegators, delegates, delegated = orders
    position = np.full(wallets, -1)
    position[voters] = np.arange(voters.size)
    silent = position[delegators] < 0
    delegators, delegates, delegated = delegators[silent], delegates[silent], delegated[silent]
    if transitive:
        delegates = _followed(delegators, delegates, wallets)
    target = position[delegates]
    heard = target >= 0
    together = power.copy()
    np.add.at(together, target[heard], delegated[heard])
    return together


def _followed(delegators: Integers, delegates: Integers, wallets: int) -> Integers:
    """The end of each delegator's chain, by pointer doubling: chains of a million take twenty steps."""
    following = np.arange(wallets)
    following[delegators] = delegates
    ends = delegates
    for _ in range(wallets.bit_length()):
        further = following[ends]
        if np.array_equal(further, ends):
            break
        ends = further
        following[delegators] = ends
    delegating = np.zeros(wallets, np.bool_)
    delegating[delegators] = True
    if delegating[ends].any():
        raise DelegationCycle(
            "the recorded delegations contain a circle",
            value=f"{int(delegating[ends].sum())} delegators lead into it",
            next_step="Check the record: such an order is refused before it is recorded",
        )
    return ends
