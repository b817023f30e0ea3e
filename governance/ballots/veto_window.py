"""The veto window of an optimistic ballot runs only while people can see the card and say no."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise

from governance.ballots.optimistic import Optimistic


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was seen of a ballot's card at one moment; recorded at stated intervals and at every change.

    Attributes:
        at: chain time, epoch seconds.
        card_visible: the card stands in its channel, and those who may veto can see it.
        channel_healthy: clicks on it arrive and are recorded.
        frozen: approvals through the channel are stopped.
    """

    at: int
    card_visible: bool
    channel_healthy: bool
    frozen: bool = False

    @property
    def good(self) -> bool:
        return self.card_visible and self.channel_healthy and not self.frozen


def elapsed(method: Optimistic, sightings: Iterable[Sighting], opens: int, now: int) -> int:
    """Seconds that the window has run between the chain times `opens` and `now`.

    It runs between two good sightings that follow each other within `longest_gap`, and at no other time: of an outage
    that nobody could record, only the silence shows. At one moment the worst sighting holds.
    """
    return sum(max(0, min(end, now) - max(start, opens)) for start, end in _running(method, sightings))


def closes_at(method: Optimistic, sightings: Iterable[Sighting], opens: int) -> int | None:
    """Chain time at which the window has run for its whole length, or None if it has not yet."""
    left = method.window
    for start, end in _running(method, sightings):
        start = max(start, opens)
        if end - start >= left:
            return start + left
        left -= max(0, end - start)
    return None


def _running(method: Optimistic, sightings: Iterable[Sighting]) -> Iterator[tuple[int, int]]:
    good: dict[int, bool] = {}
    for sighting in sightings:
        good[sighting.at] = good.get(sighting.at, True) and sighting.good
    for start, end in pairwise(sorted(good)):
        if good[start] and good[end] and end - start <= method.longest_gap:
            yield start, end
