"""Looking at a batch as a stranger would: decode it, try it on two copies of the chain, hold it to the policy."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from dao_bot.chain.positions import PositionBook
from dao_bot.chain.simulation import Execution, simulate
from dao_bot.domain.addresses import ZERO_ADDRESS
from dao_bot.domain.calls import Batch, Call, DecodedCall
from dao_bot.domain.proposals import HoldingLine
from dao_bot.domain.simulation import Simulation
from dao_bot.domain.tokens import Token
from dao_bot.domain.verdict import Verdict
from dao_bot.engine.look import Look
from dao_bot.engine.services import Services
from dao_bot.policy.check import check
from dao_bot.policy.facts import Move, PolicyFacts
from dao_bot.safe.batch import unwrap
from dao_bot.safe.decode import decode_safe_call


@dataclass(frozen=True, slots=True)
class Examined:
    """What the bytes do and whether the policy allows it."""

    calls: tuple[Call, ...]
    decoded: tuple[DecodedCall, ...]
    simulation: Simulation
    verdict: Verdict
    holdings: tuple[HoldingLine, ...]


def examine(
    services: Services, seen: Look, batch: Batch, moves: Sequence[Move], execution: Execution | None = None
) -> Examined:
    """Everything about a batch that can be known before it is executed; nothing is taken from who proposed it.

    Args:
        execution: the very transaction that will be sent, once it is signed; the second witness then tries that one.
    """
    transaction = batch.transaction
    route = services.route(transaction.route)
    executed = route.executed(transaction)
    calls = unwrap(executed.to, executed.value, executed.data, executed.operation, services.multi_send_call_only)
    decoded = tuple(decode(services, call) for call in calls)
    simulation = simulate(
        services.endpoints.primary,
        services.second_witness.at(seen.block),
        services.treasury,
        seen.block,
        seen.safe,
        transaction,
        calls,
        decoded,
        execution=execution or route.rehearsal(seen.safe, transaction),
        books=position_books(services),
    )
    after = _after(seen, simulation)
    facts = PolicyFacts(
        block=seen.block,
        batch=batch,
        decoded=decoded,
        before=seen.balances,
        after=after,
        prices=seen.prices,
        pool_prices=seen.pool_prices,
        simulation=simulation,
        safe_before=seen.safe,
        moves=tuple(moves),
        contracts=services.contracts,
        address_book=services.address_book,
        hold_only=services.hold_only,
        trusted_multisend=services.multi_send_call_only,
        positions=seen.positions,
        executed=None if executed is transaction else executed,
    )
    verdict = check(services.rules, facts, services.policy_hash)
    expected = after if after is not None else dict(seen.balances)
    lines = tuple(
        HoldingLine(token, before, expected[token], seen.prices[token]) for token, before in seen.balances.items()
    )
    return Examined(calls, decoded, simulation, verdict, lines)


def decode(services: Services, call: Call) -> DecodedCall:
    """The call in words, by the first protocol that knows its bytes; unknown calls say so and pass no policy."""
    known = decode_safe_call(call, services.treasury.safe)
    for protocol in services.protocols:
        known = known or protocol.decode(call)
    selector = "0x" + call.selector.hex() if call.data else "a bare transfer"
    return known or DecodedCall(call, "unknown", None, (), f"unknown call {selector} to {call.to}")


def position_books(services: Services) -> tuple[PositionBook, ...]:
    """One of each configured protocol that knows positions."""
    books = (getattr(protocol, "position_book", None) for protocol in services.protocols)
    return tuple(book for book in books if book is not None)


def _after(seen: Look, simulation: Simulation) -> dict[Token, int] | None:
    if not simulation.success:
        return None
    deltas = {change.token: change.delta for change in simulation.changes if change.token_id is None}
    return {
        token: balance + deltas.get(ZERO_ADDRESS if token.is_native else token.address, 0)
        for token, balance in seen.balances.items()
    }
