"""The one place where floats become amounts: sells rounded down, limits checked again in exact integers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from dao_bot.domain.units import WAD
from dao_bot.strategy import Swap, Token
from strategies.reserve_rebalance.costs import Quotes
from strategies.reserve_rebalance.universe import Array, Limit, Universe

TOLERANCE = 10**8
"""Limits hold in integers to one part in this of the reserve, which is what one base unit may be of a tiny one."""

DUST = 1e-8
"""A sale of less than this share of the reserve is what a solver leaves of zero."""

WHOLE = 1.0 - 1e-6
"""A sale of at least this share of a holding sells all of it: dust would only have to be swept up later."""


@dataclass(frozen=True, slots=True)
class Book:
    """What the Safe holds, in integers.

    Attributes:
        units: (n,) available base units.
        prices: (n,) WAD USD for one whole token; 0 where nothing is held and no price is known.
    """

    units: tuple[int, ...]
    prices: tuple[int, ...]

    def values(self, tokens: Sequence[Token]) -> list[int]:
        """(n,) WAD USD, rounded toward zero."""
        return [
            units * price // 10**token.decimals
            for units, price, token in zip(self.units, self.prices, tokens, strict=True)
        ]


def swaps(universe: Universe, quotes: Quotes, book: Book, flow: Array, unit_value: Array) -> tuple[Swap, ...]:
    """The flow as swaps. No sale exceeds what is held, or what was quoted; nothing below one unit is sold.

    Args:
        flow: (m, K) value sold, as a share of the reserve.
        unit_value: (n,) value of one base unit as a share of the reserve.
    """
    left = list(book.units)
    found = []
    for route in np.flatnonzero(flow.sum(axis=1) > DUST):
        ladder, asset = quotes.ladders[route], int(quotes.sell[route])
        wanted = float(flow[route].sum()) / float(unit_value[asset])
        whole = wanted >= book.units[asset] * WHOLE and left[asset] == book.units[asset]
        units = min(book.units[asset] if whole else int(wanted), left[asset], ladder.rungs[-1].sell)
        expected = ladder.quoted(units)
        if units <= 0 or expected <= 0:
            continue
        left[asset] -= units
        found.append(Swap(ladder.sell.amount(units), ladder.buy, expected, ladder.venue, ladder.path))
    return tuple(found)


def after(universe: Universe, book: Book, operations: Sequence[Swap]) -> Book:
    """The book when every swap returns what was expected."""
    units: dict[Token, int] = dict(zip(universe.tokens, book.units, strict=True))
    for swap in operations:
        units[swap.sell.token] -= swap.sell.units
        units[swap.buy] += swap.expected
    return Book(tuple(units[token] for token in universe.tokens), book.prices)


def excess(limit: Limit, values: Sequence[int]) -> int:
    """By how much a limit is exceeded, WAD USD, rounded up; negative when it holds."""
    exposed = sum(share * values[i] for i, share in limit.shares.items())
    return -(limit.sign * (limit.bound * sum(values) - exposed) // WAD)


def newly_broken(universe: Universe, before: Book, later: Book, allowed: Mapping[str, int]) -> list[Limit]:
    """Limits that `later` breaks, unless it breaks them less than `before` did or by no more than was `allowed`.

    Args:
        allowed: limit name to WAD USD.
    """
    values, values_after = before.values(universe.tokens), later.values(universe.tokens)
    tolerated = sum(values) // TOLERANCE
    return [
        limit
        for limit in universe.limits
        if (over := excess(limit, values_after)) > tolerated
        and over > max(excess(limit, values), allowed.get(limit.name, 0) + tolerated)
    ]


def retained_value(universe: Universe, book: Book) -> int:
    """WAD USD that counts toward runway, rounded toward zero."""
    values = book.values(universe.tokens)
    return sum(value * round(kept * WAD) // WAD for value, kept in zip(values, universe.retained.tolist(), strict=True))
