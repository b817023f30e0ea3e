"""How much of a token exists, and what named holders have of it, read from the chain in one round."""

from __future__ import annotations

from typing import Any, ClassVar

from dao_bot.chain.abi import function
from dao_bot.chain.plan import Plan
from dao_bot.chain.provider import ReadContext
from dao_bot.domain.errors import BadInput, ChainError
from dao_bot.domain.needs import Need, Supply, TokenSupply
from dao_bot.protocols.reading import told_units

_TOTAL_SUPPLY = function("totalSupply()", "(uint256)")
_BALANCE_OF = function("balanceOf(address)", "(uint256)")


class SupplyProvider:
    """Reads `Supply`."""

    need: ClassVar[type[Need[Any]]] = Supply

    def requires(self, need: Supply) -> tuple[Need[Any], ...]:
        return ()

    def read(self, need: Supply, context: ReadContext) -> Plan[TokenSupply]:
        """The supply, and the balances of the Safe and of each different holder.

        Raises:
            BadInput: the token is not configured.
            ChainError: the token does not tell, or the balances are together more than the supply.
        """
        token = context.treasury.tokens.get(need.token)
        if token is None:
            raise BadInput(
                "the supply of a token that is not configured is asked for",
                value=need.token,
                limit=", ".join(context.treasury.tokens),
            )
        holders = tuple(dict.fromkeys((context.treasury.safe, *need.holders)))
        reads = [_TOTAL_SUPPLY.read(token.address), *(_BALANCE_OF.read(token.address, each) for each in holders)]
        functions = [_TOTAL_SUPPLY, *(_BALANCE_OF for _ in holders)]
        answers = yield reads
        units = [told_units(each, answer) for each, answer in zip(functions, answers, strict=True)]
        known = [each for each in units if each is not None]
        if len(known) < len(units) or sum(known[1:]) > known[0]:
            raise ChainError(
                f"the supply of {token.symbol} and its holders' balances cannot be read, or contradict each other",
                value=f"{units} from {token.address}",
                next_step="Check that address in strategies.yaml; `dao-bot doctor` says what stands there",
            )
        return TokenSupply(known[0], context.treasury.safe, dict(zip(holders, known[1:], strict=True)))
