"""Every rule refuses what it is there to refuse, by its own name, whatever the numbers."""

from __future__ import annotations

from importlib.metadata import entry_points

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dao_bot.policy.check import check
from tests.examples import examples
from tests.property.policy.strategies import POLICY_HASH
from tests.property.policy.violations import SENSIBLE, VIOLATIONS, Violation, tame_facts

EACH = [
    pytest.param(rule, violation, id=f"{rule}-{number}")
    for rule, violations in VIOLATIONS.items()
    for number, violation in enumerate(violations)
]


def test_the_batch_that_is_broken_below_is_acceptable_as_it_is() -> None:
    verdict = check(SENSIBLE.rules(), tame_facts(), POLICY_HASH)
    assert verdict.passed, verdict.violations


@pytest.mark.parametrize(("rule", "violation"), EACH)
def test_the_broken_rule_is_named(rule: str, violation: Violation) -> None:
    @settings(max_examples=examples(10), deadline=None)
    @given(st.integers(0, 10**6))
    def hold(number: int) -> None:
        verdict = check(SENSIBLE.rules(), violation(tame_facts(), number), POLICY_HASH)
        assert not verdict.passed
        assert rule in {report.rule for report in verdict.violations}

    hold()


def test_every_installed_rule_has_a_way_to_break_it() -> None:
    assert {entry.name for entry in entry_points(group="dao_bot.policy_rules")} == set(VIOLATIONS)
