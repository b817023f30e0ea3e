"""Conviction: stake x locked time, decaying. Sufficient statistics in one batch, or one event at a time.

A stake of d tokens counts d (1 - 2^(-age / half-life)): it grows while it stays locked and, once unstaked, what had
grown decays at the same rate (the charge of conviction voting, d/dt y = lambda (s - y), for a piecewise constant stake
s). A wallet's standing is the same with a slower half-life over all its works, and sees nothing that is younger than
the probation. Both are linear in the stake, so to split a stake over wallets changes nothing.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TypeVar

import numpy as np

from dao_bot.domain.errors import BadInput
from strategies.curation.stakes import Floats, Ints, Log, require_covered, sums

DAY = 86_400
Key = TypeVar("Key", int, tuple[int, int])


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds.

    Attributes:
        half_life: in which half of a stake's conviction grows, and decays.
        standing_half_life: the same for a wallet's standing.
        probation: a stake younger than this gives its wallet no standing.
    """

    half_life: int = 14 * DAY
    standing_half_life: int = 60 * DAY
    probation: int = 30 * DAY


@dataclass(frozen=True, slots=True)
class Conviction:
    """What every wallet holds of every work at one moment, in tokens.

    Attributes:
        wallet, work, value: one row for each pair that ever had a stake, in the order of (wallet, work).
        locked: the stake of the pair now.
        holder, standing: each wallet with a stake that is older than the probation, and its standing.
    """

    wallet: Ints
    work: Ints
    value: Floats
    locked: Floats
    holder: Ints
    standing: Floats


def batch(log: Log, clock: Clock, now: int) -> Conviction:
    """All at once; `log` holds stakes and unstakes only, in the order of the chain.

    Raises:
        BadInput: more was unstaked than staked.
    """
    amount = log.signed
    works = int(log.work.max()) + 1 if len(log) else 1
    pair, row = _grouped(log.wallet * works + log.work)
    locked = sums(row, amount, len(pair))
    uncharged = sums(row, amount * _left(now - log.time, clock.half_life), len(pair))
    wallet, work = pair // works, pair % works
    if (amount < 0).any():
        _require_covered(row, amount, wallet, work)
    old = log.time <= now - clock.probation
    holder, at = _grouped(log.wallet[old])
    grown = amount[old] * (1.0 - _left(now - clock.probation - log.time[old], clock.standing_half_life))
    return Conviction(wallet, work, locked - uncharged, locked, holder, sums(at, grown, len(holder)))


def _left(age: Ints, half_life: int) -> Floats:
    left: Floats = np.exp2(age * (-1.0 / half_life))
    return left


def _grouped(key: Ints) -> tuple[Ints, Ints]:
    """Different keys in ascending order, and for each row the position of its key."""
    span = int(key.max()) + 1 if len(key) else 0
    if span > 8 * len(key) + 1_000_000:
        found, row = np.unique(key, return_inverse=True)
        return found, row.astype(np.int64)
    present = np.zeros(span, np.bool_)  # counting instead of sorting, where the keys are dense enough
    present[key] = True
    position = np.cumsum(present) - 1
    return np.flatnonzero(present).astype(np.int64), position[key].astype(np.int64)


def _require_covered(row: Ints, amount: Floats, wallet: Ints, work: Ints) -> None:
    """Running totals of the pairs that have an unstake."""
    touched = np.zeros(len(wallet), np.bool_)
    touched[row[amount < 0]] = True
    which = np.flatnonzero(touched[row])
    order = which[np.argsort(row[which], kind="stable")]
    group, change = row[order], amount[order]
    begins = np.flatnonzero(np.concatenate([[True], group[1:] != group[:-1]]))
    total = np.cumsum(change)
    before = np.repeat(total[begins] - change[begins], np.diff(np.append(begins, len(group))))
    least = np.minimum.reduceat(total - before, begins)
    # what rounding may leave grows with the whole running sum, not with the pair
    scale = np.maximum.reduceat(np.abs(total) + np.abs(before), begins)
    require_covered(wallet[group[begins]], work[group[begins]], least, scale)


@dataclass(slots=True)
class Running:
    """The same statistics, updated one event at a time; `at` equals `batch` to 1e-9."""

    clock: Clock
    _pairs: dict[tuple[int, int], tuple[float, float, int]] = field(default_factory=dict)
    _holders: dict[int, tuple[float, float, int]] = field(default_factory=dict)
    _young: deque[tuple[int, int, float]] = field(default_factory=deque)
    _last: int = -(2**62)

    def add(self, time: int, wallet: int, work: int, amount: float) -> None:
        """One event, in the order of the chain; a negative amount was unstaked.

        Raises:
            BadInput: it is older than the last one, or unstakes more than was staked.
        """
        if time < self._last:
            raise BadInput("an event is older than the one before", value=time, limit=f"{self._last} or later")
        self._last = time
        locked = _updated(self._pairs, (wallet, work), time, amount, self.clock.half_life)
        if locked < -1e-9 * (abs(amount) + 1.0):
            require_covered(np.array([wallet]), np.array([work]), np.array([locked]), np.zeros(1))
        self._young.append((time, wallet, amount))

    def at(self, now: int) -> Conviction:
        """The statistics at `now`, which is no earlier than any earlier question or event."""
        if now < self._last:
            raise BadInput("the statistics are already newer", value=now, limit=f"{self._last} or later")
        self._last = now
        while self._young and self._young[0][0] <= now - self.clock.probation:
            time, wallet, amount = self._young.popleft()
            _updated(self._holders, wallet, time, amount, self.clock.standing_half_life)
        pairs, holders = sorted(self._pairs), sorted(self._holders)
        return Conviction(
            wallet=np.array([pair[0] for pair in pairs], np.int64),
            work=np.array([pair[1] for pair in pairs], np.int64),
            value=_grown([self._pairs[pair] for pair in pairs], now, self.clock.half_life),
            locked=np.array([self._pairs[pair][0] for pair in pairs], np.float64),
            holder=np.array(holders, np.int64),
            standing=_grown(
                [self._holders[holder] for holder in holders],
                now - self.clock.probation,
                self.clock.standing_half_life,
            ),
        )


def _updated(state: dict[Key, tuple[float, float, int]], key: Key, time: int, amount: float, half: int) -> float:
    locked, uncharged, last = state.get(key, (0.0, 0.0, time))
    left = 2.0 ** (-(time - last) / half)
    state[key] = (locked + amount, uncharged * left + amount, time)
    return locked + amount


def _grown(states: list[tuple[float, float, int]], now: int, half_life: int) -> Floats:
    return np.array([locked - left * 2.0 ** (-(now - time) / half_life) for locked, left, time in states], np.float64)
