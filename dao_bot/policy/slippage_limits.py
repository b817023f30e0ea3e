"""How much a swap may lose against the oracle: the usual limit, and the one for leaving a token that has fallen."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from dao_bot.domain.errors import BadInput
from dao_bot.domain.prices import TokenPrice
from dao_bot.domain.tokens import Token


@dataclass(frozen=True, slots=True)
class SlippageLimits:
    """Ratios and prices are WAD.

    Attributes:
        usual: largest loss of any swap.
        exit: largest loss of a swap that sells a token whose oracle price is under its price in `below`.
        below: the price in USD, by symbol, under which a token has fallen.
    """

    usual: int
    exit: int = 0
    below: Mapping[str, int] = field(default_factory=dict)

    def for_sale(self, symbol: str, usd: int) -> int:
        """Largest loss of selling a token while its oracle price is `usd`."""
        return self.exit if usd < self.below.get(symbol, 0) else self.usual

    def exits(self, prices: Mapping[Token, TokenPrice]) -> dict[Token, int]:
        """What selling may lose, for the tokens that have fallen at these prices."""
        return {
            token: self.exit
            for token, price in prices.items()
            if price.usd is not None and price.usd < self.below.get(token.symbol, 0)
        }


@runtime_checkable
class LimitsSlippage(Protocol):
    """A rule that limits what swaps may lose."""

    limits: SlippageLimits


def slippage_limits(rules: Iterable[object]) -> SlippageLimits:
    """What the policy's own rule says, so that encoders set minimum outputs by what will be checked.

    Raises:
        BadInput: no rule says it.
    """
    for rule in rules:
        if isinstance(rule, LimitsSlippage):
            return rule.limits
    raise BadInput(
        "the policy has no rule `slippage`, so no minimum output can be set",
        next_step="Add `- {use: slippage, max: 50bps}` under policy.rules",
    )
