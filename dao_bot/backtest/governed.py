"""The policy over simulated batches: encoded and read back as live, tried on the market, held to the rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dao_bot.chain.provider import Treasury as Facts
from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.calls import Batch as ChainBatch
from dao_bot.domain.calls import Call, DecodedCall
from dao_bot.domain.errors import DaoBotError, PluginFailed
from dao_bot.domain.operations import Operation
from dao_bot.domain.positions import Position
from dao_bot.domain.prices import PoolPrice, TokenPrice
from dao_bot.domain.runs import Block
from dao_bot.domain.simulation import AssetChange, SafeState, Simulation
from dao_bot.domain.tokens import Token
from dao_bot.domain.verdict import RuleReport, Verdict
from dao_bot.fields import Settings
from dao_bot.policy.check import with_mandatory
from dao_bot.policy.facts import Move, PolicyFacts
from dao_bot.policy.report import broken
from dao_bot.policy.rule import Rule
from dao_bot.policy.rules.safe_unchanged import SafeUnchanged
from dao_bot.policy.rules.simulation import SimulationRule
from dao_bot.protocols.port import EncodeContext, TreasuryProtocol
from dao_bot.safe.batch import wrap_multisig

NEED_A_CHAIN: tuple[type, ...] = (SimulationRule, SafeUnchanged)
"""Rules about nodes that agree and about who owns the Safe: a backtest has neither, so they are left out."""


@dataclass(frozen=True, slots=True)
class Governed:
    """What of the configuration judges batches.

    Attributes:
        limits: class and parameters of each rule, for measures.
        longest_window: seconds of past moves that rules look at.
    """

    protocols: tuple[TreasuryProtocol, ...]
    rules: tuple[Rule, ...]
    limits: tuple[tuple[type[Any], Settings], ...]
    policy_hash: str
    longest_window: int
    contracts: Mapping[Address, str]
    address_book: Mapping[Address, str]
    hold_only: frozenset[Address]
    multi_send_call_only: Address

    def encode(self, operations: Iterable[Operation], context: EncodeContext) -> tuple[DecodedCall, ...]:
        """The calls of a batch, deadline first, as they read back from their bytes.

        Raises:
            Refused, BadInput: an encoder will not write the operation.
            PluginFailed: no configured protocol knows it.
        """
        encoders = {kind: protocol for protocol in self.protocols for kind in protocol.operations}
        deadlines = (protocol.deadline(context.valid_until) for protocol in self.protocols)
        calls = [call for call in deadlines if call is not None][:1]
        for operation in operations:
            if type(operation) not in encoders:
                raise PluginFailed("no configured protocol knows the operation", value=operation.kind)
            calls.extend(encoders[type(operation)].encode(operation, context))
        return tuple(self._decode(call) for call in calls)

    def _decode(self, call: Call) -> DecodedCall:
        for protocol in self.protocols:
            known = protocol.decode(call)
            if known is not None:
                return known
        return DecodedCall(call, "unknown", None, (), f"unknown call to {call.to}")

    def judge(self, facts: PolicyFacts) -> Verdict:
        """As `policy.check`, without the rules that need a chain."""
        rules = [rule for rule in with_mandatory(self.rules) if not isinstance(rule, NEED_A_CHAIN)]
        return Verdict(self.policy_hash, tuple(report for rule in rules for report in _apply(rule, facts)))


def _apply(rule: Rule, facts: PolicyFacts) -> tuple[RuleReport, ...]:
    try:
        reports = tuple(rule.check(facts))
    except DaoBotError as error:
        return (broken(rule.name, "", f"The rule cannot be evaluated: {error}"),)
    return reports or (broken(rule.name, "", "The rule said nothing, so it did not look."),)


@dataclass(frozen=True, slots=True)
class Held:
    """What the Safe has: base units of every token, and positions."""

    units: Mapping[Token, int]
    positions: tuple[Position, ...] = ()


def facts_of(
    governed: Governed,
    treasury: Facts,
    block: Block,
    decoded: tuple[DecodedCall, ...],
    valid_until: int,
    before: Held,
    after: Held,
    prices: Mapping[Token, TokenPrice],
    pool_prices: Sequence[PoolPrice],
    moves: tuple[Move, ...],
) -> PolicyFacts:
    """What the rules look at: real bytes, simulated balances.

    Args:
        before, after: around the trial of the batch.
    """
    wrapped = wrap_multisig([each.call for each in decoded], governed.multi_send_call_only)
    changes = tuple(
        AssetChange(ZERO_ADDRESS if token.is_native else token.address, after.units[token] - units)
        for token, units in before.units.items()
        if after.units[token] != units
    )
    had = {(each.manager, each.token_id): each for each in before.positions}
    changed = tuple(each for each in after.positions if had.get((each.manager, each.token_id)) != each)
    made = (each for each in changed if (each.manager, each.token_id) not in had)
    changes += tuple(AssetChange(each.manager, 1, each.token_id) for each in made)
    return PolicyFacts(
        block=block,
        batch=ChainBatch(treasury.chain_id, treasury.safe, wrapped, governed.policy_hash, valid_until),
        decoded=decoded,
        before=before.units,
        after=after.units,
        prices=prices,
        pool_prices=tuple(pool_prices),
        simulation=Simulation(
            block.number, block.hash, block.timestamp, True, changes, 0, None, (), None, (), positions=changed
        ),
        safe_before=_no_safe(treasury),
        moves=moves,
        contracts=governed.contracts,
        address_book=governed.address_book,
        hold_only=governed.hold_only,
        trusted_multisend=governed.multi_send_call_only,
        positions=before.positions,
    )


def _no_safe(treasury: Facts) -> SafeState:
    """Rules that look at the Safe itself are left out; the others only need its address."""
    return SafeState(treasury.safe, "", ZERO_ADDRESS, (), 0, 0, (), ZERO_ADDRESS, ZERO_ADDRESS)
