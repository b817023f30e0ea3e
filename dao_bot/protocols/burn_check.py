"""Whether a token can be burned as the treasury would do it: tried out on a copy of the chain, one unit."""

from __future__ import annotations

from collections.abc import Sequence

from dao_bot.chain.abi import function
from dao_bot.chain.plan import Answer
from dao_bot.chain.reverts import explain_revert
from dao_bot.chain.rpc import Endpoint
from dao_bot.chain.simulate_v1 import READER, Trial, Tried, simulate_block
from dao_bot.domain.addresses import Address
from dao_bot.domain.runs import Block
from dao_bot.domain.tokens import Token
from dao_bot.protocols.erc20 import BURN
from dao_bot.protocols.reading import told_units

_BALANCE_OF = function("balanceOf(address)", "(uint256)")
_TOTAL_SUPPLY = function("totalSupply()", "(uint256)")


def burn_problem(endpoint: Endpoint, block: Block, token: Token, holders: Sequence[Address]) -> str | None:
    """Why a holder cannot burn one unit so that balance and supply fall by it; None when it works.

    Args:
        endpoint: a node, or a fork; it must offer `eth_simulateV1`.
        holders: the Safe first; the first one that holds any tries it.
    """
    balances = [Trial(READER, token.address, _BALANCE_OF.encode(holder)) for holder in holders]
    held = [_units(answer) for answer in simulate_block(endpoint, block, block.timestamp + 1, balances)]
    holder = next((each for each, units in zip(holders, held, strict=True) if units), None)
    if holder is None:
        return "nobody who was asked holds any, so burning cannot be tried"
    readings = [
        Trial(READER, token.address, _BALANCE_OF.encode(holder)),
        Trial(READER, token.address, _TOTAL_SUPPLY.encode()),
    ]
    trials = [*readings, Trial(holder, token.address, BURN.encode(1)), *readings]
    balance, supply, burned, balance_after, supply_after = simulate_block(endpoint, block, block.timestamp + 1, trials)
    if not burned.success:
        return f"burn(uint256) fails: {explain_revert(burned.data)}"
    if (_less(balance, balance_after), _less(supply, supply_after)) != (1, 1):
        return "burn(uint256) does not take exactly what it is told from the balance and from the supply"
    return None


def _units(answer: Tried) -> int | None:
    return told_units(_BALANCE_OF, Answer(answer.success, answer.data))


def _less(before: Tried, after: Tried) -> int | None:
    first, second = _units(before), _units(after)
    return None if first is None or second is None else first - second
