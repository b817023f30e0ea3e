"""Events of curation as columns: who staked, unstaked, bought or used what, cleaned of what must not count."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from dao_bot.domain.errors import BadInput

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
NOBODY = -1


class Kind(enum.IntEnum):
    """What happened. `SALE` and `USE` are outcomes: they never count as stake."""

    STAKE = 0
    UNSTAKE = 1
    SALE = 2
    USE = 3


@dataclass(frozen=True, slots=True)
class Log:
    """Events as columns, one row each.

    Attributes:
        time: int64 epoch seconds.
        wallet, work: int64 codes from 0.
        kind: values of `Kind`.
        amount: whole tokens, 0 or more.
        other: the seller's wallet code of a sale, else -1.
        event: int64 identity of the event on the chain; growing in the order of the chain.
    """

    time: Ints
    wallet: Ints
    work: Ints
    kind: npt.NDArray[np.int8]
    amount: Floats
    other: Ints
    event: Ints

    def __len__(self) -> int:
        return len(self.time)

    def where(self, rows: npt.NDArray[np.bool_] | npt.NDArray[np.intp]) -> Log:
        """Those rows, or the rows in that order."""
        return Log(
            time=self.time[rows],
            wallet=self.wallet[rows],
            work=self.work[rows],
            kind=self.kind[rows],
            amount=self.amount[rows],
            other=self.other[rows],
            event=self.event[rows],
        )

    def of(self, *kinds: Kind) -> Log:
        """Events of these kinds."""
        return self.where(np.isin(self.kind, kinds))

    def before(self, moment: int) -> Log:
        """Events with time < `moment`."""
        return self.where(self.time < moment)

    @property
    def signed(self) -> Floats:
        """Change of the stake: negative for what was unstaked."""
        return np.where(self.kind == Kind.UNSTAKE, -self.amount, self.amount)


@dataclass(frozen=True, slots=True)
class Removed:
    """How many events were set aside, and why. `unlisted`: on works that neither are listed nor much staked on."""

    duplicates: int = 0
    zero: int = 0
    own_works: int = 0
    wash_sales: int = 0
    unlisted: int = 0


def cleaned(log: Log, person: Ints, creator: Ints, now: int) -> tuple[Log, Removed]:
    """The events in the order of the chain, without duplicates, empty ones, own works and wash sales.

    Own works: the wallet, or one of the same proven identity, created the work. Wash sales: both sides are the same
    person, or two wallets sold the same work to each other in both directions. Sales at price zero are gifts, and set
    aside as zero amounts are.

    Args:
        person: for each wallet code, who it is: wallets of one proven identity have equal numbers.
        creator: for each work code, the person who made it, or -1.

    Raises:
        BadInput: an amount is negative or no number, an event lies after `now`, or one event says two things.
    """
    if not np.isfinite(log.amount).all() or (log.amount < 0).any():
        bad = int(np.flatnonzero(~(log.amount >= 0) | ~np.isfinite(log.amount))[0])
        raise BadInput("an event has an impossible amount", value=float(log.amount[bad]), limit="0 or more")
    if len(log) and int(log.time.max()) > now:
        raise BadInput("an event lies after the pinned block", value=int(log.time.max()), limit=now)
    log, duplicates = _without_duplicates(log)
    empty = (log.amount == 0) & (log.kind != Kind.USE)
    own = ~empty & (creator[log.work] != NOBODY) & (creator[log.work] == person[log.wallet])
    wash = ~empty & ~own & _wash_sales(log, person)
    removed = Removed(duplicates, int(empty.sum()), int(own.sum()), int(wash.sum()))
    return log.where(~(empty | own | wash)), removed


def _without_duplicates(log: Log) -> tuple[Log, int]:
    if len(log) > 1 and not (log.event[1:] > log.event[:-1]).all():
        log = log.where(np.argsort(log.event, kind="stable"))
        again = np.concatenate([[False], log.event[1:] == log.event[:-1]])
        first, second = log.where(np.roll(again, -1)), log.where(again)
        for one, other in ((first.time, second.time), (first.amount, second.amount), (first.work, second.work)):
            if len(first) == len(second) and (one != other).any():
                raise BadInput("one event is given twice with different contents", value=int(first.event[0]))
        log = log.where(~again)
        if (np.diff(log.time) < 0).any():
            raise BadInput("time runs backwards in the order of the chain", next_step="Read the streams anew")
        return log, int(again.sum())
    if (np.diff(log.time) < 0).any():
        raise BadInput("time runs backwards in the order of the chain", next_step="Read the streams anew")
    return log, 0


def _wash_sales(log: Log, person: Ints) -> npt.NDArray[np.bool_]:
    sale = np.flatnonzero((log.kind == Kind.SALE) & (log.other != NOBODY))
    wash = np.zeros(len(log), np.bool_)
    if not len(sale):
        return wash
    buyer, seller = person[log.wallet[sale]], person[log.other[sale]]
    people, works = int(person.max()) + 1, int(log.work.max()) + 1
    low, high = np.minimum(buyer, seller), np.maximum(buyer, seller)
    # a pair of people and a work, numbered without a product that could overflow
    pair = np.unique(low * people + high, return_inverse=True)[1] * works + log.work[sale]
    trade, row = np.unique(pair, return_inverse=True)
    up = np.bincount(row, buyer < seller, len(trade)) > 0
    down = np.bincount(row, buyer > seller, len(trade)) > 0
    wash[sale] = (buyer == seller) | (up & down)[row]
    return wash


def require_covered(wallet: Ints, work: Ints, least: Floats, scale: Floats) -> None:
    """Nobody unstakes more than was staked.

    Raises:
        BadInput: a running total fell below zero, so the first events of the stream are missing.
    """
    short = least < -1e-9 * (scale + 1.0)
    if short.any():
        pair = int(np.flatnonzero(short)[0])
        raise BadInput(
            "more was unstaked than was ever staked, so the stream does not begin where staking began",
            value=f"{-least[pair]:g} tokens by wallet {wallet[pair]} on work {work[pair]}",
            next_step="Let the stream begin at the block of the staking contract",
        )


def sums(group: Ints, values: Floats, groups: int) -> Floats:
    """Sum of `values` in each of `groups` groups."""
    return np.asarray(np.bincount(group, values, groups), np.float64)
