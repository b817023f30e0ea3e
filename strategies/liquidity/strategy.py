"""`liquidity`: depth around the own token's price at the least cost, moved only when what lies ahead pays for it."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from dao_bot.domain.units import WAD, format_usd
from dao_bot.strategy import (
    ActionHistory,
    Decision,
    Evidence,
    Gas,
    Holdings,
    Need,
    Observation,
    PoolPositions,
    PoolPrices,
    Position,
    Positions,
    PriceHistory,
    Prices,
    Series,
    SpendHistory,
)
from strategies.liquidity import forward, ledger
from strategies.liquidity import params as settings
from strategies.liquidity.market import Market, agreement, total_depth
from strategies.liquidity.planner import Plan, Situation, plan

_MOST_MANAGED = 8
_DUST = 10
"""A position worth less than this part of the smallest one is left alone: anybody can send some to the Safe."""
_HISTORY = 30 * 86_400
_INTERVAL = 3_600
_FEES_SEEN = 14 * 86_400


class Liquidity:
    """Mathematics, limits and defaults: docs/strategies/liquidity.md."""

    name: ClassVar[str] = "liquidity"
    Params: ClassVar[type[settings.Params]] = settings.Params

    def __init__(self, params: settings.Params) -> None:
        self._params = params
        pair = (params.own, params.quote)
        self._prices, self._pools, self._positions = Prices(pair), PoolPrices(pair), Positions(pair)
        self._actions, self._spent = ActionHistory(params.window), SpendHistory(params.quote_period)
        self._history = PriceHistory((params.history,), _HISTORY, _INTERVAL) if params.history else None

    def needs(self) -> tuple[Need[Any], ...]:
        """Holdings, prices, the pool and positions in it, gas, own actions and spending, and how the price went."""
        always = (Holdings(), self._prices, self._pools, self._positions, Gas(), self._actions, self._spent)
        return always if self._history is None else (*always, self._history)

    def decide(self, seen: Observation) -> Decision:
        """Start, move, correct or compound, or why nothing is done now."""
        params = self._params
        found = self._found(seen)
        if found is None:
            return Decision.nothing(f"There is no pool of {params.own} and {params.quote} with the fee {params.fee}.")
        if found.problems:
            return Decision.nothing(f"Nothing is done: {'; '.join(found.problems)}.")
        own, quote = seen.tokens[params.own], seen.tokens[params.quote]
        priced = seen[self._prices]
        pool = next((each for each in seen[self._pools] if each.pool == found.pool.address), None)
        sides = (own, quote) if pool is None or pool.base == own else (quote, own)
        agreed = agreement(pool, priced.get(sides[0]), priced.get(sides[1]), params.tolerance)
        if agreed.problem is not None:
            held = Evidence("positions of the Safe in the pool", len(found.positions))
            return Decision.nothing(f"Nothing is minted or removed, because {agreed.problem}.", evidence=(held,))
        usd = (priced[found.pool.token0].require(), priced[found.pool.token1].require())
        return self._decided(seen, Market(found.pool, own, usd), found, agreed.difference or 0)

    def _decided(self, seen: Observation, market: Market, found: PoolPositions, difference: int) -> Decision:
        params, now = self._params, seen.block.timestamp
        positions = self._managed(market, found.positions)
        book = ledger.read(seen.memory, market.pool.address)
        book = ledger.updated(book, market, positions, now, params.fee_history, _FEES_SEEN)
        volatility, measured = self._volatility(seen)
        rate = forward.rates(market, volatility, ledger.grown(book, market, now, params.fee_history))
        facts = (
            *self._depth(market, positions),
            *ledger.comparison(book, market, positions, now),
            Evidence("volatility of a year" + (", measured" if measured else ", as stated"), round(volatility, 4)),
            Evidence("largest difference of the prices", round(difference / WAD * 10_000, 1), "bps"),
        )
        memory = ledger.write(book)
        if any(action.open for action in seen[self._actions]):
            reason = "An earlier proposal of this strategy is still open; it is decided anew after it."
            return Decision.nothing(reason, evidence=facts, memory=memory)
        gas = seen[Gas()]
        if gas.native_usd is None:
            reason = "Nothing is done, because the native coin has no usable price, so that gas cannot be weighed."
            return Decision.nothing(reason, evidence=facts, memory=memory)
        holdings = seen[Holdings()]
        free = tuple(holdings[token].available if token in holdings else 0 for token in market.tokens)
        situation = Situation(
            market=market,
            params=params,
            positions=positions,
            free=(free[0], free[1]),
            rate=rate,
            gas_usd=gas.wei * gas.native_usd / WAD**2,
            moves=self._moves(seen),
            mints=sum("mint_position" in action.kinds for action in seen[self._actions]),
            put_in=sum(spend.usd for spend in seen[self._spent] if spend.token.symbol == params.quote),
        )
        return self._told(plan(situation), situation, facts, memory)

    def _told(self, chosen: Plan, now: Situation, facts: tuple[Evidence, ...], memory: Any) -> Decision:
        evidence = (*facts, *self._rates(now), *chosen.evidence)
        if not chosen.operations:
            return Decision.nothing(chosen.reason, evidence=evidence, memory=memory)
        return Decision(
            operations=chosen.operations,
            reason=chosen.reason,
            summary=(
                f"{chosen.changes}.",
                f"It costs about {chosen.gas * now.gas_usd:,.2f} USD of gas, besides what the forecast in the evidence "
                "says that providing liquidity earns and loses.",
                "It fails if the pool moves away from the oracle before it is executed; then nothing happens. While "
                "the price moves, the position turns into the token that falls.",
            ),
            evidence=evidence,
            memory=memory,
        )

    def _found(self, seen: Observation) -> PoolPositions | None:
        named = {self._params.own, self._params.quote}
        return next(
            (
                each
                for each in seen[self._positions]
                if {each.pool.token0.symbol, each.pool.token1.symbol} == named and each.pool.fee == self._params.fee
            ),
            None,
        )

    def _managed(self, market: Market, positions: tuple[Position, ...]) -> tuple[Position, ...]:
        """Those with liquidity that is worth managing, the largest first."""
        worth = {each.token_id: market.value(each.principal(market.pool.sqrt_price)) for each in positions}
        large = [each for each in positions if each.liquidity and worth[each.token_id] * _DUST >= self._params.smallest]
        return tuple(sorted(large, key=lambda each: (-worth[each.token_id], each.token_id))[:_MOST_MANAGED])

    def _moves(self, seen: Observation) -> int:
        """Moves of the range in the window, from the record: a batch that both removed and minted."""
        kinds = (set(action.kinds) for action in seen[self._actions])
        return sum({"decrease_liquidity", "mint_position"} <= each for each in kinds)

    def _volatility(self, seen: Observation) -> tuple[float, bool]:
        """Of a year: what is stated, or what was measured if that is more."""
        stated = self._params.volatility / WAD
        if self._history is None or self._params.history is None:
            return stated, False
        series = seen[self._history].get(self._params.history)
        measured = _realised(series) if series is not None else 0.0
        return (measured, True) if measured > stated else (stated, False)

    def _depth(self, market: Market, positions: tuple[Position, ...]) -> tuple[Evidence, ...]:
        offered = total_depth(market, positions, self._params.around)
        return tuple(
            Evidence(
                f"depth in {token.symbol}, target {format_usd(self._params.depth, 0)}", round(value / WAD, 2), "USD"
            )
            for token, value in zip(market.tokens, offered, strict=True)
        )

    def _rates(self, now: Situation) -> tuple[Evidence, ...]:
        """What a day of the liquidity in range costs, with fees only where they were measured."""
        ours = sum(each.liquidity for each in now.positions if each.is_in_range(now.market.pool.tick))
        lost = Evidence("loss-versus-rebalancing of a day", round(ours * now.rate.lost * 86_400, 2), "USD")
        if now.rate.fees is None:
            return (lost, Evidence("fees of a day", "not seen for long enough"))
        return (lost, Evidence("fees of a day", round(ours * now.rate.fees * 86_400, 2), "USD"))


def _realised(series: Series) -> float:
    """Volatility of a year from the closes; zero where there are too few, or unusable ones."""
    close = series.close[np.isfinite(series.close) & (series.close > 0)]
    if len(close) < 25 or len(close) != len(series.close):
        return 0.0
    seconds = float(series.time[-1] - series.time[0])
    steps = np.diff(np.log(close))
    return math.sqrt(float(steps @ steps) / seconds * forward.YEAR) if seconds > 0 else 0.0
