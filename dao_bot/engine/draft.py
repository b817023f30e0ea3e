"""One run up to the card: look, decide, encode, wrap, examine. Nothing is stored and nothing leaves the process."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Batch, Call
from dao_bot.domain.decisions import Decision, Memory
from dao_bot.domain.errors import BadInput, PluginFailed
from dao_bot.domain.needs import Need
from dao_bot.domain.proposals import Proposal
from dao_bot.domain.runs import Block, RunId
from dao_bot.engine.answers import tokens_in
from dao_bot.engine.examine import examine
from dao_bot.engine.look import Look, look
from dao_bot.engine.services import Services, StrategyPlan
from dao_bot.policy.facts import Move
from dao_bot.protocols.balances import read_allowances
from dao_bot.protocols.port import EncodeContext
from dao_bot.strategy import Observation


@dataclass(frozen=True, slots=True)
class Draft:
    """What a run came to: a decision, and a proposal when there is something to do."""

    run: RunId
    block: Block
    observation: Observation
    decision: Decision
    proposal: Proposal | None


def draft(
    services: Services,
    plan: StrategyPlan,
    run: RunId,
    needs: Sequence[Need[Any]],
    *,
    committed: Mapping[Address, int],
    moves: Sequence[Move],
    memory: Memory | None = None,
    attempt: int = 0,
) -> Draft:
    """Run one strategy at the newest block.

    Args:
        needs: what the strategy asked for (`StrategyProcess.describe`).
        committed: what open proposals will spend, by token address.
        moves: what open and executed proposals moved, for the policy's windows.
    """
    seen = look(services, run, needs, committed, tested=True)
    observation = Observation(
        run, seen.block, services.treasury.tokens, {need: seen.seen[need] for need in needs}, memory
    )
    decision = plan.process.decide(observation)
    if not decision.operations:
        return Draft(run, seen.block, observation, decision, None)
    proposal = _propose(services, plan, seen, observation, decision, moves, attempt)
    return Draft(run, seen.block, observation, decision, proposal)


def _propose(
    services: Services,
    plan: StrategyPlan,
    seen: Look,
    observation: Observation,
    decision: Decision,
    moves: Sequence[Move],
    attempt: int,
) -> Proposal:
    valid_until = seen.block.timestamp + plan.valid_for
    calls = _encode(services, seen, decision, valid_until)
    wrapped = services.route(plan.route).wrap(calls)
    batch = Batch(services.treasury.chain_id, services.treasury.safe, wrapped, services.policy_hash, valid_until)
    examined = examine(services, seen, batch, moves)
    if examined.calls != calls:
        raise PluginFailed("the batch does not read back as it was encoded", value=plan.name)
    return Proposal(
        run=observation.run,
        attempt=attempt,
        observation_digest=observation.digest,
        block=seen.block,
        safe_nonce=seen.safe.nonce,
        batch=batch,
        calls=calls,
        decoded=examined.decoded,
        decision=decision,
        holdings=examined.holdings,
        simulation=examined.simulation,
        verdict=examined.verdict,
        approval_rule=plan.approval,
        labels=services.labels,
        positions=seen.positions,
    )


def _encode(services: Services, seen: Look, decision: Decision, valid_until: int) -> tuple[Call, ...]:
    """The deadline first, then each operation's calls by the protocol that knows its kind."""
    context = EncodeContext(
        services.treasury,
        seen.block,
        seen.prices,
        services.slippage.usual,
        valid_until,
        _allowances(services, seen.block, decision),
        services.slippage.exits(seen.prices),
    )
    encoders = {kind: protocol for protocol in services.protocols for kind in protocol.operations}
    calls: list[Call] = [deadline_call(services, valid_until)]
    for operation in decision.operations:
        calls.extend(encoders[type(operation)].encode(operation, context))
    return tuple(calls)


def _allowances(services: Services, block: Block, decision: Decision) -> Mapping[tuple[Address, Address], int]:
    """What the Safe allows already of the tokens that are to move; one round trip."""
    moved = dict.fromkeys(token for operation in decision.operations for token in tokens_in(operation))
    pairs = [(token.address, spender) for token in moved if not token.is_native for spender in services.contracts]
    known: Mapping[tuple[Address, Address], int]
    (known,) = services.endpoints.read(block, [read_allowances(services.treasury.safe, pairs)])
    return known


def deadline_call(services: Services, valid_until: int) -> Call:
    """The call with which every batch begins.

    Raises:
        BadInput: no configured protocol offers one.
    """
    for protocol in services.protocols:
        call = protocol.deadline(valid_until)
        if call is not None:
            return call
    raise BadInput(
        "no configured protocol has a contract that enforces a deadline on the chain",
        next_step="Configure uniswap_v3, whose router does; a signed batch without a deadline would live forever",
    )
