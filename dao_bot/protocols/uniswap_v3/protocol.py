"""Uniswap v3 as a protocol of the treasury: what is configured, put together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, get_args

from dao_bot.chain.plan import Plan
from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Call, DecodedCall
from dao_bot.domain.errors import BadInput
from dao_bot.domain.grants import Grant, MayCollect, MaySwap
from dao_bot.domain.operations import Operation, Swap
from dao_bot.protocols.deadline import deadline_call, may_set_deadline
from dao_bot.protocols.port import Check, EncodeContext, Provider, Treasury
from dao_bot.protocols.uniswap_v3.contracts_check import check_uniswap
from dao_bot.protocols.uniswap_v3.decode import RouterDecoder
from dao_bot.protocols.uniswap_v3.encode import encode_swap
from dao_bot.protocols.uniswap_v3.paths import VENUE, Pool, pool_address
from dao_bot.protocols.uniswap_v3.permissions import collect_permissions, swap_permissions
from dao_bot.protocols.uniswap_v3.pool_prices import PoolPricesProvider
from dao_bot.protocols.uniswap_v3.position_calls import PositionEncoder, PositionOperation
from dao_bot.protocols.uniswap_v3.position_decode import PositionDecoder
from dao_bot.protocols.uniswap_v3.position_manager import UniswapPositionBook
from dao_bot.protocols.uniswap_v3.positions import PositionsProvider
from dao_bot.protocols.uniswap_v3.quotes import SwapLaddersProvider
from dao_bot.protocols.uniswap_v3.routes import routes
from dao_bot.protocols.uniswap_v3.settings import PoolSettings, UniswapV3Settings
from dao_bot.safe.roles.role import Permission

_ALL_ROUTES = 1000
"""A role names every route that a strategy may take; how many are quoted at once is another question."""


class UniswapV3:
    """Swaps through SwapRouter02, quotes of QuoterV2, prices of the pools, and positions in them.

    Attributes:
        position_book: reads positions back inside simulations; None when no position manager is configured.
    """

    name: ClassVar[str] = VENUE
    Settings: ClassVar[type[UniswapV3Settings]] = UniswapV3Settings

    def __init__(self, settings: UniswapV3Settings, treasury: Treasury) -> None:
        """Raises `BadInput` for a pool of a token that is not configured."""
        self.router = Address(settings.router)
        self._factory = Address(settings.factory)
        self._quoter = Address(settings.quoter)
        self._manager = None if settings.position_manager is None else Address(settings.position_manager)
        self._hashes = settings.code_hashes
        self._max_hops = settings.max_hops
        self._owner_condition = None if settings.owner_condition is None else Address(settings.owner_condition)
        self.pools = tuple(_pool(pool, self._factory, treasury) for pool in settings.pools)
        self._swaps = RouterDecoder(treasury, self.router, self._factory)
        self._providers: tuple[Provider, ...] = (
            PoolPricesProvider(self.pools, settings.twap_window),
            SwapLaddersProvider(self._quoter, self.pools, settings.max_hops, settings.max_routes),
        )
        self.position_book: UniswapPositionBook | None = None
        self._positions: PositionDecoder | None = None
        if self._manager is not None:
            self.position_book = UniswapPositionBook(self._manager, self._factory)
            self._positions = PositionDecoder(treasury, self._manager, self._factory)
            self._providers += (PositionsProvider(self._manager, self._factory, self.pools),)

    @property
    def operations(self) -> tuple[type[Operation], ...]:
        return (Swap,) if self._manager is None else (Swap, *get_args(PositionOperation))

    @property
    def providers(self) -> tuple[Provider, ...]:
        return self._providers

    @property
    def contracts(self) -> Mapping[Address, tuple[str, str | None]]:
        """The Safe calls the router and the position manager alone."""
        router = {self.router: ("Uniswap v3 router", self._hashes.router)}
        if self._manager is None:
            return router
        return {**router, self._manager: ("Uniswap v3 position manager", self._hashes.position_manager)}

    @property
    def relied_on(self) -> Mapping[Address, tuple[str, str | None]]:
        """Every contract whose code must be what it was, also those that are only asked: label and pinned hash."""
        return {
            **self.contracts,
            self._quoter: ("Uniswap v3 quoter", self._hashes.quoter),
            self._factory: ("Uniswap v3 factory", self._hashes.factory),
        }

    def deadline(self, valid_until: int) -> Call:
        """The router's own check of a deadline, with nothing behind it."""
        return deadline_call(self.router, valid_until)

    def encode(self, operation: Swap | PositionOperation, context: EncodeContext) -> tuple[Call, ...]:
        """As `encode_swap` or `PositionEncoder`; an operation of another venue is a `BadInput`."""
        if operation.venue != self.name:
            raise BadInput("an operation at a venue that is not configured", value=operation.venue, limit=self.name)
        pools = frozenset(pool.address for pool in self.pools)
        if isinstance(operation, Swap):
            return encode_swap(operation, context, self.router, self._factory, pools)
        assert self._manager is not None, "these operations are offered with a position manager only"
        return PositionEncoder(self._manager, self._factory, pools).encode(operation, context)

    def decode(self, call: Call) -> DecodedCall | None:
        return self._swaps.decode(call) or (self._positions.decode(call) if self._positions else None)

    def permissions(self, grant: Grant) -> tuple[Permission, ...]:
        """What the role must allow for a swap through the configured pools, or to take fees; deadlines with either."""
        match grant:
            case MaySwap(sell, buy):
                found = routes(self.pools, [sell], [buy], self._max_hops, _ALL_ROUTES)
                allowed = swap_permissions(grant, self.router, [route.path for route in found])
            case MayCollect() if self._manager is not None and self._owner_condition is not None:
                allowed = collect_permissions(grant, self._manager, self._owner_condition)
            case _:
                return ()
        return (may_set_deadline(self.router), *allowed) if allowed else ()

    def check(self) -> Plan[tuple[Check, ...]]:
        """The self-test on the chain, but for the code hashes (see `check_code`)."""
        return check_uniswap(self._factory, self._parts(), self.pools)

    def _parts(self) -> Mapping[str, Address]:
        parts = {"router": self.router, "quoter": self._quoter}
        return parts if self._manager is None else {**parts, "position manager": self._manager}


def _pool(settings: PoolSettings, factory: Address, treasury: Treasury) -> Pool:
    for symbol in settings.tokens:
        if symbol not in treasury.tokens:
            raise BadInput(
                "a pool of a token that is not configured",
                value=symbol,
                limit=", ".join(treasury.tokens),
                next_step="The native coin trades as its wrapped token (WETH): configure that",
            )
    base, quote = (treasury.tokens[symbol] for symbol in settings.tokens)
    return Pool(base, quote, settings.fee, pool_address(factory, base.address, quote.address, settings.fee))
