"""The batch must have succeeded on copies of the chain, by independent witnesses that saw the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from dao_bot.domain.addresses import Address
from dao_bot.domain.simulation import AssetChange
from dao_bot.domain.verdict import RuleReport
from dao_bot.fields import IntField, Settings
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.report import broken, kept
from dao_bot.policy.words import symbol_of, token_at


class SimulationParams(Settings):
    """Parameters of the rule `simulation`."""

    witnesses: IntField = Field(default=2, ge=2, description="least number of different methods of simulation")
    endpoints: IntField = Field(default=1, ge=1, description="least number of different endpoints behind the witnesses")


class SimulationRule:
    """Mandatory. Success, agreement on every asset change, the pinned block, and balances that add up."""

    name: ClassVar[str] = "simulation"
    Params: ClassVar[type[Settings]] = SimulationParams

    def __init__(self, params: SimulationParams) -> None:
        self._params = params

    def check(self, facts: PolicyFacts) -> Iterator[RuleReport]:
        problems = [*self._outcome(facts), *self._witnesses(facts), *_balances(facts)]
        for problem in problems:
            yield broken(self.name, "", problem)
        if not problems:
            methods = ", ".join(witness.method for witness in facts.simulation.witnesses)
            yield kept(
                self.name,
                "",
                f"The batch succeeds at block {facts.simulation.block_number}, and {methods} agree on every change.",
                after="succeeds",
            )

    def _outcome(self, facts: PolicyFacts) -> Iterator[str]:
        simulation = facts.simulation
        if not simulation.success:
            yield f"The batch reverts: {simulation.revert_reason or 'no reason given'}."
        elif simulation.safe_after is None or facts.after is None:
            yield "The simulation does not say what the Safe is afterwards."
        if (simulation.block_number, simulation.block_hash) != (facts.block.number, facts.block.hash):
            yield f"It was simulated at block {simulation.block_number}, the facts are of block {facts.block.number}."
        if not facts.block.timestamp <= simulation.timestamp <= facts.batch.valid_until:
            yield "It was simulated at a time before the pinned block or after the batch's deadline."

    def _witnesses(self, facts: PolicyFacts) -> Iterator[str]:
        simulation = facts.simulation
        methods = {witness.method for witness in simulation.witnesses}
        if len(methods) < self._params.witnesses:
            yield f"{len(methods)} witnesses by different methods, {self._params.witnesses} are needed."
        endpoints = {witness.endpoint for witness in simulation.witnesses}
        if len(endpoints) < self._params.endpoints:
            yield f"Witnesses on {len(endpoints)} endpoints, {self._params.endpoints} are needed."
        for witness in simulation.witnesses:
            if witness.success != simulation.success:
                yield f"The witness {witness.method} does not agree on success."
            elif frozenset(witness.changes) != frozenset(simulation.changes):
                yield f"The witness {witness.method} saw other asset changes."


def _is_own_position(facts: PolicyFacts, change: AssetChange) -> bool:
    """The Safe gains a position that was read back, so that its value is known."""
    return change.delta == 1 and any(
        (each.manager, each.token_id) == (change.token, change.token_id) for each in facts.simulation.positions
    )


def _balances(facts: PolicyFacts) -> Iterator[str]:
    """Every change is of a configured token, and the balances afterwards are those before plus the changes."""
    deltas: dict[Address, int] = defaultdict(int)
    for change in facts.simulation.changes:
        if change.token_id is not None:
            if not _is_own_position(facts, change):
                yield f"The NFT {change.token_id} of {change.token} moves, and NFTs have no value in this policy."
        elif token_at(facts, change.token) is None:
            yield f"The Safe's balance of {change.token} changes, which is not a configured token."
        else:
            deltas[change.token] += change.delta
    if facts.after is None:
        return
    if set(facts.after) != set(facts.before):
        yield "The balances after the simulation are not of the same tokens as those before."
        return
    for token, units in facts.before.items():
        if facts.after[token] != units + deltas[token.address]:
            yield f"The changes of {symbol_of(facts, token.address)} do not add up to its balance afterwards."
