"""Positions of concentrated liquidity on the card: what is in them before and after, and what a deposit may lose."""

from __future__ import annotations

import enum
from fractions import Fraction

from dao_bot.cards.model import PositionRow
from dao_bot.cards.money import clean_token
from dao_bot.cards.text import amount, number
from dao_bot.domain.calls import DecodedCall, PositionChange
from dao_bot.domain.deposits import contents_at, worst_share_lost
from dao_bot.domain.positions import Position, changed_position, pair_of
from dao_bot.domain.proposals import HoldingLine, Proposal
from dao_bot.domain.ticks import MAX_TICK, MIN_TICK, price_at_tick
from dao_bot.domain.tokens import Token, usd_value
from dao_bot.domain.units import WAD

Prices = tuple[int, int]

_NEAR_THE_END = 1_000
"""Ticks: no pool has usable ones further than that from the last."""


class Deed(enum.Enum):
    """What a batch does with liquidity, in one word."""

    PUT = "put"
    TAKE = "take"
    MOVE = "move"
    RENEW = "renew"
    NOTHING = "nothing"


def deed_of(proposal: Proposal) -> Deed:
    """From the bytes: what goes in, what comes out, or both; to put back only what was collected is to renew."""
    changes = [decoded.position for decoded in proposal.decoded if decoded.position is not None]
    if not changes:
        return Deed.NOTHING
    deposits = any(change.deposits is not None for change in changes)
    removes = any(change.removed for change in changes)
    if deposits and removes:
        return Deed.MOVE
    if deposits:
        return Deed.RENEW if any(change.deposits is None for change in changes) else Deed.PUT
    return Deed.TAKE


def position_rows(proposal: Proposal) -> tuple[PositionRow, ...]:
    """Every position that the batch makes or changes, with its contents at the oracle prices."""
    after = {(each.manager, each.token_id): each for each in proposal.simulation.positions}
    changes = [decoded.position for decoded in proposal.decoded if decoded.position is not None]
    named = [held for change in changes if (held := changed_position(change, proposal.positions)) is not None]
    before = {(each.manager, each.token_id): each for each in named}
    return tuple(_row(proposal, before.get(key), after.get(key)) for key in dict.fromkeys((*before, *after)))


def worst_of_deposits(proposal: Proposal) -> int | None:
    """USD (WAD) that all deposits together may lose by their minimums; None where it cannot be told."""
    worst = 0
    for decoded in proposal.decoded:
        change = decoded.position
        if change is None or change.deposits is None:
            continue
        lost = _worst(proposal, decoded, change)
        if lost is None:
            return None
        worst += lost
    return worst


