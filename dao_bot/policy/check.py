"""Applying the policy: every rule to one batch. What always holds is applied whether the config names it or not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from dao_bot.domain.errors import DaoBotError
from dao_bot.domain.verdict import RuleReport, Verdict
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.report import broken
from dao_bot.policy.rule import Rule
from dao_bot.policy.rules.allowed_recipients import AllowedRecipients
from dao_bot.policy.rules.allowed_targets import AllowedTargets
from dao_bot.policy.rules.burn import Burn
from dao_bot.policy.rules.deadline import Deadline
from dao_bot.policy.rules.no_delegatecall import NoDelegatecall
from dao_bot.policy.rules.residual_allowances import ResidualAllowances
from dao_bot.policy.rules.safe_unchanged import SafeUnchanged
from dao_bot.policy.rules.simulation import SimulationRule

MANDATORY: tuple[type[Any], ...] = (
    SimulationRule,
    NoDelegatecall,
    SafeUnchanged,
    Deadline,
    ResidualAllowances,
    AllowedTargets,
    AllowedRecipients,
    Burn,
)
"""Their parameters only tighten (what `safe_unchanged` may let through, its parameter has to name)."""


def with_mandatory(rules: Sequence[Rule]) -> tuple[Rule, ...]:
    """`rules`, preceded by the mandatory ones that are not among them, which come with their own parameters.

    A rule of somebody else that bears a mandatory rule's name does not replace it.
    """
    present = {type(rule) for rule in rules}
    missing = tuple(mandatory(mandatory.Params()) for mandatory in MANDATORY if mandatory not in present)
    return (*missing, *rules)


def check(rules: Sequence[Rule], facts: PolicyFacts, policy_hash: str) -> Verdict:
    """What the policy says of one batch: every rule's reports, mandatory rules first where the config has none.

    A rule that cannot be evaluated (it raises a `DaoBotError`), or says nothing, is violated. Errors in a rule's own
    code are not caught: they stop the run.
    """
    reports = [report for rule in with_mandatory(rules) for report in _apply(rule, facts)]
    return Verdict(policy_hash, tuple(reports))


def _apply(rule: Rule, facts: PolicyFacts) -> tuple[RuleReport, ...]:
    try:
        reports = tuple(rule.check(facts))
    except DaoBotError as error:
        return (broken(rule.name, "", f"The rule cannot be evaluated: {error}"),)
    return reports or (broken(rule.name, "", "The rule said nothing, so it did not look."),)
