"""RFC 3339, to the fraction of a second."""

from __future__ import annotations

from fractions import Fraction

import pytest

from governance.wallets.errors import InvalidMessage
from governance.wallets.rfc3339 import format_time, parse_time


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1985-04-12T23:20:50.52Z", Fraction("482196050.52")),
        ("1996-12-19T16:39:57-08:00", 851042397),
        ("1990-12-31T23:59:60Z", 662688000),
        ("1990-12-31T15:59:60-08:00", 662688000),
        ("1937-01-01T12:00:27.87+00:20", Fraction("-1041337172.13")),
        ("2021-09-30t16:25:24z", 1633019124),
    ],
)
def test_the_examples_of_the_rfc_have_their_times(text: str, seconds: Fraction) -> None:
    assert parse_time(text, "it") == seconds


@pytest.mark.parametrize("text", ["1990-12-31T22:59:60Z", "1990-12-30T23:59:60Z", "2023-02-29T00:00:00Z", "", "now"])
def test_times_that_never_were_are_refused(text: str) -> None:
    with pytest.raises(InvalidMessage, match="not a time"):
        parse_time(text, "it")


def test_a_written_time_is_read_back() -> None:
    assert parse_time(format_time(1_800_000_001), "it") == 1_800_000_001
