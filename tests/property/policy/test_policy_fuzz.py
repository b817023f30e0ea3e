"""The policy against random batches: it refuses exactly what breaks a limit, and names what was broken."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
from hypothesis import HealthCheck, given, settings

from dao_bot.policy.check import check
from tests.examples import examples
from tests.property.policy.strategies import POLICY_HASH, Case, Limits, breaches, cases

FUZZ = settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.too_slow])


def violated(case: Case, limits: Limits) -> set[str]:
    return {report.rule for report in check(limits.rules(), case.facts, POLICY_HASH).violations}


@FUZZ
@given(cases())
def test_the_rules_that_are_named_are_exactly_the_limits_that_integer_arithmetic_finds_broken(case: Case) -> None:
    assert violated(case, case.limits) == breaches(case.scene, case.actions, case.limits)


def test_at_least_three_in_ten_random_batches_are_accepted_and_each_rule_refuses_some() -> None:
    """Otherwise the fuzzing would test little but refusals, or miss a rule."""
    accepted: list[bool] = []
    named: set[str] = set()

    @settings(
        max_examples=examples(600),
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(cases())
    def draw(case: Case) -> None:
        found = breaches(case.scene, case.actions, case.limits)
        accepted.append(not found)
        named.update(found)

    draw()
    assert sum(accepted) >= 0.3 * len(accepted), f"{sum(accepted)} of {len(accepted)} accepted"
    assert named == {
        "allowed_recipients",
        "issuer_cap",
        "move_size",
        "pool_against_oracle",
        "slippage",
        "token_cap",
        "token_floor",
        "value_loss",
    }


@pytest.mark.parametrize("name", [field.name for field in fields(Limits)])
def test_a_wider_limit_never_refuses_what_a_narrower_one_accepts(name: str) -> None:
    @settings(max_examples=examples(10), deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(cases(), cases())
    def hold(case: Case, other: Case) -> None:
        one, two = getattr(case.limits, name), getattr(other.limits, name)
        narrow, wide = (max(one, two), min(one, two)) if name == "usdc_floor" else (min(one, two), max(one, two))
        before = violated(case, replace(case.limits, **{name: narrow}))
        assert violated(case, replace(case.limits, **{name: wide})) <= before

    hold()


@FUZZ
@given(cases())
def test_every_rule_speaks_and_a_binding_limit_is_never_a_broken_one(case: Case) -> None:
    rules = case.limits.rules()
    verdict = check(rules, case.facts, POLICY_HASH)
    assert {rule.name for rule in rules} <= {report.rule for report in verdict.reports}
    assert not set(verdict.binding) & set(verdict.violations)
    assert all(report.message for report in verdict.reports)
