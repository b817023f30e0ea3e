"""The veto window against a clock that is read second by second."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.ballots import Sighting, closes_at, elapsed, seen_times
from governance.ballots.optimistic import Optimistic

MOMENTS = st.integers(0, 60)
SIGHTINGS = st.lists(st.builds(Sighting, MOMENTS, st.sampled_from([True, True, False])), max_size=25)
WINDOWS = st.builds(Optimistic, veto_power=st.just(1), window=st.integers(1, 30), longest_gap=st.integers(1, 12))


def runs(method: Optimistic, sightings: Sequence[Sighting], second: int) -> bool:
    """Whether the window runs during the second that begins at `second`."""
    before = max((sighting.at for sighting in sightings if sighting.at <= second), default=None)
    after = min((sighting.at for sighting in sightings if sighting.at > second), default=None)
    if before is None or after is None or after - before > method.longest_gap:
        return False
    return all(sighting.good for sighting in sightings if sighting.at in (before, after))


@settings(deadline=None)
@given(method=WINDOWS, sightings=SIGHTINGS, opens=MOMENTS)
def test_the_window_is_the_sum_of_its_seconds(method: Optimistic, sightings: list[Sighting], opens: int) -> None:
    seen = seen_times(method, sightings)
    ran = 0
    closed = None
    for second in range(opens, 61):
        assert elapsed(seen, opens, second) == ran
        if ran == method.window and closed is None:
            closed = second
        ran += runs(method, sightings, second)
    assert closes_at(method, seen, opens) == closed


@settings(deadline=None)
@given(method=WINDOWS, sightings=SIGHTINGS, further=SIGHTINGS, opens=MOMENTS)
def test_a_closed_window_stays_closed(
    method: Optimistic, sightings: list[Sighting], further: list[Sighting], opens: int
) -> None:
    closed = closes_at(method, seen_times(method, sightings), opens)
    last = max((sighting.at for sighting in sightings), default=0)
    if closed is not None:
        later = [Sighting(last + 1 + sighting.at, sighting.good) for sighting in further]
        assert closes_at(method, seen_times(method, [*later, *sightings]), opens) == closed
