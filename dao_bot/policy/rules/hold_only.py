"""Tokens that the stewards, or the probe, found unsafe to trade are neither sold, bought nor approved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import DecodedCall
from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import Settings
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.movements import call_outflows
from dao_bot.policy.report import broken, kept
from dao_bot.policy.words import call_subject, symbol_of


class HoldOnlyParams(Settings):
    """The rule `hold_only` has no parameters; the tokens are marked where they are configured."""


class HoldOnly:
    """A fee on transfer or a rebase makes amounts wrong that everything else relies on."""

    name: ClassVar[str] = "hold_only"
    Params: ClassVar[type[Settings]] = HoldOnlyParams

    def __init__(self, params: HoldOnlyParams) -> None:
        del params

    def check(self, facts: PolicyFacts) -> Iterator[RuleReport]:
        problems = 0
        for position, decoded in enumerate(facts.decoded, 1):
            for token in sorted(_touches(decoded) & facts.hold_only):
                problems += 1
                yield broken(
                    self.name,
                    call_subject(position, decoded),
                    f"{symbol_of(facts, token)} may only be held; take it out of the strategy.",
                )
        for change in facts.simulation.changes:
            if change.token in facts.hold_only and change.delta < 0:
                problems += 1
                yield broken(
                    self.name, symbol_of(facts, change.token), "It may only be held, and the batch makes it less."
                )
        if not problems:
            yield kept(self.name, "", "The batch leaves hold-only tokens alone.")


def _touches(decoded: DecodedCall) -> frozenset[Address]:
    tokens = set(call_outflows(decoded))
    if decoded.approves is not None:
        tokens.add(decoded.approves[0])
    if decoded.minimum is not None:
        tokens.update((decoded.minimum[0], decoded.minimum[2]))
    return frozenset(tokens)
