"""`reserve-rebalance`: keeps a stablecoin reserve solvent, spread over issuers, and away from what falls."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from dao_bot.domain.units import WAD, format_usd
from dao_bot.strategy import Decision, Need, Observation, Token
from strategies.reserve_rebalance import params as settings
from strategies.reserve_rebalance import scenarios, universe
from strategies.reserve_rebalance.pegs import State
from strategies.reserve_rebalance.problem import Structure
from strategies.reserve_rebalance.scenarios import Scenarios
from strategies.reserve_rebalance.situation import Needed, Situation, read
from strategies.reserve_rebalance.universe import Universe

if TYPE_CHECKING:
    from strategies.reserve_rebalance.optimum import Optimizer

KEPT_OPTIMIZERS = 4


class ReserveRebalance:
    """Objective, constraints, units and defaults: docs/strategies/reserve-rebalance.md.

    What it keeps between decisions (matrices, cone forms) follows from parameters, tokens and routes alone and never
    changes an answer.
    """

    name: ClassVar[str] = "reserve-rebalance"
    Params: ClassVar[type[settings.Params]] = settings.Params

    def __init__(self, params: settings.Params) -> None:
        self._params = params
        self._needed = Needed.of(params)
        self._known: tuple[dict[str, Token], Universe, Scenarios] | None = None
        self._optimizers: dict[tuple[bytes, bytes, int], Optimizer] = {}

    def needs(self) -> tuple[Need[Any], ...]:
        """Holdings, USD prices, quotes, pool prices, gas, own spending, and the history of the cross rates."""
        return self._needed.all()

    def decide(self, seen: Observation) -> Decision:
        """Swaps toward the best reserve, or why none are made now.

        Raises:
            BadInput: the parameters name a token that is not configured.
            PluginFailed: no solver reached an accurate optimum.
        """
        assets, likely = self._universe(seen)
        if assets.size == 0:
            return Decision.nothing("There is nothing to do: no asset of a reserve is configured.")
        situation = read(assets, likely, self._params, self._needed, seen)
        return self._not_now(assets, situation, seen) or self._planned(assets, likely, situation, seen)

    def _universe(self, seen: Observation) -> tuple[Universe, Scenarios]:
        tokens = {symbol: seen.tokens[symbol] for symbol in self._params.assets if symbol in seen.tokens}
        if self._known is None or self._known[0] != tokens:
            assets = universe.build(self._params, seen.tokens)
            self._known = (tokens, assets, scenarios.build(assets.hazard, assets.loss))
            self._optimizers.clear()
        return self._known[1:]

    def _not_now(self, assets: Universe, situation: Situation, seen: Observation) -> Decision | None:
        """Reasons to wait that no optimisation changes."""
        if situation.unpriced:
            return Decision.nothing(
                f"Nothing is done, because what is held cannot be valued: {', '.join(situation.unpriced)}."
            )
        if situation.reserve == 0:
            return Decision.nothing("There is nothing to do: the reserve is empty.")
        if situation.reserve < self._params.minimum_trade:
            return Decision.nothing(
                f"There is nothing to do: the reserve of {format_usd(situation.reserve)} is worth less than the "
                f"minimum trade of {format_usd(self._params.minimum_trade)}."
            )
        left = situation.sellable.usd
        if left is not None and left < max(self._params.minimum_trade, 1):
            return Decision.nothing(
                f"Nothing can be sold now: {format_usd(left)} is left of what may be sold, less than the minimum trade "
                f"of {format_usd(self._params.minimum_trade)}.",
                wake_at=situation.sellable.more_at,
            )
        if self._urgent(assets, situation):
            return None
        if any(spend.open for spend in situation.spent):
            return Decision.nothing("An earlier proposal of this strategy is still open; it is decided anew after it.")
        executed = [spend.at for spend in situation.spent if not spend.open]
        ready = max(executed, default=0) + self._params.pool_recovery
        if executed and seen.block.timestamp < ready:
            return Decision.nothing(
                f"The pools recover from the last trade; it is decided anew in {ready - seen.block.timestamp} s.",
                wake_at=ready,
            )
        return None

    def _urgent(self, assets: Universe, situation: Situation) -> bool:
        """Something held fell from its peg, or the runway is short: no waiting for earlier trades."""
        inputs = situation.inputs
        fallen = situation.pegs.where(State.FALLEN)
        if any(inputs.weights[asset] >= inputs.minimum_trade for asset in fallen):
            return True
        return bool(assets.retained @ inputs.weights < inputs.floor)

    def _planned(self, assets: Universe, likely: Scenarios, situation: Situation, seen: Observation) -> Decision:
        from strategies.reserve_rebalance import explain, planner

        rules = planner.Rules(
            band=self._params.no_trade_band / WAD,
            spendable=self._params.turnover * self._params.max_cost / WAD**2,
            exits=situation.exits,
            limit_names=tuple(limit.text for limit in assets.limits),
            blocked=situation.blocked,
        )
        pairs = situation.quotes.allowed & (situation.inputs.room.sum(axis=1) > 0)
        optimizer = self._optimizer(assets, likely, situation)
        plan = planner.plan(optimizer, situation.inputs, pairs, rules)
        now = seen.block.timestamp
        return explain.decision(explain.Account(assets, self._params, optimizer.structure, situation, plan, now))

    def _optimizer(self, assets: Universe, likely: Scenarios, situation: Situation) -> Optimizer:
        from strategies.reserve_rebalance.optimum import Optimizer

        quotes = situation.quotes
        segments = quotes.rate.shape[1]
        key = (quotes.sell.tobytes(), quotes.buy.tobytes(), segments)
        if key not in self._optimizers:
            while len(self._optimizers) >= KEPT_OPTIMIZERS:
                self._optimizers.pop(next(iter(self._optimizers)))
            self._optimizers[key] = Optimizer(
                Structure(
                    sell=quotes.sell,
                    buy=quotes.buy,
                    segments=segments,
                    limit_shares=assets.limit_shares,
                    limit_bounds=assets.limit_bounds,
                    retained=assets.retained,
                    failure_loss=assets.loss,
                    members=likely.membership(len(assets.failures)),
                    loss=likely.loss,
                    risk_aversion=self._params.risk_aversion / WAD,
                    tail=self._params.tail / WAD,
                )
            )
        return self._optimizers[key]
