"""How well a batch was executed: what came against what was promised, and against the oracle's price."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dao_bot.domain.proposals import Outcome, Proposal
from dao_bot.domain.tokens import Amount, Token, usd_value

_BASIS_POINTS = 10_000


@dataclass(frozen=True, slots=True)
class Quality:
    """Money in USD (WAD) at the oracle's prices of the decision; None where a price that is needed was missing.

    Attributes:
        out: value of what left the Safe.
        back: value of what came to it in exchange.
        shortfall: what came less than promised, over all tokens; negative when it was more.
        gas: what the keeper paid.
        seconds: of the chain, from the first approval to the block of the execution.
    """

    out: int | None
    back: int | None
    shortfall: int | None
    gas: int | None
    seconds: int | None

    @property
    def shortfall_bps(self) -> float | None:
        """Of what left."""
        return _bps(self.shortfall, self.out)

    @property
    def cost(self) -> int | None:
        """Against the oracle's price, fees of pools included; None where nothing came back, as for a payment."""
        return self.out - self.back if self.out is not None and self.back else None

    @property
    def cost_bps(self) -> float | None:
        """Of what left."""
        return _bps(self.cost, self.out)


def quality_of(proposal: Proposal, outcome: Outcome, approved_at: int | None, executed_at: int) -> Quality:
    """Of one execution.

    Args:
        approved_at, executed_at: chain time.
    """
    prices = {line.token: line.price.usd for line in proposal.holdings}
    native = next((token for token in prices if token.is_native), None)
    realised, expected = dict(outcome.realised), dict(outcome.expected)
    short = {token: expected.get(token, 0) - realised.get(token, 0) for token in {**expected, **realised}}
    return Quality(
        out=_value({token: -delta for token, delta in realised.items() if delta < 0}, prices),
        back=_value({token: delta for token, delta in realised.items() if delta > 0}, prices),
        shortfall=_value({token: units for token, units in short.items() if units}, prices),
        gas=None if native is None else _value({native: outcome.gas_cost}, prices),
        seconds=None if approved_at is None else executed_at - approved_at,
    )


def _value(amounts: Mapping[Token, int], prices: Mapping[Token, int | None]) -> int | None:
    total = 0
    for token, units in amounts.items():
        price = prices.get(token)
        if price is None:
            return None
        total += usd_value(Amount(token, units), price)
    return total


def _bps(part: int | None, whole: int | None) -> float | None:
    return None if part is None or not whole else part / whole * _BASIS_POINTS
