"""Applying the policy: what always holds, what counts as broken, and what stops the run."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any, ClassVar

import pytest

from dao_bot.domain.errors import Refused
from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import Settings
from dao_bot.policy.check import MANDATORY, check, with_mandatory
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.report import kept
from dao_bot.policy.rule import Rule
from dao_bot.policy.rules.deadline import Deadline, DeadlineParams
from tests.property.policy.strategies import POLICY_HASH, STRANGER
from tests.property.policy.violations import tame_facts, with_call


class _Rule:
    """A rule that does as it is told."""

    name: ClassVar[str] = "no_delegatecall"
    Params: ClassVar[type[Settings]] = Settings

    def __init__(self, params: Any) -> None:
        self._reports: Iterable[RuleReport] | Exception = params

    def check(self, facts: PolicyFacts) -> Iterable[RuleReport]:
        if isinstance(self._reports, Exception):
            raise self._reports
        return self._reports


def test_mandatory_rules_are_applied_when_the_config_names_no_rule_at_all() -> None:
    verdict = check((), tame_facts(), POLICY_HASH)
    assert verdict.passed
    assert verdict.policy_hash == POLICY_HASH
    assert {report.rule for report in verdict.reports} == {rule.name for rule in MANDATORY}


def test_a_batch_to_a_stranger_is_refused_although_the_config_names_no_rule() -> None:
    verdict = check((), with_call(tame_facts(), 2, recipients=(STRANGER,)), POLICY_HASH)
    assert [report.rule for report in verdict.violations] == ["allowed_recipients"]
    assert STRANGER in verdict.violations[0].after


def test_a_mandatory_rule_that_the_config_tightens_is_applied_once() -> None:
    rules = with_mandatory((Deadline(DeadlineParams.model_validate({"max": "1h"})),))
    assert sum(isinstance(rule, Deadline) for rule in rules) == 1
    assert not check(rules, tame_facts(), POLICY_HASH).passed


def test_a_foreign_rule_with_a_mandatory_name_does_not_replace_the_mandatory_one() -> None:
    impostor: Rule = _Rule([kept("no_delegatecall", "", "All is well.")])
    facts = tame_facts()
    facts = replace(facts, batch=replace(facts.batch, transaction=replace(facts.batch.transaction, to=STRANGER)))
    assert "no_delegatecall" in {report.rule for report in check((impostor,), facts, POLICY_HASH).violations}


def test_a_rule_that_cannot_be_evaluated_is_violated_and_says_why() -> None:
    verdict = check((_Rule(Refused("the feed is silent", value="USDC")),), tame_facts(), POLICY_HASH)
    (violation,) = verdict.violations
    assert "the feed is silent; got USDC" in violation.message


def test_a_rule_that_says_nothing_is_violated() -> None:
    assert [report.message for report in check((_Rule([]),), tame_facts(), POLICY_HASH).violations] == [
        "The rule said nothing, so it did not look."
    ]


def test_an_error_in_the_code_of_a_rule_stops_the_run() -> None:
    with pytest.raises(ZeroDivisionError):
        check((_Rule(ZeroDivisionError()),), tame_facts(), POLICY_HASH)
