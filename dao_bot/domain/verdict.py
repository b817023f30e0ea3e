"""What the policy said: every rule before and after, its limit, and whether it binds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RuleReport:
    """One rule applied to one subject, in the words and numbers of the card.

    Attributes:
        rule: name of the rule, as in strategies.yaml.
        subject: what it was applied to (a token, an issuer, a call); empty for the whole batch.
        before, after, limit: rendered values with their unit, such as `12.0 %`; moments as `format_moment` writes them.
        binds: the limit is reached (within its tolerance) but not broken.
        violated: the batch breaks the rule, or the rule could not be evaluated.
        message: one sentence; says what to do when violated.
    """

    rule: str
    subject: str
    before: str
    after: str
    limit: str
    binds: bool
    violated: bool
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """All reports of one check under one policy."""

    policy_hash: str
    reports: tuple[RuleReport, ...]

    @property
    def passed(self) -> bool:
        """True only when at least one rule spoke and none was violated."""
        return bool(self.reports) and not self.violations

    @property
    def violations(self) -> tuple[RuleReport, ...]:
        return tuple(report for report in self.reports if report.violated)

    @property
    def binding(self) -> tuple[RuleReport, ...]:
        return tuple(report for report in self.reports if report.binds)
