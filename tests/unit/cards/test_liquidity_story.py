"""Liquidity on the card: put in, moved and taken out, it stays the treasury's; what it may lose stands there."""

from __future__ import annotations

from dataclasses import replace

from dao_bot.cards.data import as_json
from dao_bot.cards.model import Tone
from dao_bot.cards.page import as_page
from dao_bot.cards.story import tell
from dao_bot.cards.terminal import plain, renderable
from dao_bot.domain.units import WAD
from tests.unit.cards import liquidity_samples as samples
from tests.unit.cards.liquidity_samples import DEPOSITS, ID, LEAST, MANAGER, TAKEN, mint


def test_a_first_position_is_told_as_what_it_is_and_not_as_a_gift() -> None:
    card = tell(samples.start())
    assert card.title.startswith("Put ") and card.title.endswith(" into liquidity")
    assert "into liquidity" in card.story.changes and f"the new position {ID}" in card.story.changes
    assert "for one" in card.story.changes and "gives" not in card.story.changes
    assert "does not list" not in card.story.changes and not card.others


def test_what_goes_in_is_no_cost_but_what_its_minimums_let_it_lose_is_told() -> None:
    card = tell(samples.start())
    assert card.cost.sold is not None and card.cost.expected is not None and card.cost.worst is not None
    assert card.cost.sold > 40_000 * WAD
    assert 0 <= card.cost.expected < WAD // 100
    assert card.cost.expected < card.cost.worst < card.cost.sold // 100
    assert "putting" in card.story.costs and "the limit of its minimums" in card.story.costs


def test_how_it_can_fail_names_the_pool_and_the_token_that_falls() -> None:
    story = tell(samples.start()).story
    assert "if the pool has moved further than its minimums allow" in story.fails
    assert "turns into the token that falls" in story.fails
    assert "accepts any price" not in story.fails


def test_liquidity_without_minimums_is_a_danger() -> None:
    proposal = samples.start()
    blind = (proposal.decoded[0], mint(DEPOSITS, (0, 0)))
    card = tell(replace(proposal, decoded=blind, calls=tuple(each.call for each in blind)))
    assert "accepts any price" in card.story.fails
    assert any(each.tone is Tone.DANGER and "at any price" in each.text for each in card.concerns)
    bounded = tell(proposal).cost.worst
    assert bounded is not None and card.cost.worst is not None and card.cost.worst > 2 * bounded


def test_what_is_taken_out_was_the_treasury_s_before() -> None:
    card = tell(samples.end())
    assert card.title.startswith("Take ") and card.title.endswith(" out of liquidity")
    assert f"empties position {ID}" in card.story.changes
    assert card.cost.expected is not None and abs(card.cost.expected) < WAD // 100
    assert "turns into the token that falls" not in card.story.fails


def test_a_move_is_one_and_names_both_positions() -> None:
    card = tell(samples.move())
    assert card.title.startswith("Move liquidity worth ")
    assert f"empties position {ID}" in card.story.changes and f"new position {ID + 1}" in card.story.changes
    assert card.cost.expected is not None and abs(card.cost.expected) < WAD // 100


def test_every_card_shows_what_is_in_the_positions() -> None:
    card = tell(samples.start())
    (row,) = card.positions
    assert row.after is not None and row.is_new
    assert all(abs(held - taken) < 10**6 for held, taken in zip(row.after, TAKEN, strict=True))
    told = as_json(card)["positions"]
    assert [(each["manager"], each["token_id"]) for each in told] == [(MANAGER, str(ID))]
    for text in (as_page(card), plain(renderable(card, 110), 110)):
        assert "Liquidity of the treasury" in text and "for one" in text


def test_a_position_whose_tokens_have_no_price_has_no_known_cost() -> None:
    proposal = samples.start()
    unpriced = tuple(replace(line, price=replace(line.price, usd=None)) for line in proposal.holdings)
    card = tell(replace(proposal, holdings=unpriced))
    assert card.cost.expected is None
    assert "cannot be told" in card.story.costs


def test_more_into_a_position_than_the_bytes_say_is_a_danger() -> None:
    proposal = samples.start()
    short = (proposal.decoded[0], mint((TAKEN[0] - 1, DEPOSITS[1]), (LEAST[0] // 2, LEAST[1])))
    card = tell(replace(proposal, decoded=short, calls=tuple(each.call for each in short)))
    assert any("More leaves the Safe than the decoded calls say" in each.text for each in card.concerns)
