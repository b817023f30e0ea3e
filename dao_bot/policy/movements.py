"""What a batch takes, gives and touches, read from its bytes and from the simulation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.calls import DecodedCall
from dao_bot.policy.facts import PolicyFacts
from dao_bot.policy.liquidity import tokens_of


def outflows(facts: PolicyFacts) -> Mapping[Address, int]:
    """Base units that leave the Safe by token address, each at least 1.

    The larger of what the calls take one by one (so that a round trip counts in full) and of the net decrease that the
    simulation saw (so that nothing is missed that the bytes do not tell).
    """
    taken: dict[Address, int] = defaultdict(int)
    for decoded in facts.decoded:
        for token, units in (call_outflows(decoded) | _added(facts, decoded)).items():
            taken[token] += units
    for change in facts.simulation.changes:
        if change.delta < 0:
            taken[change.token] = max(taken[change.token], -change.delta)
    if facts.after is not None:
        for held, units in facts.before.items():
            taken[held.address] = max(taken[held.address], units - facts.after.get(held, 0))
    return {token: units for token, units in taken.items() if units > 0}


def _added(facts: PolicyFacts, decoded: DecodedCall) -> dict[Address, int]:
    """What a call adds to a position of the Safe; its bytes name the position, not the tokens."""
    change = decoded.position
    if change is None or change.token_id is None or change.deposits is None:
        return {}
    tokens = tokens_of(facts, decoded) or ()
    return {token: units for token, units in zip(tokens, change.deposits, strict=False) if units}


def call_outflows(decoded: DecodedCall) -> dict[Address, int]:
    """Base units that one call takes, by token address; coins sent with it always count."""
    taken: dict[Address, int] = defaultdict(int)
    for token, units in decoded.spends:
        taken[token] += units
    if decoded.call.value:
        taken[ZERO_ADDRESS] = max(taken[ZERO_ADDRESS], decoded.call.value)
    return taken


def touched(facts: PolicyFacts) -> frozenset[Address]:
    """Every token that the batch spends, buys or approves, has in a position that it changes, or whose balance changes.

    Tokens that are one of a kind are left to the rule `simulation`.
    """
    tokens = set(outflows(facts))
    for decoded in facts.decoded:
        if decoded.approves is not None:
            tokens.add(decoded.approves[0])
        if decoded.minimum is not None:
            tokens.update((decoded.minimum[0], decoded.minimum[2]))
        tokens.update(tokens_of(facts, decoded) or ())
    tokens.update(change.token for change in facts.simulation.changes if change.token_id is None)
    if facts.after is not None:
        tokens.update(held.address for held, units in facts.before.items() if facts.after.get(held, 0) != units)
    return frozenset(tokens)


def payments(facts: PolicyFacts) -> Mapping[Address, int]:
    """Base units by token address that the batch pays to recipients whom the stewards named, and to nobody else."""
    paid: dict[Address, int] = defaultdict(int)
    for decoded in facts.decoded:
        is_payment = decoded.venue is None and decoded.minimum is None and bool(decoded.recipients)
        if is_payment and all(recipient in facts.address_book for recipient in decoded.recipients):
            for token, units in call_outflows(decoded).items():
                paid[token] += units
    return paid


def burned(facts: PolicyFacts) -> Mapping[Address, int]:
    """Base units by token address that the batch destroys."""
    destroyed: dict[Address, int] = defaultdict(int)
    for decoded in facts.decoded:
        if decoded.burns is not None:
            token, units = decoded.burns
            destroyed[token] += units
    return destroyed


def least_bought(facts: PolicyFacts, token: Address) -> int:
    """Base units of `token` that swaps must bring to the Safe before the batch first burns any."""
    least = 0
    for decoded in facts.decoded:
        if decoded.burns is not None and decoded.burns[0] == token:
            break
        if decoded.minimum is not None and decoded.minimum[2] == token and decoded.recipients == (facts.batch.safe,):
            least += decoded.minimum[3]
    return least
