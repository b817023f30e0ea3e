"""What the treasury is worth for each circulating token, how long it can live, and what a fair bid is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from dao_bot.domain.units import WAD
from dao_bot.strategy import Holding, Series, Token, TokenPrice, usd_value
from strategies.buyback_burn.logs import NOBODY, Transfers
from strategies.buyback_burn.params import Reference, Runway

Prices = Mapping[Token, TokenPrice]
Holdings = Mapping[Token, Holding]


@dataclass(frozen=True, slots=True)
class NetAssets:
    """Net assets for each circulating token.

    Attributes:
        assets, liabilities: USD (WAD); the own token counts nothing.
        circulating: base units.
        unpriced: symbols that are held and count nothing, because they have no usable price.
    """

    assets: int
    liabilities: int
    circulating: int
    decimals: int
    unpriced: tuple[str, ...]

    @property
    def per_token(self) -> int:
        """USD (WAD) for one whole circulating token, rounded down; 0 when nothing is left or nothing circulates."""
        if self.circulating <= 0:
            return 0
        return int(max(self.assets - self.liabilities, 0) * 10**self.decimals // self.circulating)


def net_assets(
    own: Token, left_out: Iterable[str], liabilities: int, holdings: Holdings, prices: Prices, circulating: int
) -> NetAssets:
    """Everything held but the own token and what is left out, also what open proposals are about to exchange."""
    ignored = {own.symbol, *left_out}
    assets, unpriced = 0, []
    for token, holding in holdings.items():
        units = holding.available + holding.committed
        price = prices.get(token)
        if token.symbol in ignored or units <= 0:
            continue
        if price is None or price.usd is None:
            unpriced.append(token.symbol)
        else:
            assets += usd_value(token.amount(units), price.usd)
    return NetAssets(assets, liabilities, circulating, own.decimals, tuple(sorted(unpriced)))


def came_lately(moved: Transfers, kept: Iterable[str], now: int, window: int) -> int:
    """Base units that came from outside to what does not circulate within `window` before `now`, less what went back.

    They still count as circulating: anybody can lend tokens to a pool for a block, and so make net assets for each
    circulating token look like more.
    """
    inside = moved.where((moved.time > now - window) & (moved.time <= now))
    into, out = np.zeros(len(inside.time), np.bool_), np.zeros(len(inside.time), np.bool_)
    for address in kept:
        into |= inside.receiver.equals(address)
        out |= inside.sender.equals(address)
    arrived, left = into & ~out & ~inside.sender.equals(NOBODY), out & ~into
    units = sum(inside.exact[int(row)] for row in np.flatnonzero(arrived))
    return max(units - sum(inside.exact[int(row)] for row in np.flatnonzero(left)), 0)


def spare(runway: Runway, holdings: Holdings, prices: Prices) -> int:
    """USD (WAD) beyond what must be left, after haircuts; negative when the runway is short already.

    What open proposals will spend is gone, and what has no usable price counts nothing.
    """
    retained = 0
    for token, holding in holdings.items():
        price = prices.get(token)
        if token.symbol in runway.assets and price is not None and price.usd is not None:
            value = usd_value(token.amount(max(holding.available, 0)), price.usd)
            retained += value * (WAD - runway.assets[token.symbol]) // WAD
    return retained - runway.commitments - runway.months * runway.monthly_burn


def affordable(runway: Runway, spare_usd: int, pay_with: Token) -> int | None:
    """USD (WAD) of `pay_with` that can be spent out of what is spare; None when it does not count toward the runway."""
    haircut = runway.assets.get(pay_with.symbol, WAD)
    return None if haircut >= WAD else max(spare_usd, 0) * WAD // (WAD - haircut)


def reference_price(reference: Reference, series: Series | None) -> int | None:
    """Median close in USD (WAD), which single trades do not move; None with less than half of the closes."""
    if series is None or len(series.close) * reference.interval * 2 < reference.window:
        return None
    return int(float(np.median(series.close)) * 10**9) * 10**9


def below(price: int, distance: int) -> int:
    """`price` less a WAD ratio of it, rounded down."""
    return price * (WAD - distance) // WAD
