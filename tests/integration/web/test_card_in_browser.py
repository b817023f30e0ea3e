"""The card as a file in a browser: short on a phone, whole on a desk and on paper, and nothing out of reach."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from dao_bot.cards.page import as_page
from tests.unit.cards.test_page import MAKERS

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PHONE, DESK = 390, 1180
HIDDEN = """() => [...document.querySelectorAll("details")].filter(
    one => getComputedStyle(one, "::details-content").contentVisibility === "hidden"
).length"""
"""How many folds are closed."""


@contextmanager
def shown(browser: Browser, directory: Path, name: str, width: int) -> Iterator[Page]:
    file = directory / f"{name}.html"
    file.write_text(as_page(MAKERS[name]()), encoding="utf-8")
    context = browser.new_context(viewport={"width": width, "height": 844})
    try:
        page = context.new_page()
        page.goto(file.as_uri())
        yield page
    finally:
        context.close()


@pytest.mark.parametrize("name", ["rebalance", "refused", "payment", "executed", "many"])
def test_a_card_on_a_phone_is_short_and_not_wider_than_it(browser: Browser, tmp_path: Path, name: str) -> None:
    with shown(browser, tmp_path, name, PHONE) as page:
        height, width = page.evaluate("[document.documentElement.scrollHeight, document.documentElement.scrollWidth]")
        assert height < 5_800 and width == PHONE
        order = [page.get_by_text(words, exact=True).first.bounding_box() for words in ("What it costs", "Holdings")]
        policy = page.locator("h2", has_text="Policy: ").bounding_box()
        assert order[0] and order[1] and policy
        assert order[0]["y"] < policy["y"] < order[1]["y"]


def test_what_is_folded_on_a_phone_opens_with_a_touch(browser: Browser, tmp_path: Path) -> None:
    with shown(browser, tmp_path, "rebalance", PHONE) as page:
        closed = page.evaluate(HIDDEN)
        assert closed == page.locator("details").count() > 5
        for number in range(closed):
            page.locator("summary").nth(number).click()
        assert page.evaluate(HIDDEN) == 0


def test_on_a_desk_only_long_lists_are_folded_and_on_paper_nothing_is(browser: Browser, tmp_path: Path) -> None:
    with shown(browser, tmp_path, "rebalance", DESK) as page:
        everywhere = page.locator("details:not(.narrow)").count()
        assert page.evaluate(HIDDEN) == everywhere == 6, "kept rules, and five calls"
        assert not any(page.locator("details.narrow > summary").nth(number).is_visible() for number in range(3))
        for width in (DESK, PHONE):
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(media="print")
            assert page.evaluate(HIDDEN) == 0
