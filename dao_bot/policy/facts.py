"""Everything the policy may look at, assembled from bytes and from the chain, never from what a strategy said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Batch, DecodedCall, WrappedTransaction
from dao_bot.domain.positions import Position
from dao_bot.domain.prices import PoolPrice, TokenPrice
from dao_bot.domain.runs import Block
from dao_bot.domain.simulation import SafeState, Simulation
from dao_bot.domain.tokens import Token


@dataclass(frozen=True, slots=True)
class Move:
    """What an open or executed proposal of any strategy takes out of the Safe.

    Attributes:
        units: base units that leave, positive (gross: a swap counts with what it sells).
        usd: their value then, WAD.
        at: epoch seconds.
        open: not executed yet, so it counts whenever it was made. The batch that is checked is not among them.
    """

    proposal_id: str
    strategy: str
    token: Token
    units: int
    usd: int
    at: int
    open: bool


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """One batch, and the world it would act on.

    Attributes:
        decoded: every inner call, in order, read back from the bytes of the wrapped transaction.
        before: balances in base units at the pinned block, of every configured token and the native coin.
        after: the same after the simulation; None when it failed.
        prices: for every configured token and the native coin.
        moves: what open and executed proposals moved, newest last; at least the longest window of any rule.
        contracts: address -> label of every contract that the configured protocols may call.
        address_book: address -> label of the recipients that the stewards named.
        hold_only: tokens that may not be sold or bought (fee-on-transfer, rebasing, probed as unsafe).
        trusted_multisend: the only target of a delegatecall, with known code.
        positions: of the Safe at the pinned block, in configured pools, with their fees.
        executed: what the Safe itself executes, as the route read it back from the batch's bytes, where that is
            something else.
    """

    block: Block
    batch: Batch
    decoded: tuple[DecodedCall, ...]
    before: Mapping[Token, int]
    after: Mapping[Token, int] | None
    prices: Mapping[Token, TokenPrice]
    pool_prices: tuple[PoolPrice, ...]
    simulation: Simulation
    safe_before: SafeState
    moves: tuple[Move, ...]
    contracts: Mapping[Address, str]
    address_book: Mapping[Address, str]
    hold_only: frozenset[Address]
    trusted_multisend: Address
    positions: tuple[Position, ...] = ()
    executed: WrappedTransaction | None = None
