"""The simulated treasury: what it holds, what open batches will spend, and what was moved before."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

from dao_bot.backtest.pools import Mark
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import DecodedCall
from dao_bot.domain.needs import Spend
from dao_bot.domain.operations import Operation
from dao_bot.domain.tokens import Token
from dao_bot.policy.facts import Move


@dataclass(frozen=True, slots=True)
class Batch:
    """Operations that were decided and wait for their signatures.

    Attributes:
        number: counts all batches of a run, from 1.
        valid_until: epoch seconds after which it can no longer be executed.
        least: base units that each operation must return at least; 0 where it returns nothing.
        spends: base units that it takes, by token.
        usd: value of those at the decision, WAD, by token.
        decoded: its calls read back from their bytes; empty where no protocol encodes.
    """

    number: int
    strategy: str
    decided_at: int
    executes_at: int
    valid_until: int
    operations: tuple[Operation, ...]
    least: tuple[int, ...]
    spends: Mapping[Token, int]
    usd: Mapping[Token, int]
    urgent: bool = False
    decoded: tuple[DecodedCall, ...] = ()


@dataclass(slots=True)
class Treasury:
    """The state of a run.

    Attributes:
        units: base units of every token, zero included.
        marks: what own trades left of the pools' prices.
        burned: base units that own burns took out of a token's supply.
    """

    units: dict[Token, int]
    marks: dict[str, Mark] = field(default_factory=dict)
    burned: dict[Token, int] = field(default_factory=dict)
    open: list[Batch] = field(default_factory=list)
    done: list[Move] = field(default_factory=list)

    def committed(self) -> dict[Address, int]:
        """What open batches will spend, by token address."""
        total: dict[Address, int] = {}
        for batch in self.open:
            for token, units in batch.spends.items():
                total[token.address] = total.get(token.address, 0) + units
        return total

    def moves(self, since: int) -> tuple[Move, ...]:
        """What executed batches moved at or after `since`, and what open ones will move."""
        waiting = [_move(batch, token, batch.decided_at, True) for batch in self.open for token in batch.spends]
        recent = self.done[bisect_left(self.done, since, key=lambda move: move.at) :]
        return (*recent, *waiting)

    def spends(self, strategy: str, since: int) -> tuple[Spend, ...]:
        """The same of one strategy, as it sees it."""
        return tuple(
            Spend(move.token, move.units, move.usd, move.at, move.open)
            for move in self.moves(since)
            if move.strategy == strategy
        )

    def settle(self, batch: Batch, at: int) -> None:
        """The batch was executed: what it took counts as moved."""
        self.done.extend(_move(batch, token, at, False) for token in batch.spends)


def _move(batch: Batch, token: Token, at: int, is_open: bool) -> Move:
    return Move(f"batch {batch.number}", batch.strategy, token, batch.spends[token], batch.usd[token], at, is_open)
