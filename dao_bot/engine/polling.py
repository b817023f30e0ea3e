"""When the owners' queue is asked again: soon while people are at it, seldom later, within what a month allows."""

from __future__ import annotations

from dataclasses import dataclass

_PATIENCE = 8
"""After so many seconds without a change, one second of waiting is added: what comes is noticed an eighth later."""

_LOOKING_PERCENT = 90
"""How much of a month's requests looking may use: the rest is for proposing, for nonces, and for restarts."""

_AHEAD_PERCENT = 10
"""How much of that may be used before its time has come."""

_FIRST_RETRY, _LONGEST_RETRY = 30.0, 900.0


@dataclass(frozen=True, slots=True)
class Polling:
    """How often one Safe's queue is asked.

    Attributes:
        fastest: seconds between two requests while something has just changed.
        per_month: requests of a calendar month.
    """

    fastest: float
    per_month: int

    def wait(self, unchanged: float, spent: int, elapsed: float, length: float) -> float:
        """Seconds until the next request.

        The interval grows with the time since the last change. Where more of the month is used up than has passed of
        it, and a tenth in advance as well, requests follow each other as the month allows them.

        Args:
            unchanged: seconds since the last change: a proposal queued, a signature brought in.
            spent: requests of this month so far.
            elapsed, length: seconds of this month so far, and in all.
        """
        eager = max(self.fastest, unchanged / _PATIENCE)
        looking = self.per_month * _LOOKING_PERCENT / 100
        ahead = looking * _AHEAD_PERCENT / 100
        steady = length / (looking - ahead)
        return max(eager, (spent + 1 - ahead) * steady - elapsed)


def retry_wait(failures: int) -> float:
    """Seconds after so many failures in a row (1 and more): 30 s, doubling, at most a quarter of an hour."""
    return float(min(_FIRST_RETRY * 2 ** min(failures - 1, 10), _LONGEST_RETRY))
