"""One observation as numbers: holdings, prices, pegs, quotes, and the inputs of the optimiser."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from dao_bot.domain.units import WAD
from dao_bot.strategy import (
    Gas,
    Holdings,
    Need,
    Observation,
    PoolPrices,
    PriceHistory,
    Prices,
    Spend,
    SpendHistory,
    SwapLadders,
)
from strategies.reserve_rebalance import costs, crossrates, pegs
from strategies.reserve_rebalance.amounts import Book
from strategies.reserve_rebalance.costs import Quotes
from strategies.reserve_rebalance.params import Params
from strategies.reserve_rebalance.pegs import Pegs, State
from strategies.reserve_rebalance.problem import UNLIMITED, Inputs, Mask
from strategies.reserve_rebalance.scenarios import Scenarios
from strategies.reserve_rebalance.sold import Sellable, left_to_sell
from strategies.reserve_rebalance.universe import Array, Universe

CANDLES_BEFORE = 2
"""Intervals read beyond the window, so that a late candle does not leave it short."""

OUT_OF_REACH = 2.0
"""A floor of this share of the reserve or more cannot be met; larger numbers would only upset the solvers."""


@dataclass(frozen=True, slots=True)
class Needed:
    """The needs of the strategy, made once from its parameters."""

    holdings: Holdings
    prices: Prices
    pools: PoolPrices
    ladders: SwapLadders
    gas: Gas
    spending: SpendHistory
    history: PriceHistory | None

    @staticmethod
    def of(params: Params) -> Needed:
        symbols = tuple(symbol for symbol, asset in params.assets.items() if not asset.own)
        rules = params.peg
        window = rules.window + rules.memory + CANDLES_BEFORE * rules.interval
        return Needed(
            Holdings(),
            Prices(symbols),
            PoolPrices(symbols),
            SwapLadders(symbols, params.quote_sizes),
            Gas(),
            SpendHistory(max(params.pool_recovery, params.sold_window.window if params.sold_window else 0)),
            PriceHistory(params.cross_rates, window, rules.interval) if params.cross_rates else None,
        )

    def all(self) -> tuple[Need[Any], ...]:
        always = (self.holdings, self.prices, self.pools, self.ladders, self.gas, self.spending)
        return always if self.history is None else (*always, self.history)


@dataclass(frozen=True, slots=True)
class Situation:
    """What is held and what it is worth.

    Attributes:
        reserve: WAD USD of all assets, the DAO's own token left out.
        floor: WAD USD that must count toward runway.
        unit_value: (n,) value of one base unit as a share of the reserve, nan without a price.
        unpriced: symbols that are held and have no usable price, with what is wrong.
        gas_unpriced: the native coin has no usable price, so gas counts nothing.
        left_out: probability of failing together in ways that the scenarios leave out.
        sellable: what limits for a run and for a window leave to sell.
    """

    book: Book
    reserve: int
    floor: int
    unit_value: Array
    unpriced: tuple[str, ...]
    pegs: Pegs
    quotes: Quotes
    inputs: Inputs
    exits: Mask
    blocked: dict[str, Array]
    gas_unpriced: bool
    left_out: float
    spent: tuple[Spend, ...]
    sellable: Sellable


def holdings(universe: Universe, needed: Needed, seen: Observation) -> tuple[Book, list[int | None], list[str]]:
    """What is held, the USD prices (WAD), and what is held without one."""
    held, prices = seen[needed.holdings], seen[needed.prices]
    units = [max(held[token].available, 0) if token in held else 0 for token in universe.tokens]
    usd: list[int | None] = []
    unpriced = []
    for token, amount in zip(universe.tokens, units, strict=True):
        price = prices.get(token)
        value = price.usd if price is not None and price.usd is not None and price.usd > 0 else None
        usd.append(value)
        if value is None and amount > 0:
            why = "; ".join(price.problems) if price is not None and price.problems else "no source"
            unpriced.append(f"{token.symbol} ({why})")
    return Book(tuple(units), tuple(value or 0 for value in usd)), usd, unpriced


def read(universe: Universe, likely: Scenarios, params: Params, needed: Needed, seen: Observation) -> Situation:
    """The situation at the observation's block."""
    book, usd, unpriced = holdings(universe, needed, seen)
    reserve = sum(book.values(universe.tokens))
    floor = params.runway_months * params.monthly_burn + params.commitments
    price = np.array([np.nan if value is None else value / WAD for value in usd])
    scale = max(reserve, 1)
    unit_value = np.array(
        [
            np.nan if value is None else value / (10**token.decimals * scale)
            for value, token in zip(usd, universe.tokens, strict=True)
        ]
    )
    weights = np.array([value / scale for value in book.values(universe.tokens)])
    rates = crossrates.from_pools(universe, seen[needed.pools])
    if needed.history is not None:
        rates += crossrates.from_history(universe, params, seen[needed.history], seen.block.timestamp)
    state = pegs.assess(universe, params.peg, usd, rates)
    ladders = seen[needed.ladders]
    quotes = costs.read_ladders(universe, params, ladders, price, unit_value, state)
    hazard = pegs.raised_hazard(universe, params.peg, state)
    probability, left_out = likely.probabilities(hazard, params.risk_horizon)

    gas, spent = seen[needed.gas], seen[needed.spending]
    sellable = left_to_sell(params, spent, seen.block.timestamp)
    coin = gas.native_usd or 0
    gas_cost = np.array([ladder.gas * gas.wei * coin / (WAD * scale) for ladder in quotes.ladders])
    exits = np.isin(quotes.sell, state.where(State.FALLEN))
    kept = universe.kept / scale
    depth = np.minimum(quotes.depth.cumsum(axis=1), np.maximum(weights - kept, 0.0)[quotes.sell, None])
    room = np.diff(depth, axis=1, prepend=0.0) if quotes.ladders else quotes.depth
    inputs = Inputs(
        weights=weights,
        rate=quotes.rate,
        room=np.where(quotes.allowed[:, None], room, 0.0),
        gas=gas_cost,
        turnover_weight=np.where(exits, 0.0, 1.0),
        probability=probability,
        floor=min(floor / scale, OUT_OF_REACH),
        turnover=params.turnover / WAD,
        most_sold=UNLIMITED if sellable.usd is None else min(sellable.usd / scale, UNLIMITED),
        minimum_trade=params.minimum_trade / scale,
        kept=kept,
        slack=np.zeros(len(universe.limits)),
    )
    return Situation(
        book=book,
        reserve=reserve,
        floor=floor,
        unit_value=unit_value,
        unpriced=tuple(unpriced),
        pegs=state,
        quotes=quotes,
        inputs=inputs,
        exits=exits,
        blocked=_blocked(universe, state, quotes, room),
        gas_unpriced=gas.native_usd is None,
        left_out=left_out,
        spent=spent,
        sellable=sellable,
    )


def _blocked(universe: Universe, state: Pegs, quotes: Quotes, room: Array) -> dict[str, Array]:
    """For each asset that may not be bought: the room on its routes that this takes away."""
    blocked = {}
    for asset in state.reasons:
        freed = np.where((quotes.buy == asset)[:, None], room, 0.0)
        if freed.any():
            blocked[f"no purchase of {universe.symbols[asset]}, which {state.states[asset].value}"] = freed
    return blocked
