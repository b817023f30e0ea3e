"""How often a client may ask, who a client is, and how long a visit lasts."""

from __future__ import annotations

import pytest
from aiohttp.test_utils import make_mocked_request
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict

from governance.wallets.person import Person
from governance.web import limits, sessions
from governance.web.addresses import client_of
from governance.web.errands import Errand
from governance.web.invitations import LIFETIME, Invitation
from governance.web.limits import RateLimit, TooManyRequests
from governance.web.sessions import NoSession, Sessions


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def allowed(limit: RateLimit, client: str) -> bool:
    try:
        limit.spend(client)
    except TooManyRequests:
        return False
    return True


@given(st.lists(st.floats(0, 20), min_size=1, max_size=80), st.integers(1, 5), st.floats(1, 120))
def test_nobody_gets_more_than_burst_and_rate_in_any_stretch_of_time(
    gaps: list[float], burst: int, per_minute: float
) -> None:
    clock = Clock()
    limit = RateLimit(burst, per_minute, clock)
    passed: list[float] = []
    for gap in gaps:
        clock.now += gap
        if allowed(limit, "a"):
            passed.append(clock.now)
    for first in range(len(passed)):
        for last in range(first, len(passed)):
            most = burst + (passed[last] - passed[first]) * per_minute / 60
            assert last - first + 1 <= most + 1e-6


def test_who_waits_as_long_as_is_told_may_ask_again_and_others_never_had_to() -> None:
    clock = Clock()
    limit = RateLimit(2, 6, clock)
    assert [allowed(limit, "a") for _ in range(3)] == [True, True, False]
    assert allowed(limit, "b")
    with pytest.raises(TooManyRequests) as refused:
        limit.spend("a")
    clock.now += refused.value.retry_after
    assert allowed(limit, "a")


def test_any_number_of_clients_takes_a_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST_CLIENTS", 10)
    limit = RateLimit(1, 1, Clock())
    assert all(allowed(limit, str(client)) for client in range(1000))
    assert len(limit._left) == 10


@pytest.mark.parametrize(
    ("told", "proxies", "client"),
    [
        ([], 0, "192.0.2.1"),
        (["198.51.100.7"], 0, "192.0.2.1"),
        (["198.51.100.7"], 1, "198.51.100.7"),
        (["203.0.113.5, 198.51.100.7"], 1, "198.51.100.7"),
        (["203.0.113.5", "198.51.100.7"], 1, "198.51.100.7"),
        (["203.0.113.5, 198.51.100.7"], 2, "203.0.113.5"),
        (["198.51.100.7"], 2, "192.0.2.1"),
        ([], 1, "192.0.2.1"),
        (["nonsense"], 1, "192.0.2.1"),
        (["2001:db8:1:2:3:4:5:6"], 1, "2001:db8:1:2::/64"),
        (["2001:db8:1:2:ffff::1"], 1, "2001:db8:1:2::/64"),
        (["::ffff:198.51.100.7"], 1, "198.51.100.7"),
    ],
)
def test_a_client_is_who_the_nearest_trusted_proxy_says(told: list[str], proxies: int, client: str) -> None:
    headers = CIMultiDict([("X-Forwarded-For", each) for each in told])
    request = make_mocked_request("GET", "/", headers).clone(remote="192.0.2.1")
    assert client_of(request, proxies) == client


def invitation() -> Invitation:
    return Invitation(Errand.LINK, Person("77", "1001"), "Ada", None, 1_800_000_000)


def test_a_visit_ends_after_its_time_and_only_its_secret_leads_to_it() -> None:
    clock = Clock()
    open_ = Sessions(clock)
    secret = open_.begin(invitation())
    assert open_.find(secret).invitation == invitation()
    with pytest.raises(NoSession):
        open_.find(secret[:-1])
    clock.now += LIFETIME
    with pytest.raises(NoSession):
        open_.find(secret)


def test_visits_that_are_over_make_room_and_too_many_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from dao_bot.domain.errors import Refused

    monkeypatch.setattr(sessions, "_MOST_SESSIONS", 3)
    clock = Clock()
    open_ = Sessions(clock)
    for _ in range(3):
        open_.begin(invitation())
    with pytest.raises(Refused, match="too many people"):
        open_.begin(invitation())
    clock.now += LIFETIME + 1
    open_.begin(invitation())


def test_a_visit_may_not_ask_without_end() -> None:
    open_ = Sessions(Clock())
    secret = open_.begin(invitation())
    with pytest.raises(TooManyRequests):
        for _ in range(100):
            open_.find(secret)
