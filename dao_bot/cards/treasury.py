"""What the treasury holds now, and how near each token stands to its cap."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.etree.ElementTree import Element

from dao_bot.cards.markup import Child, element
from dao_bot.cards.picture import png
from dao_bot.cards.plots import WIDTH, bar, plot, text
from dao_bot.cards.text import SHORT, clean, percent, usd
from dao_bot.domain.prices import TokenPrice
from dao_bot.domain.tokens import Token, usd_value
from dao_bot.domain.units import WAD

_MOST = 12
_STEP = 44.0


@dataclass(frozen=True, slots=True)
class HoldingNow:
    """One token. `usd` and `share` (of all that has a price) are WAD, None without a price; so is `cap` without one."""

    symbol: str
    units: int
    decimals: int
    usd: int | None
    share: int | None
    cap: int | None

    @property
    def above_cap(self) -> bool:
        return self.cap is not None and self.share is not None and self.share > self.cap


def holdings_now(
    balances: Mapping[Token, int], prices: Mapping[Token, TokenPrice], caps: Mapping[str, int]
) -> tuple[HoldingNow, ...]:
    """Everything that is there, the most valuable first; `caps` are WAD shares by symbol."""
    values: dict[Token, int | None] = {}
    for token, units in balances.items():
        price = prices[token].usd if token in prices else None
        values[token] = None if price is None else usd_value(token.amount(units), price)
    total = sum(value or 0 for value in values.values())
    rows = [
        HoldingNow(
            clean(token.symbol, SHORT),
            units,
            token.decimals,
            values[token],
            _share(values[token], total),
            caps.get(token.symbol),
        )
        for token, units in balances.items()
        if units
    ]
    return tuple(sorted(rows, key=lambda row: (-(row.usd or 0), row.symbol)))


def treasury_picture(rows: Sequence[HoldingNow]) -> bytes | None:
    """A bar for each priced token: its share, with a mark at its cap; None when nothing has a price."""
    drawn = treasury_plot(rows)
    return None if drawn is None else png([drawn])


def treasury_plot(rows: Sequence[HoldingNow]) -> Element | None:
    """The same as SVG."""
    priced = [row for row in rows if row.share is not None][:_MOST]
    if not any(row.share for row in priced):
        return None
    widest = max(max(row.share or 0, row.cap or 0) for row in priced)
    parts: list[Child] = []
    for index, row in enumerate(priced):
        y, scale = index * _STEP, WIDTH / widest
        cap = "" if row.cap is None else f" (cap {percent(row.cap)})"
        style = "end tight" if row.above_cap else "end"
        parts += [
            text(0, y + 14, row.symbol, "name"),
            text(WIDTH, y + 14, f"{usd(row.usd, places=0)} · {percent(row.share)}{cap}", style),
            element("rect", class_="track", x=0.0, y=y + 20, width=WIDTH, height=12.0),
            bar(0.0, y + 20, (row.share or 0) * scale, 12, "broken" if row.above_cap else "after"),
        ]
        if row.cap is not None:
            x = min(row.cap * scale, WIDTH - 1.25)
            parts.append(element("line", class_="limit", x1=x, x2=x, y1=y + 17, y2=y + 35))
    total = usd(sum(row.usd or 0 for row in rows), places=0)
    described = "; ".join(f"{row.symbol} {usd(row.usd)}, {percent(row.share)}" for row in priced)
    return plot("treasury", f"{total} in all: shares, and caps as marks", described, len(priced) * _STEP, parts)


def _share(value: int | None, total: int) -> int | None:
    return None if value is None or not total else value * WAD // total
