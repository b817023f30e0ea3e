"""What the cycle and the keeper work with: one treasury, everything in it made and checked by the wiring."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dao_bot.chain.endpoints import Endpoints
from dao_bot.chain.provider import Provider, Treasury
from dao_bot.chain.witnesses import SecondWitness
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput
from dao_bot.domain.grants import Grant
from dao_bot.domain.needs import Need
from dao_bot.domain.simulation import SafeState
from dao_bot.engine.approvals import ApprovalRule
from dao_bot.engine.decide import StrategyProcess
from dao_bot.engine.schedule import Schedule
from dao_bot.policy.rule import Rule
from dao_bot.policy.slippage_limits import SlippageLimits
from dao_bot.protocols.port import TreasuryProtocol

if TYPE_CHECKING:
    from dao_bot.engine.routes.port import Route


@dataclass(frozen=True, slots=True)
class Autonomy:
    """How far a strategy may be promoted (`engine.ladder`).

    Attributes:
        begin, most: rungs.
        delayed, instant: approval rules of the rungs that go through the module; None where they are not to be reached.
    """

    begin: str
    most: str
    delayed: str | None
    instant: str | None


@dataclass(frozen=True, slots=True)
class StrategyPlan:
    """One strategy of the config: who decides, when, and by which rules its batches are approved.

    Attributes:
        jitter, valid_for: seconds.
        max_failures: consecutive failures after which it is paused.
        may: what it may do through a module.
        autonomy: None where people are always asked.
    """

    name: str
    process: StrategyProcess
    schedule: Schedule
    jitter: int
    route: str
    approval: str
    valid_for: int
    max_failures: int
    enabled: bool
    may: tuple[Grant, ...] = ()
    autonomy: Autonomy | None = None


@dataclass(frozen=True, slots=True)
class Services:
    """One treasury and its surroundings.

    Attributes:
        labels: address -> name for every address that people may see.
        contracts: the contracts that the protocols may call, by address, with their labels.
        slippage: encoders set minimum outputs by it.
        longest_window: seconds of past moves that the policy looks at.
        approvals: the rules by which people approve, by their names in the config.
        accepted_safe: the Safe as the record says that it was accepted, or None.
        routes: how batches reach the Safe, by name.
    """

    treasury: Treasury
    endpoints: Endpoints
    second_witness: SecondWitness
    protocols: tuple[TreasuryProtocol, ...]
    providers: Mapping[type[Need[Any]], Provider]
    rules: tuple[Rule, ...]
    policy_hash: str
    slippage: SlippageLimits
    longest_window: int
    multi_send_call_only: Address
    contracts: Mapping[Address, str]
    address_book: Mapping[Address, str]
    labels: Mapping[str, str]
    hold_only: frozenset[Address]
    approvals: Mapping[str, ApprovalRule]
    strategies: Mapping[str, StrategyPlan]
    base: Path
    accepted_safe: Callable[[], SafeState | None]
    routes: Mapping[str, Route]

    def route(self, name: str) -> Route:
        """The configured route of that name.

        Raises:
            BadInput: there is none.
        """
        if name not in self.routes:
            raise BadInput("this route is not configured", value=name, limit=", ".join(self.routes))
        return self.routes[name]
