"""Calls of SwapRouter02 read back from their bytes; what is not understood to the last byte is unknown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from dao_bot.domain.addresses import Address
from dao_bot.domain.calls import Argument, Call, DecodedCall
from dao_bot.domain.errors import BadInput
from dao_bot.domain.moments import format_moment
from dao_bot.protocols.deadline import MULTICALL, decode_deadline
from dao_bot.protocols.port import Treasury
from dao_bot.protocols.reading import arguments
from dao_bot.protocols.uniswap_v3.encode import EXACT_INPUT, EXACT_INPUT_SINGLE
from dao_bot.protocols.uniswap_v3.paths import FEE_DENOMINATOR, VENUE, Path

_MESSAGE_SENDER = "0x0000000000000000000000000000000000000001"
_ROUTER_ITSELF = "0x0000000000000000000000000000000000000002"
_ROUTER_BALANCE = 0
"""swap-router-contracts `Constants`: two recipients that the router replaces, and an input amount that means whatever
the router holds."""


@dataclass(frozen=True, slots=True)
class _Exchange:
    """One swap, whichever function it is written with."""

    function: str
    arguments: tuple[Argument, ...]
    path: Path
    recipient: Address
    sold: int
    minimum: int

    @property
    def pair(self) -> tuple[Address, Address]:
        return self.path.tokens[0], self.path.tokens[-1]


class RouterDecoder:
    """Knows one SwapRouter02, called by the treasury's Safe."""

    def __init__(self, treasury: Treasury, router: Address, factory: Address) -> None:
        self._treasury = treasury
        self._router = router
        self._factory = factory

    def decode(self, call: Call) -> DecodedCall | None:
        """A swap, a deadline, or swaps of one pair below a deadline.

        None for everything else: also for coins sent along and for tokens that lie in the router, both of which anybody
        could take.
        """
        if call.to != self._router or call.value:
            return None
        exchange = self._exchange(call.data)
        if exchange is not None:
            return self._described(call, exchange.function, exchange.arguments, [exchange])
        return decode_deadline(call, self._router) or self._multicall(call)

    def _multicall(self, call: Call) -> DecodedCall | None:
        values = arguments(MULTICALL, call.data)
        if values is None:
            return None
        deadline, datas = values
        exchanges = [exchange for exchange in map(self._exchange, datas) if exchange is not None]
        if len(exchanges) < len(datas) or len({exchange.pair for exchange in exchanges}) != 1:
            return None
        told = (
            Argument("deadline", "uint256", deadline),
            Argument("data", "bytes[]", tuple("0x" + data.hex() for data in datas)),
        )
        return self._described(call, MULTICALL.signature, told, exchanges, deadline)

    def _exchange(self, data: bytes) -> _Exchange | None:
        exchange = _read_single(data, self._named) or _read_path(data, self._named)
        if exchange is None or exchange.sold == _ROUTER_BALANCE or exchange.pair[0] == exchange.pair[1]:
            return None
        return exchange

    def _named(self, recipient: Address) -> Address:
        return {_MESSAGE_SENDER: self._treasury.safe, _ROUTER_ITSELF: self._router}.get(recipient, recipient)

    def _described(
        self,
        call: Call,
        function: str,
        arguments: tuple[Argument, ...],
        exchanges: Sequence[_Exchange],
        deadline: int | None = None,
    ) -> DecodedCall:
        sold, bought = exchanges[0].pair
        units = sum(exchange.sold for exchange in exchanges)
        least = sum(exchange.minimum for exchange in exchanges)
        summary = "; ".join(self._summary(exchange) for exchange in exchanges)
        return DecodedCall(
            call,
            VENUE,
            function,
            arguments,
            summary if deadline is None else f"Until {format_moment(deadline)}: {summary}",
            recipients=tuple(dict.fromkeys(exchange.recipient for exchange in exchanges)),
            spends=((sold, units),),
            minimum=(sold, units, bought, least),
            venue=VENUE,
            pools=tuple(dict.fromkeys(pool for exchange in exchanges for pool in exchange.path.pools(self._factory))),
            deadline=deadline,
        )

    def _summary(self, exchange: _Exchange) -> str:
        sold, bought = exchange.pair
        route = " > ".join(self._symbol(token) for token in exchange.path.tokens)
        fees = " + ".join(f"{fee * 100 / FEE_DENOMINATOR:g} %" for fee in exchange.path.fees)
        to = "" if exchange.recipient == self._treasury.safe else f", paid to {exchange.recipient}"
        return (
            f"Sell {self._amount(sold, exchange.sold)} for at least {self._amount(bought, exchange.minimum)} "
            f"on Uniswap v3 ({route}, fee {fees}){to}"
        )

    def _symbol(self, address: Address) -> str:
        token = self._treasury.token_at(address)
        return token.symbol if token else address

    def _amount(self, address: Address, units: int) -> str:
        token = self._treasury.token_at(address)
        return str(token.amount(units)) if token else f"{units} base units of {address}"


def _read_single(data: bytes, named: Callable[[Address], Address]) -> _Exchange | None:
    values = arguments(EXACT_INPUT_SINGLE, data)
    if values is None:
        return None
    sold, bought, fee, recipient, amount, minimum, price_limit = values[0]
    told = (
        Argument("tokenIn", "address", sold),
        Argument("tokenOut", "address", bought),
        Argument("fee", "uint24", fee),
        Argument("recipient", "address", recipient),
        Argument("amountIn", "uint256", amount),
        Argument("amountOutMinimum", "uint256", minimum),
        Argument("sqrtPriceLimitX96", "uint160", price_limit),
    )
    return _Exchange(
        EXACT_INPUT_SINGLE.signature, told, Path((sold, bought), (fee,)), named(recipient), amount, minimum
    )


def _read_path(data: bytes, named: Callable[[Address], Address]) -> _Exchange | None:
    values = arguments(EXACT_INPUT, data)
    if values is None:
        return None
    packed, recipient, amount, minimum = values[0]
    try:
        path = Path.decode(packed)
    except BadInput:
        return None
    told = (
        Argument("path", "bytes", "0x" + packed.hex()),
        Argument("recipient", "address", recipient),
        Argument("amountIn", "uint256", amount),
        Argument("amountOutMinimum", "uint256", minimum),
    )
    return _Exchange(EXACT_INPUT.signature, told, path, named(recipient), amount, minimum)
