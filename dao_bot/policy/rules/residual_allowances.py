"""After the batch nobody may take tokens from the Safe any more."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dao_bot.domain.units import format_units
from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import Settings
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.report import broken, kept
from dao_bot.policy.words import label_of, symbol_of, token_at


class ResidualAllowancesParams(Settings):
    """The rule `residual_allowances` has no parameters."""


class ResidualAllowances:
    """Mandatory. Every ERC-20 allowance that the batch touched is zero when it has run."""

    name: ClassVar[str] = "residual_allowances"
    Params: ClassVar[type[Settings]] = ResidualAllowancesParams

    def __init__(self, params: ResidualAllowancesParams) -> None:
        del params

    def check(self, facts: PolicyFacts) -> Iterator[RuleReport]:
        if not facts.simulation.success:
            yield broken(self.name, "", "The batch failed in the simulation, so its allowances afterwards are unknown.")
            return
        left = [allowance for allowance in facts.simulation.residual_allowances if allowance.units]
        for allowance in left:
            token = token_at(facts, allowance.token)
            amount = format_units(allowance.units, token.decimals) if token else str(allowance.units)
            yield broken(
                self.name,
                symbol_of(facts, allowance.token),
                f"{label_of(facts, allowance.spender)} could still take tokens after the batch; approve exact amounts.",
                before="",
                after=amount,
                limit="0",
            )
        if not left:
            yield kept(self.name, "", "No allowance is left after the batch.", after="0", limit="0")
