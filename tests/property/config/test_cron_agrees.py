"""What is accepted fires exactly when the scheduler's own reader of cron says so, never closer than promised."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from apscheduler.triggers.cron import CronTrigger
from hypothesis import given, settings
from hypothesis import strategies as st

from dao_bot.config.cron import check_cron, shortest_gap
from dao_bot.domain.errors import BadInput
from tests.examples import examples


def field(low: int, high: int, names: tuple[str, ...] = ()) -> st.SearchStrategy[str]:
    value = st.integers(low, high).map(str) | (st.sampled_from(names) if names else st.nothing())
    part = st.one_of(
        st.just("*"),
        value,
        st.tuples(value, value).map("-".join),
        st.integers(1, high).map(lambda step: f"*/{step}"),
        st.tuples(value, value, st.integers(1, high)).map(lambda parts: f"{parts[0]}-{parts[1]}/{parts[2]}"),
    )
    return st.lists(part, min_size=1, max_size=2).map(",".join)


EXPRESSIONS = st.tuples(
    field(0, 59),
    field(0, 23),
    field(1, 31),
    field(1, 12, ("jan", "jun", "dec")),
    st.sampled_from(["*", "mon", "mon-fri", "sat,sun"]),
).map(" ".join)


@settings(max_examples=examples(60), deadline=None)
@given(EXPRESSIONS)
def test_accepted_expression_is_read_alike_and_keeps_its_gap(expression: str) -> None:
    try:
        check_cron(expression)
    except BadInput:
        return
    trigger = CronTrigger.from_crontab(expression, timezone=UTC)
    fire = trigger.get_next_fire_time(None, datetime(2024, 1, 1, tzinfo=UTC))
    assert fire is not None
    for _ in range(3):
        following = trigger.get_next_fire_time(None, fire + timedelta(seconds=1))
        if following is None:
            return
        assert (following - fire).total_seconds() >= shortest_gap(expression)
        fire = following
