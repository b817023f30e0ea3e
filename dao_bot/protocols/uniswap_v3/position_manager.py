"""NonfungiblePositionManager: its functions, and a position as it notes it."""

from __future__ import annotations

from collections.abc import Sequence

from dao_bot.chain.abi import function
from dao_bot.chain.plan import Answer, Read
from dao_bot.domain.addresses import Address
from dao_bot.domain.positions import Position
from dao_bot.protocols.reading import told
from dao_bot.protocols.uniswap_v3.paths import pool_address

MINT = function("mint((address,address,uint24,int24,int24,uint256,uint256,uint256,uint256,address,uint256))")
INCREASE = function("increaseLiquidity((uint256,uint256,uint256,uint256,uint256,uint256))")
DECREASE = function("decreaseLiquidity((uint256,uint128,uint256,uint256,uint256))")
COLLECT = function("collect((uint256,address,uint128,uint128))")
BALANCE_OF = function("balanceOf(address)", "(uint256)")
TOKEN_OF_OWNER = function("tokenOfOwnerByIndex(address,uint256)", "(uint256)")
EVERYTHING = 2**128 - 1

_OWNER_OF = function("ownerOf(uint256)", "(address)")
_POSITIONS = function(
    "positions(uint256)",
    "(uint96,address,address,address,uint24,int24,int24,uint128,uint256,uint256,uint128,uint128)",
)


def noted_read(manager: Address, token_id: int) -> Read:
    """The read that `noted` understands."""
    return _POSITIONS.read(manager, token_id)


def noted(manager: Address, factory: Address, token_id: int, answer: Answer) -> Position | None:
    """A position as the manager noted it at its last change, with what was owed and the fee growth inside it then.

    None when there is no such position.
    """
    values = told(_POSITIONS, answer)
    if values is None:
        return None
    _, _, token0, token1, fee, lower, upper, liquidity, growth0, growth1, owed0, owed1 = values
    pool = pool_address(factory, token0, token1, fee)
    owed, growth = (owed0, owed1), (growth0, growth1)
    return Position(manager, token_id, pool, token0, token1, lower, upper, liquidity, owed, growth)


class UniswapPositionBook:
    """Reads positions of one manager back; fees since the last change of a position are not in it."""

    def __init__(self, manager: Address, factory: Address) -> None:
        self._manager = manager
        self._factory = factory

    @property
    def manager(self) -> Address:
        return self._manager

    def reads(self, token_id: int) -> Sequence[Read]:
        return (_OWNER_OF.read(self._manager, token_id), noted_read(self._manager, token_id))

    def position(self, token_id: int, owner: Address, answers: Sequence[Answer]) -> Position | None:
        told_owner = told(_OWNER_OF, answers[0])
        return noted(self._manager, self._factory, token_id, answers[1]) if told_owner == (owner,) else None
