"""How many requests may be made: by second, by month, and none while the service asks for rest."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from dao_bot.domain.errors import ServiceUnavailable
from dao_bot.safe.transaction_service.budget import Budget, Limits, month_of


class Ledger:
    def __init__(self) -> None:
        self.made: dict[str, int] = {}

    def take_request(self, account: str, period: str, most: int) -> bool:
        made = self.requests_made(account, period)
        if made < most:
            self.made[period] = made + 1
        return made < most

    def requests_made(self, account: str, period: str) -> int:
        assert account == "test"
        return self.made.get(period, 0)


class World:
    """A clock that moves when somebody sleeps."""

    def __init__(self, at: str) -> None:
        self.now = datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp()
        self.slept: list[float] = []
        self.ledger = Ledger()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    def budget(self, per_second: int = 2, per_month: int = 100) -> Budget:
        return Budget("test", Limits(per_second, per_month), self.ledger, lambda: self.now, self.sleep)


def test_requests_keep_their_distance() -> None:
    world = World("2026-03-04")
    budget = world.budget(per_second=5)
    for _ in range(3):
        budget.take(reading=True)
    assert world.slept == pytest.approx([0.2, 0.2])
    world.now += 10
    budget.take(reading=True)
    assert len(world.slept) == 2


def test_a_clock_that_was_set_back_makes_nobody_wait() -> None:
    world = World("2026-03-04")
    budget = world.budget(per_second=1)
    budget.take(reading=True)
    world.now -= 86_400
    budget.take(reading=True)
    assert world.slept == [1.0]


def test_the_last_requests_of_a_month_are_kept_for_proposing() -> None:
    world = World("2026-03-04")
    budget = world.budget(per_month=100)
    for _ in range(95):
        budget.take(reading=True)
    with pytest.raises(ServiceUnavailable, match="used up; got 95; allowed: 95 in 2026-03"):
        budget.take(reading=True)
    for _ in range(5):
        budget.take(reading=False)
    with pytest.raises(ServiceUnavailable, match="allowed: 100 in 2026-03"):
        budget.take(reading=False)
    assert budget.spent() == 100


def test_a_new_month_and_a_new_process_count_on() -> None:
    world = World("2026-12-31T23:59:00")
    for _ in range(95):
        world.budget().take(reading=True)
    with pytest.raises(ServiceUnavailable):
        world.budget().take(reading=True)
    world.now += 120
    world.budget().take(reading=True)
    assert world.ledger.made == {"2026-12": 95, "2027-01": 1}


def test_while_the_service_wants_to_be_left_alone_nothing_is_counted() -> None:
    world = World("2026-03-04")
    budget = world.budget()
    budget.rest(60, "it said so")
    budget.rest(1, "it said so again")
    with pytest.raises(ServiceUnavailable, match="left alone: it said so again; allowed: 60 s more"):
        budget.take(reading=False)
    assert budget.spent() == 0
    world.now += 61
    budget.take(reading=True)


@pytest.mark.parametrize(
    ("at", "name", "days"),
    [("2026-02-28T23:59:59", "2026-02", 28), ("2028-02-29", "2028-02", 29), ("2026-12-01", "2026-12", 31)],
)
def test_a_month_is_a_calendar_month_in_utc(at: str, name: str, days: int) -> None:
    month = month_of(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp())
    assert (month.name, (month.ends - month.begins) / 86_400) == (name, days)
