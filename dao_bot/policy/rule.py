"""What a policy rule is. Found by entry point `dao_bot.policy_rules`; one file for each rule."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar, Protocol

from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import Settings
from dao_bot.policy.facts import PolicyFacts


class Rule(Protocol):
    """Made with its parameters from strategies.yaml; pure."""

    name: ClassVar[str]
    Params: ClassVar[type[Settings]]

    def __init__(self, params: Any) -> None: ...

    def check(self, facts: PolicyFacts) -> Iterable[RuleReport]:
        """At least one report, also when all is well. What cannot be evaluated is reported as violated."""
        ...
