"""Tests of the given data say which files they need; where one is absent they are skipped, all for one reason."""

from __future__ import annotations

import pytest

from benchmarks.shared_data import DIRECTORY


def needs_shared_data(*names: str) -> pytest.MarkDecorator:
    """Skips without these files. The reason begins with words that `--forbid-skips` of `.ci/run` looks for."""
    absent = [name for name in names if not (DIRECTORY / name).exists()]
    return pytest.mark.skipif(bool(absent), reason=f"no shared data: {', '.join(absent)} not in {DIRECTORY}")
