"""Prices with their sources, ages and disagreement, and how far dollar tokens stand from one dollar."""

from __future__ import annotations

from collections.abc import Collection

from dao_bot.cards.model import HoldingRow, PriceRow, SourceRow
from dao_bot.cards.money import clean_token
from dao_bot.cards.text import SHORT, clean
from dao_bot.domain.prices import TokenPrice
from dao_bot.domain.proposals import Proposal
from dao_bot.domain.units import WAD

_NEAR_ONE_DOLLAR = (9 * WAD // 10, 11 * WAD // 10)


def price_rows(
    proposal: Proposal, rows: tuple[HoldingRow, ...], pegged: Collection[str] | None
) -> tuple[PriceRow, ...]:
    """In the order of the holdings; tokens that the Safe neither holds nor moves are left out."""
    prices = {line.token.address: line.price for line in proposal.holdings}
    return tuple(
        _row(prices[row.token.address], proposal.block.timestamp, pegged) for row in rows if row.changes or row.before
    )


def _row(price: TokenPrice, now: int, pegged: Collection[str] | None) -> PriceRow:
    reference = price.usd if price.usd is not None else price.quotes[0].usd if price.quotes else None
    aims_at_dollar = (
        price.token.symbol in pegged
        if pegged is not None
        else reference is not None and _NEAR_ONE_DOLLAR[0] <= reference <= _NEAR_ONE_DOLLAR[1]
    )
    return PriceRow(
        token=clean_token(price.token),
        usd=price.usd,
        sources=tuple(
            SourceRow(
                source=clean(quote.source, SHORT),
                usd=quote.usd,
                age=now - quote.at,
                max_age=quote.max_age,
                stale=quote.is_stale(now),
                deviation=(quote.usd - price.usd) * WAD // price.usd if price.usd else None,
            )
            for quote in price.quotes
        ),
        problems=tuple(clean(problem) for problem in price.problems),
        peg_deviation=price.usd - WAD if price.usd is not None and aims_at_dollar else None,
        pegged=aims_at_dollar,
    )
