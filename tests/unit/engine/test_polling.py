"""When the owners' queue is asked again, and that a month's requests last for a month."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dao_bot.engine.polling import Polling, retry_wait

MONTH = 31 * 86_400.0


def test_it_is_asked_soon_after_a_change_and_seldom_when_nothing_happens() -> None:
    polling = Polling(30, 2500)
    waits = [polling.wait(unchanged, 0, MONTH / 2, MONTH) for unchanged in (0, 240, 3600, 8 * 3600)]
    assert waits == [30, 30, 450, 3600]


def test_a_month_that_is_used_up_faster_than_it_passes_slows_the_questions_down() -> None:
    polling = Polling(30, 1000)
    assert polling.wait(0, 89, 0, MONTH) == 30, "a tenth of what looking may use is allowed in advance"
    assert polling.wait(0, 490, MONTH / 2, MONTH) == 30
    assert polling.wait(0, 600, MONTH / 2, MONTH) > 3600


@given(
    monthly=st.integers(100, 100_000),
    fastest=st.integers(5, 600),
    starts=st.floats(0, 1),
    unchanged=st.floats(0, 10_000),
)
def test_looking_alone_never_uses_up_a_month(monthly: int, fastest: int, starts: float, unchanged: float) -> None:
    polling = Polling(fastest, min(monthly, 2000))
    now, spent = starts * MONTH, 0
    while now < MONTH:
        now += polling.wait(unchanged, spent, now, MONTH)
        spent += now < MONTH
    assert spent <= polling.per_month * 90 // 100 + 1


def test_trouble_is_met_with_growing_patience() -> None:
    assert [retry_wait(failures) for failures in (1, 2, 3, 6, 7, 1000)] == [30, 60, 120, 900, 900, 900]
