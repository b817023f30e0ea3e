"""Whatever is killed, delayed, lied to or repeated: an approved proposal has at most one effect on the chain."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.integration.faults.bench import Bench
from tests.integration.faults.matrix import Case, all_cases


@pytest.mark.parametrize("case", [pytest.param(case, id=case.name.replace(" ", "-")) for case in all_cases()])
def test_fault(case: Case, bench: Bench, record_property: Callable[[str, object], None]) -> None:
    case.happens(bench)
    bench.settle()
    seen = bench.effects()
    record_property("fault", (case.name, case.effects, seen))
    assert seen == case.effects, bench.told
    bench.require_true_record(seen)
