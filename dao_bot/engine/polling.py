"""When the owners' queue is asked again: soon while people are at it, seldom later, within what a month allows."""

from __future__ import annotations

from dataclasses import dataclass

_PATIENCE = 10
"""After so many seconds without a change, one second of waiting is added: what comes is noticed a tenth later."""

_AHEAD_PERCENT = 10
"""How much of a month's requests may be used before their time has come."""

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
        ahead = self.per_month * _AHEAD_PERCENT / 100
        steady = length / max(self.per_month - ahead, 1)
        return max(eager, (spent + 1 - ahead) * steady - elapsed)


def retry_wait(failures: int) -> float:
    """Seconds after so many failures in a row (1 and more): 30 s, doubling, at most a quarter of an hour."""
    return float(min(_FIRST_RETRY * 2 ** min(failures - 1, 10), _LONGEST_RETRY))
