"""What the Safe holds and whom it allows to take it, read from the chain in one round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from dao_bot.chain.abi import function
from dao_bot.chain.multicall import balance_read
from dao_bot.chain.plan import Plan
from dao_bot.chain.provider import ReadContext
from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import ChainError
from dao_bot.domain.needs import Holding, Holdings, Need
from dao_bot.domain.tokens import Token
from dao_bot.protocols.reading import told_units

_BALANCE_OF = function("balanceOf(address)", "(uint256)")
_ALLOWANCE = function("allowance(address,address)", "(uint256)")


class HoldingsProvider:
    """Reads `Holdings`: whole balances, from which the engine takes what open proposals will spend."""

    need: ClassVar[type[Need[Any]]] = Holdings

    def requires(self, need: Holdings) -> tuple[Need[Any], ...]:
        return ()

    def read(self, need: Holdings, context: ReadContext) -> Plan[dict[Token, Holding]]:
        """Every configured token and the native coin, in one round.

        Raises:
            ChainError: a token does not tell the balance; a guess would be a wrong decision.
        """
        treasury = context.treasury
        tokens = tuple(treasury.tokens.values())
        reads = [_BALANCE_OF.read(token.address, treasury.safe) for token in tokens]
        reads.append(balance_read(treasury.multicall3, treasury.safe))
        answers = yield reads
        holdings: dict[Token, Holding] = {}
        for token, read, answer in zip((*tokens, treasury.native), reads, answers, strict=True):
            units = told_units(_BALANCE_OF, answer)
            if units is None:
                raise ChainError(
                    f"the Safe's balance of {token.symbol} cannot be read",
                    value=f"no balance from {read.to}",
                    next_step="Check that address in strategies.yaml; `dao-bot doctor` says what stands there",
                )
            holdings[token] = Holding(units)
        return holdings


def read_allowances(
    safe: Address, pairs: Sequence[tuple[Address, Address]]
) -> Plan[dict[tuple[Address, Address], int]]:
    """What the Safe allows, by (token, spender), in one round; a pair that cannot be read is absent."""
    answers = yield [_ALLOWANCE.read(token, safe, spender) for token, spender in pairs]
    units = (told_units(_ALLOWANCE, answer) for answer in answers)
    return {pair: each for pair, each in zip(pairs, units, strict=True) if each is not None}
