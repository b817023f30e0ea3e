"""The veto window of an optimistic ballot runs only while people can see the card and say no."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from governance.ballots.optimistic import Optimistic


@dataclass(frozen=True, slots=True)
class Sighting:
    """What was seen of a ballot's card at one moment; looked for at stated intervals and at every change.

    Attributes:
        at: chain time, epoch seconds.
        good: the card stands in its channel, those who may veto can see it, clicks on it arrive and are recorded, and
            nothing is frozen.
    """

    at: int
    good: bool


@dataclass(frozen=True, slots=True, order=True)
class Seen:
    """A time in which the card was looked at again and again, and all was well; chain time, both ends included."""

    start: int
    end: int


def seen_times(method: Optimistic, sightings: Iterable[Sighting]) -> tuple[Seen, ...]:
    """Times of good sightings that follow each other within `longest_gap`, as long as they go on, in their order.

    Of an outage that nobody could record, only the silence shows. At one moment the worst sighting holds.
    """
    good: dict[int, bool] = {}
    for sighting in sightings:
        good[sighting.at] = good.get(sighting.at, True) and sighting.good
    found: list[Seen] = []
    for start, end in pairwise(sorted(good)):
        if not (good[start] and good[end] and end - start <= method.longest_gap):
            continue
        goes_on = bool(found) and found[-1].end == start
        found.append(Seen(found.pop().start if goes_on else start, end))
    return tuple(found)


def elapsed(seen: Iterable[Seen], opens: int, now: int) -> int:
    """Seconds that the window has run between the chain times `opens` and `now`: in these times, and in no other."""
    ran, since = 0, opens
    for time in sorted(seen):
        ran += max(0, min(time.end, now) - max(time.start, since))
        since = max(since, time.end)
    return ran


def closes_at(method: Optimistic, seen: Iterable[Seen], opens: int) -> int | None:
    """Chain time at which the window has run for its whole length, or None if it has not yet."""
    left, since = method.window, opens
    for time in sorted(seen):
        start = max(time.start, since)
        if time.end - start >= left:
            return start + left
        left -= max(0, time.end - start)
        since = max(since, time.end)
    return None
