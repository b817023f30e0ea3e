"""From columns to a result: which votes count, with which power, until when, and what follows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from governance.ballots.ballot import Ballot
from governance.ballots.columns import Columns
from governance.ballots.delegation import with_delegated
from governance.ballots.late_swing import extended_end
from governance.ballots.method import Count, Outcome
from governance.ballots.sums import Integers, exact_total


@dataclass(frozen=True, slots=True)
class Result:
    """A count and what it means.

    Attributes:
        total: power of all counted votes with what was delegated to them, 10^-6 token.
        delegated: how much of it was delegated.
        ends: chain time of the last vote that counts, after extensions; None if nothing limits it yet.
        counted: positions of the votes that count, in the columns.
    """

    count: Count
    outcome: Outcome
    total: int
    delegated: int
    ends: int | None
    counted: Integers


def count(ballot: Ballot, columns: Columns, *, until: int | None = None) -> Result:
    """Count the last vote of each wallet that was cast in time.

    Args:
        until: number of the event that closed the ballot; whatever the record says later is not counted.

    Raises:
        DelegationCycle: delegations that are followed form a circle.
    """
    ends = ballot.ends
    if ballot.late_swing is not None and ends is not None:
        ends = extended_end(ballot.late_swing, ends, lambda moment: _count_at(ballot, columns, moment, until).outcome)
    return _count_at(ballot, columns, ends, until)


def _count_at(ballot: Ballot, columns: Columns, ends: int | None, until: int | None) -> Result:
    counted = _counted(columns, ballot.opens, ends, until)
    everything = counted.size == columns.wallet.size
    wallet, own, choices = (
        (columns.wallet, columns.power, columns.choices)
        if everything
        else (columns.wallet[counted], columns.power[counted], columns.choices[counted])
    )
    power = own
    if columns.delegators.size:
        orders = (columns.delegators, columns.delegates, columns.delegated)
        power = with_delegated(wallet, own, orders, columns.wallets, transitive=ballot.transitive_delegation)
    result = ballot.method.count(choices, power)
    total = exact_total(power)
    return Result(result, ballot.method.outcome(result, total), total, total - exact_total(own), ends, counted)


def _counted(columns: Columns, opens: int, ends: int | None, until: int | None) -> Integers:
    """Positions of the last vote of each wallet among those in time. The record's order says which one is the last."""
    valid = columns.at >= opens
    if ends is not None:
        valid &= columns.at <= ends
    if until is not None:
        valid &= columns.sequence <= until
    positions = np.flatnonzero(valid)
    if not columns.repeated:
        return positions
    last = np.full(columns.wallets, -1)
    np.maximum.at(last, columns.wallet[positions], positions)
    is_last: NDArray[np.bool_] = last[columns.wallet[positions]] == positions
    return positions[is_last]
