"""The simulated market: prices, pools, gas and history, and one moment of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from dao_bot.backtest.history import SlicedHistory
from dao_bot.backtest.paths import PricePaths
from dao_bot.backtest.pools import PoolVenue
from dao_bot.domain.tokens import Token
from dao_bot.domain.units import WAD


@dataclass(frozen=True, slots=True)
class Moment:
    """The market at one time. `usd`: dollars for one whole token, nan where no price is known."""

    now: int
    row: int
    usd: Mapping[Token, float]

    def price(self, token: Token) -> int | None:
        """WAD dollars for one whole token, or None."""
        value = self.usd.get(token, math.nan)
        return None if math.isnan(value) else int(value * WAD)


@dataclass(frozen=True, slots=True)
class StatedSupply:
    """Base units that exist, and those of some holders, the same at all times."""

    total: int
    holders: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Market:
    """Everything that a strategy may see of the world, and what its trades meet. Never changed by a run.

    Attributes:
        gas_price: wei for one unit of gas, at all times.
        supply: what exists of a token before any own burn, and who holds it; unknown for tokens without one.
    """

    paths: PricePaths
    native: Token
    venues: Mapping[str, PoolVenue] = field(default_factory=dict)
    gas_price: int = 0
    supply: Mapping[Token, StatedSupply] = field(default_factory=dict)
    history: SlicedHistory = field(default_factory=lambda: SlicedHistory(()))

    def at(self, now: int) -> Moment:
        """The market as it is known at `now`."""
        row = self.paths.row(now)
        if row < 0:
            return Moment(now, row, {})
        return Moment(now, row, dict(zip(self.paths.tokens, self.paths.usd[row].tolist(), strict=True)))

    @cached_property
    def column(self) -> Mapping[Token, int]:
        """Position of each token in the paths."""
        return {token: position for position, token in enumerate(self.paths.tokens)}

    def mean_rate(self, base: Token, quote: Token, now: int, window: int) -> float | None:
        """Mean price of `base` in `quote` over the last `window` seconds, as a pool's oracle takes it (geometric)."""
        mean = self.paths.mean_log(now, window)
        if mean is None or base not in self.column or quote not in self.column:
            return None
        difference = float(mean[self.column[base]] - mean[self.column[quote]])
        return None if math.isnan(difference) else math.exp(difference)

    def gas_cost(self, gas: int, moment: Moment) -> float:
        """Dollars for `gas` units of gas; nothing while the native coin has no price."""
        native = moment.usd.get(self.native, math.nan)
        return 0.0 if math.isnan(native) else gas * self.gas_price / WAD * native
