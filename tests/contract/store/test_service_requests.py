"""Counts of requests to services: kept by month, never beyond the limit, also when two keepers count at once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from dao_bot.domain.errors import BadInput
from dao_bot.store.store import Store


def test_requests_are_counted_up_to_the_limit_and_for_each_period_apart(store: Store) -> None:
    assert [store.take_request("service", "2026-01", 3) for _ in range(4)] == [True, True, True, False]
    assert store.requests_made("service", "2026-01") == 3
    assert store.take_request("service", "2026-02", 3)
    assert store.take_request("another", "2026-01", 3)
    assert (store.requests_made("service", "2026-02"), store.requests_made("nobody", "2026-01")) == (1, 0)


def test_keepers_that_count_at_once_do_not_pass_the_limit(store: Store) -> None:
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda _: store.take_request("service", "2026-01", 10), range(24)))
    assert (taken.count(True), store.requests_made("service", "2026-01")) == (10, 10)


def test_the_record_tells_nothing_of_requests(store: Store) -> None:
    head = store.head()
    store.take_request("service", "2026-01", 3)
    assert store.head() == head


@pytest.mark.parametrize(("account", "period", "most"), [("", "2026-01", 1), ("a", "\n", 1), ("a", "2026-01", -1)])
def test_what_is_no_name_or_limit_is_refused(store: Store, account: str, period: str, most: int) -> None:
    with pytest.raises(BadInput):
        store.take_request(account, period, most)
