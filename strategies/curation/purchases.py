"""What is bought in this run: tokens that belong to the highest ranking works, inside every limit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from dao_bot.domain.units import WAD, mul_down
from dao_bot.strategy import Ladder, Swap, SwapLadders, Token, TokenPrice, units_worth
from strategies.curation.allocation import split
from strategies.curation.learned import Learned
from strategies.curation.params import Params
from strategies.curation.room import Room
from strategies.curation.winners import appeal, winners


@dataclass(frozen=True, slots=True)
class Market:
    """What one token can be bought for.

    Attributes:
        price: of the bought token; `ladder`: of selling the paying token for it, None where no pool leads there.
    """

    token: Token
    price: TokenPrice
    ladder: Ladder | None


@dataclass(frozen=True, slots=True)
class Purchase:
    """One swap, for all works that the token belongs to."""

    works: tuple[str, ...]
    swap: Swap


def quotes_needed(params: Params) -> dict[str, SwapLadders]:
    """By symbol, quotes from a sixteenth of the most that one purchase can be up to all of it."""
    if params.purchases is None:
        return {}
    run = params.budget if params.per_run is None else min(params.per_run, params.budget)
    most = max(mul_down(mul_down(run, params.purchases.share), params.recipient_cap), 16)
    sizes = (most // 16, most // 4, most // 2, most)
    symbols = dict.fromkeys(work.token for work in params.works.values() if work.token is not None)
    return {symbol: SwapLadders((params.token, symbol), sizes) for symbol in symbols}


def purchases(
    learned: Learned, params: Params, room: Room, markets: Mapping[str, Market]
) -> tuple[tuple[Purchase, ...], tuple[str, ...]]:
    """The swaps, best first; and in words, which tokens cannot be bought now."""
    assert params.purchases is not None, "only a treasury that buys comes here"
    listed = list(params.works.items())
    chosen = winners(learned, params, {at for at, (_, work) in enumerate(listed) if work.token is not None})
    symbols = [str(listed[work][1].token) for work in chosen]
    cap = units_worth(room.token, mul_down(room.usd, params.recipient_cap), room.price)
    units = split(
        units_worth(room.token, room.usd, room.price),
        appeal(learned, chosen),
        symbols,
        dict.fromkeys(symbols, cap),
    )
    allotted: dict[str, int] = {}
    works: dict[str, list[str]] = {}
    for work, symbol, each in zip(chosen, symbols, units, strict=True):
        allotted[symbol] = allotted.get(symbol, 0) + each
        works.setdefault(symbol, []).append(listed[work][0])
    made: list[Purchase] = []
    problems: list[str] = []
    for symbol, most in allotted.items():
        found = _swap(markets[symbol], most, params, room)
        if isinstance(found, Swap):
            made.append(Purchase(tuple(works[symbol]), found))
        else:
            problems.append(found)
    return tuple(made), tuple(problems)


def _swap(market: Market, most: int, params: Params, room: Room) -> Swap | str:
    """The largest swap up to `most` base units that keeps `max_cost`; or why there is none."""
    assert params.purchases is not None, "only a treasury that buys comes here"
    token, ladder = market.token, market.ladder
    if not market.price.usd:
        return f"{token.symbol} has no usable USD price ({'; '.join(market.price.problems) or 'it is zero'})"
    if ladder is None:
        return f"no configured pool sells {token.symbol} for {room.token.symbol}"
    units = ladder.largest_below(most, room.price, mul_down(market.price.usd, WAD + params.purchases.max_cost))
    if units < max(units_worth(room.token, params.smallest, room.price), 1):
        return f"too little {token.symbol} is to be had for at most its USD price and max_cost"
    expected = ladder.quoted(units)
    least = -(-expected * (WAD - params.purchases.slippage) // WAD)
    return Swap(room.token.amount(units), token, expected, ladder.venue, ladder.path, least)
