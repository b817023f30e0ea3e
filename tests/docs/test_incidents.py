"""Every test that docs/incidents.md names exists, and every row names one."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_every_incident_names_tests_that_exist() -> None:
    page = (ROOT / "docs" / "incidents.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| ")][1:]
    written = {
        name
        for file in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^\s*(?:async )?def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    rows = [row for row in rows if not row.startswith("| ---")]
    assert len(rows) >= 20
    for row in rows:
        named = re.findall(r"`(test_\w+)`", row)
        assert named, f"no test stands in: {row}"
        assert set(named) <= written, f"no such test: {sorted(set(named) - written)}"
