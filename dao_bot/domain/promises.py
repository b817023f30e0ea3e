"""What a batch promises of each token: the change that was simulated, and the bounds that its bytes set to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.calls import DecodedCall
from dao_bot.domain.positions import pair_of
from dao_bot.domain.proposals import Outcome, Proposal
from dao_bot.domain.tokens import Token


@dataclass(frozen=True, slots=True)
class Promise:
    """Changes of the Safe's balance of one token in base units.

    Attributes:
        expected: as simulated.
        least: the worst that the bytes permit.
        most: the best; None where they leave that open, as a swap does with what it buys.
        realised: what the transaction did.
    """

    token: Token
    expected: int
    least: int
    most: int | None
    realised: int

    @property
    def kept(self) -> bool:
        return self.least <= self.realised and (self.most is None or self.realised <= self.most)


def promises(proposal: Proposal, outcome: Outcome) -> tuple[Promise, ...]:
    """Of every token that moved or should have, in the order of the holdings; nothing moves where the whole failed."""
    bounds, simulated, realised = _bounds(proposal), _sums(proposal), dict(outcome.realised)
    found = []
    for token in (line.token for line in proposal.holdings):
        expected, moved = simulated.get(token.address, 0), realised.get(token, 0)
        if expected or moved:
            least, most = bounds.get(token.address, (0, 0))
            found.append(Promise(token, expected, least, most, moved))
    return tuple(found)


def _sums(proposal: Proposal) -> dict[Address, int]:
    total: dict[Address, int] = {}
    for change in proposal.simulation.changes:
        if change.token_id is None:
            total[change.token] = total.get(change.token, 0) + change.delta
    return total


def _bounds(proposal: Proposal) -> dict[Address, tuple[int, int | None]]:
    found: dict[Address, tuple[int, int | None]] = {}
    removed: dict[int | None, tuple[int, int]] = {}
    for decoded in proposal.decoded:
        for token, least, most in _of_call(proposal, decoded, removed):
            low, high = found.get(token, (0, 0))
            found[token] = low + least, None if high is None or most is None else high + most
    return found


def _of_call(
    proposal: Proposal, decoded: DecodedCall, removed: dict[int | None, tuple[int, int]]
) -> Iterator[tuple[Address, int, int | None]]:
    """(token, least, most) of one call. `removed`: what positions owe at least, until it is collected."""
    if decoded.call.value:
        yield ZERO_ADDRESS, -decoded.call.value, -decoded.call.value
    if decoded.position is not None:
        yield from _of_position(proposal, decoded, removed)
        return
    for token, units in decoded.spends:
        yield token, -units, -units
    if decoded.minimum is not None and decoded.recipients == (proposal.batch.safe,):
        yield decoded.minimum[2], decoded.minimum[3], None


def _of_position(
    proposal: Proposal, decoded: DecodedCall, removed: dict[int | None, tuple[int, int]]
) -> Iterator[tuple[Address, int, int | None]]:
    change = decoded.position
    tokens = pair_of(decoded, (*proposal.positions, *proposal.simulation.positions))
    if change is None or tokens is None:
        return
    if change.deposits is not None:
        for token, deposit, least in zip(tokens, change.deposits, change.least, strict=True):
            yield token, -deposit, -least
    elif change.removed:
        owed = removed.get(change.token_id, (0, 0))
        removed[change.token_id] = owed[0] + change.least[0], owed[1] + change.least[1]
    elif decoded.recipients == (proposal.batch.safe,):
        for token, least in zip(tokens, removed.pop(change.token_id, (0, 0)), strict=True):
            yield token, least, None
