from __future__ import annotations

import pytest

from dao_bot.chain.rate_limit import asked_wait

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"retry-after": "7"}, 7),
        ({"retry-after": "0.5"}, 0.5),
        ({"retry-after": "Fri, 15 Jan 2027 08:00:30 GMT"}, 30),
        ({"retry-after": "Fri, 15 Jan 2027 07:00:00 GMT"}, 0),
        ({"retry-after": "soon"}, 0),
        ({"retry-after": "-5"}, 0),
        ({"x-ratelimit-reset": "12"}, 12),
        ({"x-ratelimit-reset": str(int(NOW) + 12)}, 12),
        ({"x-ratelimit-reset": str(int(NOW) - 12)}, 0),
        ({"retry-after": "3", "x-ratelimit-reset": "99"}, 3),
    ],
)
def test_the_wait_is_read_from_the_headers(headers: dict[str, str], seconds: float) -> None:
    assert asked_wait(429, headers, NOW) == pytest.approx(seconds)


@pytest.mark.parametrize("status", [200, 400, 401, 500])
def test_other_statuses_ask_for_no_wait(status: int) -> None:
    assert asked_wait(status, {"retry-after": "7"}, NOW) is None
