"""Pictures for chats: PNG of the same plots, with fonts that come along."""

from __future__ import annotations

import struct

from dao_bot.cards.picture import proposal_picture, sheet
from dao_bot.cards.plots import holdings_plot
from dao_bot.cards.story import tell
from dao_bot.cards.treasury import HoldingNow, holdings_now, treasury_picture, treasury_plot
from dao_bot.domain.units import WAD
from tests.unit.cards.samples import hostile, price, rebalance, reverting, token


def size(picture: bytes) -> tuple[int, int]:
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    width, height = struct.unpack(">II", picture[16:24])
    return width, height


def test_a_proposals_picture_shows_words_and_bars_on_any_machine() -> None:
    card = tell(rebalance())
    picture = proposal_picture(card)
    assert picture is not None
    width, height = size(picture)
    assert width == 880 and 400 < height < 2_000
    assert len(picture) > 10_000, "without its fonts there would be no words, and the file would be small"


def test_the_same_card_is_the_same_picture() -> None:
    assert proposal_picture(tell(rebalance())) == proposal_picture(tell(rebalance()))


def test_hostile_symbols_and_failed_simulations_are_drawn_or_left_out_without_an_error() -> None:
    for proposal in (hostile("<script>&'\"]]>\u202e"), reverting()):
        picture = proposal_picture(tell(proposal))
        assert picture is None or size(picture)[0] == 880


def test_custom_properties_are_resolved_because_only_browsers_know_them() -> None:
    drawn = holdings_plot(tell(rebalance()))
    assert drawn is not None
    style = sheet([drawn]).findtext("style") or ""
    assert "var(" not in style and "#6db3ff" in style


def test_the_treasury_is_told_by_value_with_shares_of_what_has_a_price() -> None:
    dollar, other, unpriced, gone = token("USDC"), token("DAI"), token("ODD"), token("GONE")
    balances = {dollar: 3_000_000, other: 1_000_000, unpriced: 5, gone: 0}
    prices = {each: price(each, WAD) for each in (dollar, other, gone)} | {unpriced: price(unpriced, None)}
    rows = holdings_now(balances, prices, {"USDC": WAD // 2})
    assert [(row.symbol, row.share) for row in rows] == [("USDC", 3 * WAD // 4), ("DAI", WAD // 4), ("ODD", None)]
    assert rows[0].above_cap and not rows[1].above_cap
    drawn = treasury_plot(rows)
    assert drawn is not None and "4 USD in all" in (drawn.findtext("title") or "")
    picture = treasury_picture(rows)
    assert picture is not None and size(picture)[0] == 880


def test_a_treasury_without_prices_has_no_picture() -> None:
    assert treasury_picture([HoldingNow("ODD", 5, 0, None, None, None)]) is None
    assert treasury_picture([]) is None