def _worst(proposal: Proposal, decoded: DecodedCall, change: PositionChange) -> int | None:
    known = (*proposal.positions, *proposal.simulation.positions)
    pair, held = pair_of(decoded, known), changed_position(change, known)
    ticks = (change.lower, change.upper) if held is None else (held.lower, held.upper)
    lines = None if pair is None else _lines(proposal, *pair)
    if lines is None or change.deposits is None or ticks[0] is None or ticks[1] is None:
        return None
    tokens, usd = lines
    offered = sum(
        Fraction(units * price, 10**token.decimals)
        for units, price, token in zip(change.deposits, usd, tokens, strict=True)
    )
    if any(least > units for least, units in zip(change.least, change.deposits, strict=True)):
        return None
    share = worst_share_lost(change.deposits, change.least, (ticks[0], ticks[1]), tokens, usd)
    return -int(-(offered * max(share, Fraction(0))) // 1)


def _row(proposal: Proposal, before: Position | None, after: Position | None) -> PositionRow:
    shown = after if after is not None else before
    assert shown is not None
    lines = _lines(proposal, shown.token0, shown.token1)
    contents = [None if each is None or lines is None else contents_at(each, *lines) for each in (before, after)]
    value = [
        0 if each is None else None if lines is None or held is None else _value(held, *lines)
        for each, held in zip((before, after), contents, strict=True)
    ]
    return PositionRow(
        manager=shown.manager,
        token_id=shown.token_id,
        tokens=None if lines is None else (clean_token(lines[0][0]), clean_token(lines[0][1])),
        prices=None if lines is None else lines[1],
        lower=shown.lower,
        upper=shown.upper,
        is_new=before is None,
        before=contents[0],
        after=contents[1],
        usd_before=value[0],
        usd_after=value[1],
    )


def _value(contents: tuple[int, int], tokens: tuple[Token, Token], usd: Prices) -> int:
    return sum(usd_value(token.amount(units), price) for token, units, price in zip(tokens, contents, usd, strict=True))


def _lines(proposal: Proposal, token0: str, token1: str) -> tuple[tuple[Token, Token], Prices] | None:
    """Both tokens with their USD prices, where the treasury lists both and both have one."""
    lines: dict[str, HoldingLine] = {line.token.address: line for line in proposal.holdings}
    if token0 not in lines or token1 not in lines:
        return None
    usd = lines[token0].price.usd, lines[token1].price.usd
    if not usd[0] or not usd[1]:
        return None
    return (lines[token0].token, lines[token1].token), (usd[0], usd[1])


def contents_words(row: PositionRow, contents: tuple[int, int] | None) -> str:
    """`11,317.38 DAO and 8.9852 WETH`; what is empty says so."""
    if row.tokens is None or row.prices is None or contents is None:
        return "what has no price"
    parts = [
        amount(token, units, price)
        for token, units, price in zip(row.tokens, contents, row.prices, strict=True)
        if units
    ]
    return " and ".join(parts) or "nothing"


def range_words(row: PositionRow) -> str:
    """`from 0.0007131 to 0.000855 WETH for one DAO`; ticks where the tokens are not known."""
    if row.tokens is None:
        return f"ticks {row.lower} to {row.upper}"
    if row.lower < MIN_TICK + _NEAR_THE_END and row.upper > MAX_TICK - _NEAR_THE_END:
        return "at every price"
    token0, token1 = row.tokens
    low, high = (price_at_tick(tick, token0.decimals, token1.decimals) / WAD for tick in (row.lower, row.upper))
    return f"from {low:,.4g} to {high:,.4g} {token1.symbol} for one {token0.symbol}"


def asks_for_a_price(change: PositionChange) -> bool:
    """Whether what it moves depends on the pool's price, so that it should have minimums; to collect does not."""
    return change.deposits is not None or change.removed > 0


def liquidity_title(deed: Deed, rows: tuple[PositionRow, ...], sold: str, bought: str) -> str:
    """The headline's verb with its object; `sold` and `bought` are what leaves and enters the Safe."""
    if deed is Deed.PUT:
        return f"put {sold} into liquidity"
    if deed is Deed.TAKE:
        return f"take {bought} out of liquidity"
    if deed is Deed.RENEW:
        return f"put back what {_the_positions(rows)} earned"
    value = sum(row.usd_after or 0 for row in rows)
    return f"move liquidity worth {number(value, 18, 0)} USD"


def liquidity_doing(deed: Deed, value: str) -> str:
    """`putting 57,000.00 USD into liquidity`."""
    return {
        Deed.PUT: f"putting {value} into liquidity",
        Deed.TAKE: f"taking {value} out of liquidity",
        Deed.MOVE: f"moving {value} of liquidity",
        Deed.RENEW: f"putting back {value} of liquidity",
        Deed.NOTHING: f"trading {value}",
    }[deed]


def position_clauses(deed: Deed, rows: tuple[PositionRow, ...]) -> list[str]:
    """What the batch does to each position, as parts of a sentence about the Safe."""
    found = []
    for row in rows:
        if row.is_new:
            holds = "" if deed is Deed.PUT else f" and holds {contents_words(row, row.after)}"
            found.append(f"owns the new position {row.token_id}, which earns {range_words(row)}{holds}")
        elif row.after is not None and not any(row.after):
            found.append(f"empties position {row.token_id}, which held {contents_words(row, row.before)}")
        else:
            found.append(
                f"changes position {row.token_id} from {contents_words(row, row.before)} to "
                f"{contents_words(row, row.after)}"
            )
    return found


def _the_positions(rows: tuple[PositionRow, ...]) -> str:
    return f"position {rows[0].token_id}" if len(rows) == 1 else f"{len(rows)} positions"
