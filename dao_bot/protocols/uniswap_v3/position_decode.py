"""Calls of the position manager read back from their bytes; what is not understood to the last byte is unknown.

Only single calls: a `multicall` of the manager, permits and transfers of positions are not among what is understood.
"""

from __future__ import annotations

from collections.abc import Callable

from dao_bot.domain.addresses import ZERO_ADDRESS, Address
from dao_bot.domain.calls import Argument, Call, DecodedCall, PositionChange
from dao_bot.domain.ticks import MAX_TICK, MIN_TICK
from dao_bot.protocols.port import Treasury
from dao_bot.protocols.reading import arguments
from dao_bot.protocols.uniswap_v3.paths import FEE_DENOMINATOR, VENUE, pool_address
from dao_bot.protocols.uniswap_v3.position_manager import COLLECT, DECREASE, INCREASE, MINT


class PositionDecoder:
    """Knows one NonfungiblePositionManager, called by the treasury's Safe."""

    def __init__(self, treasury: Treasury, manager: Address, factory: Address) -> None:
        self._treasury = treasury
        self._manager = manager
        self._factory = factory
        self._readers: dict[bytes, Callable[[Call], DecodedCall | None]] = {
            MINT.selector: self._mint,
            INCREASE.selector: self._increase,
            DECREASE.selector: self._decrease,
            COLLECT.selector: self._collect,
        }

    def decode(self, call: Call) -> DecodedCall | None:
        """A mint, increase, decrease or collect; None for everything else, also with coins sent along."""
        reader = self._readers.get(call.selector)
        return reader(call) if call.to == self._manager and not call.value and reader is not None else None

    def _mint(self, call: Call) -> DecodedCall | None:
        values = arguments(MINT, call.data)
        if values is None:
            return None
        token0, token1, fee, lower, upper, units0, units1, least0, least1, recipient, deadline = values[0]
        if not (int(token0, 16) < int(token1, 16) and MIN_TICK <= lower < upper <= MAX_TICK):
            return None
        told = (
            Argument("token0", "address", token0),
            Argument("token1", "address", token1),
            Argument("fee", "uint24", fee),
            Argument("tickLower", "int24", lower),
            Argument("tickUpper", "int24", upper),
            Argument("amount0Desired", "uint256", units0),
            Argument("amount1Desired", "uint256", units1),
            Argument("amount0Min", "uint256", least0),
            Argument("amount1Min", "uint256", least1),
            Argument("recipient", "address", recipient),
            Argument("deadline", "uint256", deadline),
        )
        to = "" if recipient == self._treasury.safe else f", owned by {recipient}"
        return DecodedCall(
            call,
            VENUE,
            MINT.signature,
            told,
            f"Provide up to {self._amount(token0, units0)} and {self._amount(token1, units1)} as liquidity "
            f"on Uniswap v3 (fee {fee * 100 / FEE_DENOMINATOR:g} %, ticks {lower} to {upper}), "
            f"at least {self._amount(token0, least0)} and {self._amount(token1, least1)}{to}",
            recipients=(recipient,),
            spends=tuple((token, units) for token, units in ((token0, units0), (token1, units1)) if units),
            position=PositionChange(
                self._manager, None, lower, upper, deposits=(units0, units1), least=(least0, least1)
            ),
            venue=VENUE,
            pools=(pool_address(self._factory, token0, token1, fee),),
            deadline=deadline,
        )

    def _increase(self, call: Call) -> DecodedCall | None:
        values = arguments(INCREASE, call.data)
        if values is None:
            return None
        token_id, units0, units1, least0, least1, deadline = values[0]
        told = (
            Argument("tokenId", "uint256", token_id),
            Argument("amount0Desired", "uint256", units0),
            Argument("amount1Desired", "uint256", units1),
            Argument("amount0Min", "uint256", least0),
            Argument("amount1Min", "uint256", least1),
            Argument("deadline", "uint256", deadline),
        )
        return DecodedCall(
            call,
            VENUE,
            INCREASE.signature,
            told,
            f"Add up to {units0} and {units1} base units to the Uniswap v3 position {token_id}, "
            f"at least {least0} and {least1}",
            position=PositionChange(self._manager, token_id, deposits=(units0, units1), least=(least0, least1)),
            venue=VENUE,
            deadline=deadline,
        )

    def _decrease(self, call: Call) -> DecodedCall | None:
        values = arguments(DECREASE, call.data)
        if values is None:
            return None
        token_id, liquidity, least0, least1, deadline = values[0]
        told = (
            Argument("tokenId", "uint256", token_id),
            Argument("liquidity", "uint128", liquidity),
            Argument("amount0Min", "uint256", least0),
            Argument("amount1Min", "uint256", least1),
            Argument("deadline", "uint256", deadline),
        )
        return DecodedCall(
            call,
            VENUE,
            DECREASE.signature,
            told,
            f"Take {liquidity} of liquidity out of the Uniswap v3 position {token_id}, "
            f"for at least {least0} and {least1} base units",
            position=PositionChange(self._manager, token_id, removed=liquidity, least=(least0, least1)),
            venue=VENUE,
            deadline=deadline,
        )

    def _collect(self, call: Call) -> DecodedCall | None:
        values = arguments(COLLECT, call.data)
        if values is None:
            return None
        token_id, recipient, most0, most1 = values[0]
        # The manager keeps for itself what is collected for the zero address, and anybody can take it there.
        receiver = self._manager if recipient == ZERO_ADDRESS else recipient
        told = (
            Argument("tokenId", "uint256", token_id),
            Argument("recipient", "address", recipient),
            Argument("amount0Max", "uint128", most0),
            Argument("amount1Max", "uint128", most1),
        )
        to = "" if receiver == self._treasury.safe else f", paid to {receiver}"
        return DecodedCall(
            call,
            VENUE,
            COLLECT.signature,
            told,
            f"Collect what the Uniswap v3 position {token_id} owes{to}",
            recipients=(receiver,),
            position=PositionChange(self._manager, token_id),
            venue=VENUE,
        )

    def _amount(self, address: Address, units: int) -> str:
        token = self._treasury.token_at(address)
        return str(token.amount(units)) if token else f"{units} base units of {address}"
