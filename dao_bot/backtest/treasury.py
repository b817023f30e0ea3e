"""The simulated treasury: what it holds, what open batches will spend, and what was moved before."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field

from dao_bot.backtest.own_liquidity import OwnLiquidity
from dao_bot.backtest.pools import Mark
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import DecodedCall
from dao_bot.domain.concentrated import Pair
from dao_bot.domain.needs import PastAction, Spend
from dao_bot.domain.operations import Operation
from dao_bot.domain.tokens import Token
from dao_bot.policy.facts import Move

Least = int | Pair
"""Base units that an operation must return at least: of the one token of a swap, or of both of a position."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Operations that were decided and wait for their signatures.

    Attributes:
        number: counts all batches of a run, from 1.
        valid_until: epoch seconds after which it can no longer be executed.
        least: base units that each operation must return at least; 0 where it returns nothing, a pair for positions.
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
    least: tuple[Least, ...]
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
        own: the liquidity that it provides.
        done, actions: what executed batches moved, and did, oldest first.
    """

    units: dict[Token, int]
    marks: dict[str, Mark] = field(default_factory=dict)
    burned: dict[Token, int] = field(default_factory=dict)
    open: list[Batch] = field(default_factory=list)
    done: list[Move] = field(default_factory=list)
    own: OwnLiquidity = field(default_factory=OwnLiquidity)
    actions: list[tuple[str, PastAction]] = field(default_factory=list)

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
        self.actions.append((batch.strategy, _action(batch, at, False)))

    def past_actions(self, strategy: str, since: int) -> tuple[PastAction, ...]:
        """What executed batches of one strategy did since then, and what its open ones will do."""
        done = (action for name, action in self.actions if name == strategy and action.at >= since)
        return (*done, *(_action(each, each.decided_at, True) for each in self.open if each.strategy == strategy))


def _action(batch: Batch, at: int, is_open: bool) -> PastAction:
    return PastAction(tuple(operation.kind for operation in batch.operations), at, is_open)


def _move(batch: Batch, token: Token, at: int, is_open: bool) -> Move:
    return Move(f"batch {batch.number}", batch.strategy, token, batch.spends[token], batch.usd[token], at, is_open)
