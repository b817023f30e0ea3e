"""`buyback-burn`: buys the DAO's own token with a budget while it is cheap, and burns it or sends it away."""

from __future__ import annotations

from typing import Any, ClassVar

from dao_bot.strategy import Decision, Need, Observation
from strategies.buyback_burn import explain, params, purchase, situation
from strategies.buyback_burn.conditions import bid_of, conditions
from strategies.buyback_burn.needed import Needed


class BuybackBurn:
    """Conditions, limits and units: docs/strategies/buyback-burn.md. Keeps nothing between decisions."""

    name: ClassVar[str] = "buyback-burn"
    Params: ClassVar[type[params.Params]] = params.Params

    def __init__(self, params: params.Params) -> None:
        self._params = params
        self._needed = Needed.of(params)

    def needs(self) -> tuple[Need[Any], ...]:
        """Holdings, prices, quotes, pool prices, gas, own spending, supply, and the streams and histories named."""
        return self._needed.all()

    def decide(self, seen: Observation) -> Decision:
        """A swap and what becomes of its tokens, or why nothing is bought now.

        Raises:
            BadInput: the parameters name a token that is not configured, or a stream with other columns.
        """
        now = situation.read(self._params, self._needed, seen)
        bid = bid_of(self._params, now)
        found = tuple(conditions(self._params, now, bid))
        account = explain.Account(self._params, now, bid, found)
        if not all(condition.holds for condition in found):
            return explain.closed(account)
        bought = purchase.size(self._params, now, bid)
        if bought is None or bought.usd < self._params.smallest:
            return explain.too_small(account, bought)
        if now.gas is not None and now.gas * 10**18 > bought.usd * self._params.max_gas:
            return explain.too_much_gas(account, bought)
        return explain.buying(account, bought, purchase.operations(self._params, now, bought))
