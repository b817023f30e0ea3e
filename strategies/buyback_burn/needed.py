"""What this strategy asks to see, made once from its parameters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dao_bot.domain.addresses import Address
from dao_bot.strategy import (
    Events,
    Gas,
    Holdings,
    Need,
    PoolPrices,
    PriceHistory,
    Prices,
    SpendHistory,
    Supply,
    SwapLadders,
)
from strategies.buyback_burn import volume
from strategies.buyback_burn.params import DAY, Params

VELOCITY, REFERENCE = "velocity", "reference"


@dataclass(frozen=True, slots=True)
class Needed:
    """The needs.

    Attributes:
        events: by stream.
        history: by pair those of daily volume, and `VELOCITY` and `REFERENCE`.
    """

    holdings: Holdings
    prices: Prices
    pools: PoolPrices
    ladders: SwapLadders
    gas: Gas
    spending: SpendHistory
    supply: Supply
    events: Mapping[str, Events]
    history: Mapping[str, PriceHistory]

    @staticmethod
    def of(params: Params) -> Needed:
        holders = dict.fromkeys((*params.not_circulating, *params.velocity.staking))
        return Needed(
            Holdings(),
            Prices(),
            PoolPrices(),
            SwapLadders((params.pay_with, params.token), params.quote_sizes),
            Gas(),
            SpendHistory(max(params.budget.period, params.cool_down, DAY)),
            Supply(params.token, tuple(Address(holder) for holder in holders)),
            _events(params),
            _history(params),
        )

    def all(self) -> tuple[Need[Any], ...]:
        always = (self.holdings, self.prices, self.pools, self.ladders, self.gas, self.spending, self.supply)
        return (*always, *self.events.values(), *dict.fromkeys(self.history.values()))


def _events(params: Params) -> dict[str, Events]:
    """One need for each stream, with the longest window that any use of it has."""
    uses = [(stream, volume.DAYS * DAY) for stream in params.volume.swaps]
    if params.budget.revenue is not None:
        uses += [(stream, 2 * params.budget.period) for stream in params.budget.revenue.streams]
    if params.velocity.stream is not None:
        uses.append((params.velocity.stream, params.velocity.window))
    windows: dict[str, int] = {}
    for stream, window in uses:
        windows[stream] = max(window, windows.get(stream, 0))
    return {stream: Events(stream, window) for stream, window in windows.items()}


def _history(params: Params) -> dict[str, PriceHistory]:
    found = {pair: PriceHistory((pair,), volume.DAYS * DAY, DAY) for pair in params.volume.pairs}
    if params.velocity.pair is not None:
        found[VELOCITY] = PriceHistory((params.velocity.pair,), params.velocity.window, DAY)
    if params.reference is not None:
        found[REFERENCE] = PriceHistory((params.reference.pair,), params.reference.window, params.reference.interval)
    return found
