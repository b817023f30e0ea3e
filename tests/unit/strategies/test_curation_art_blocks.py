"""The rankings on real sales of generative art: what docs/strategies/curation.md publishes is what comes out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.bench_curation import ART_BLOCKS, judged, sales_as_stakes
from strategies.curation.intervals import Estimate
from strategies.curation.trust import Score
from tests.shared_data import needs_shared_data

DOCS = Path(__file__).resolve().parents[3] / "docs" / "strategies" / "curation.md"

pytestmark = needs_shared_data("artblocks_sales.parquet")


def published(column: int) -> dict[str, float]:
    """The means of one column of the table of rankings."""
    rows = re.findall(r"^\| ([a-z0-9 -]+) \| (.*) \|$", DOCS.read_text(encoding="utf-8"), re.MULTILINE)
    cells = {name: rest.split(" | ") for name, rest in rows if name in NAMES}
    assert set(cells) == set(NAMES)
    return {name: float(found[column].split()[0]) for name, found in cells.items() if found[column] != NOTHING}


NOTHING = "\N{EN DASH}"
NAMES = ("equal weight", "all-time popularity", "14-day popularity", "curation", "forecast")
COLUMNS = ("community", "lead", "ndcg", "ndcg_lead", "recall", "ndcg_known", "ndcg_new")


def test_the_published_table_is_what_the_sales_say() -> None:
    found, removed, _ = judged(ART_BLOCKS)
    assert (removed.duplicates, removed.zero, removed.wash_sales) == (7, 8, 2)
    assert found.cutoffs == 21 and found.new_share == pytest.approx(0.83, abs=0.005)
    for column, measure in enumerate(COLUMNS):
        wanted = {name: estimate.mean for name, score in found.scores.items() if (estimate := measured(score, measure))}
        assert published(column) == pytest.approx(wanted, abs=6e-4), measure


def measured(score: Score, measure: str) -> Estimate | None:
    found: Estimate | None = getattr(score, measure)
    return found


def test_every_resale_takes_away_what_was_paid() -> None:
    log, _, _, _ = sales_as_stakes(ART_BLOCKS)
    assert float(log.signed.sum()) > 0 and int((log.kind == 1).sum()) > 400
