"""Buying back real tokens: what docs/strategies/buyback-burn.md publishes is what the strategy's decisions come to."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.bench_buyback import TOKEN_DAILY, TOKENS, judged
from tests.shared_data import needs_shared_data

DOCS = Path(__file__).resolve().parents[3] / "docs" / "strategies" / "buyback-burn.md"

pytestmark = needs_shared_data("token_daily.parquet")


def published() -> dict[str, list[float]]:
    """The numbers of each row: purchases, weeks, and those in basis points."""
    rows = re.findall(rf"^\| ({'|'.join(TOKENS)}) \| (.*) \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    return {token: [float(number) for number in re.findall(r"[-+]?\d+", rest)] for token, rest in rows}


def test_the_published_table_is_what_the_strategy_would_have_done() -> None:
    told = published()
    assert set(told) == set(TOKENS)
    for token in TOKENS:
        found, purchases = judged(TOKEN_DAILY, token)
        if found is None:
            assert told[token] == [0, 0]
            continue
        assert found.interval_bps is not None and found.later_bps is not None and found.later_interval_bps is not None
        wanted = (
            *(purchases, found.stretches, found.above_twap_bps),
            *(found.saving_bps, *found.interval_bps),
            *(found.later_bps, *found.later_interval_bps),
        )
        assert told[token] == pytest.approx(wanted, abs=0.51), token


def test_the_report_says_what_is_not_shown() -> None:
    found, _ = judged(TOKEN_DAILY, "uni")
    assert found is not None
    near, cheaper, later = found.sentences()
    assert found.near_twap and "within the 20 bp allowed" in near
    assert found.cheaper and "it was cheaper" in cheaper
    assert not found.well_timed and "that the time was well chosen is not shown" in later
