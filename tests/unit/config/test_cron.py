"""A cron expression means the same to every reader, or is refused."""

from __future__ import annotations

import pytest

from dao_bot.config.cron import check_cron, shortest_gap
from dao_bot.domain.errors import BadInput


@pytest.mark.parametrize(
    ("expression", "seconds"),
    [
        ("* * * * *", 60),
        ("*/15 * * * *", 900),
        ("0 */6 * * *", 21_600),
        ("0,30 9-17 * * mon-fri", 1_800),
        ("0 0 1 jan,jul *", 86_400),
        ("59 23 * * sun", 86_400),
        ("0-10/5,55 * * * *", 300),
        ("30 1 29 2 *", 86_400),
        ("0 9 * JAN Mon", 86_400),
    ],
)
def test_expression_is_accepted_with_its_shortest_gap(expression: str, seconds: int) -> None:
    assert check_cron(expression) == expression
    assert shortest_gap(expression) == seconds


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("* * * *", "five fields"),
        ("* * * * * *", "five fields"),
        ("@daily", "five fields"),
        ("", "five fields"),
        (None, "five fields"),
        ("60 * * * *", "minute"),
        ("* 24 * * *", "hour"),
        ("* * 0 * *", "day of the month"),
        ("* * 32 * *", "day of the month"),
        ("* * * 13 *", "month"),
        ("*/0 * * * *", "minute"),
        ("*/61 * * * *", "minute"),
        ("5/10 * * * *", "minute"),
        ("30-10 * * * *", "minute"),
        ("*-5 * * * *", "minute"),
        ("1,,2 * * * *", "minute"),
        ("-1 * * * *", "minute"),
        ("٣ * * * *", "minute"),
        ("0 0 * * 1", "weekday is written by name"),
        ("0 0 * * */2", "weekday is written by name"),
        ("0 0 * * funday", "weekday"),
        ("0 0 * * sun-mon", "weekday"),
        ("0 0 1 * mon", "read in two ways"),
        ("0 0 30 2 *", "never fires"),
        ("0 0 31 4,6,9,11 *", "never fires"),
    ],
)
def test_expression_that_is_wrong_or_ambiguous_is_refused(expression: str, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        check_cron(expression)
