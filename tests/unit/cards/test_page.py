from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser

import numpy as np
import pytest

from dao_bot.cards.model import CardModel, SafeTransactionHashes
from dao_bot.cards.page import as_page
from dao_bot.cards.story import tell
from dao_bot.domain.lifecycle import State
from dao_bot.domain.needs import Series
from dao_bot.domain.proposals import Proposal
from tests.unit.cards import samples

VOID = {"meta", "br", "hr", "img", "input", "link"}
HASHES = SafeTransactionHashes(18, samples.hash_of("d"), samples.hash_of("m"), samples.hash_of("s"))
ALLOWED_TAGS = frozenset(
    [
        "html",
        "head",
        "meta",
        "title",
        "style",
        "body",
        "main",
        "header",
        "div",
        "span",
        "h1",
        "h2",
        "h3",
        "p",
        "section",
        "dl",
        "dt",
        "dd",
        "ul",
        "ol",
        "li",
        "b",
        "bdi",
        "br",
        "figure",
        "figcaption",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "blockquote",
        "details",
        "summary",
        "footer",
        "svg",
        "desc",
        "rect",
        "line",
        "circle",
        "polygon",
        "polyline",
        "text",
        "defs",
        "pattern",
    ]
)


class Tree(HTMLParser):
    """Reads a page strictly: every element that is opened is closed, in order."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.styles: list[str] = []
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs)
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        (self.styles if self.open and self.open[-1] == "style" else self.words).append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def attributes(self) -> Iterator[tuple[str, str]]:
        for _, attributes in self.tags:
            for name, value in attributes.items():
                yield name, value or ""

    def having(self, tag: str, style: str) -> list[dict[str, str | None]]:
        return [a for name, a in self.tags if name == tag and style in (a.get("class") or "").split()]


def card_of(made: Proposal, **rest: object) -> CardModel:
    return tell(made, state=State.ACTIVE, signed=(samples.ALICE,), hashes=HASHES, **rest)  # type: ignore[arg-type]


MAKERS: dict[str, Callable[[], CardModel]] = {
    "rebalance": lambda: card_of(samples.rebalance()),
    "refused": lambda: card_of(samples.refused()),
    "payment": lambda: card_of(samples.payment()),
    "reverting": lambda: card_of(samples.reverting()),
    "executed": lambda: card_of(samples.rebalance(), outcome=samples.executed()),
    "many": lambda: card_of(samples.many()),
}
for _number, _text in enumerate(samples.HOSTILE_TEXTS):
    MAKERS[f"hostile {_number}"] = lambda text=_text: card_of(samples.hostile(text))  # type: ignore[misc]


@pytest.mark.parametrize("name", MAKERS)
def test_the_page_is_well_formed_and_can_neither_load_nor_run_anything(name: str) -> None:
    page = as_page(MAKERS[name]())
    tree = Tree(page)
    assert {tag for tag, _ in tree.tags} <= ALLOWED_TAGS
    for attribute, value in tree.attributes():
        assert attribute not in {"src", "href", "style", "srcset", "action", "xlink:href"}
        assert not attribute.startswith("on")
        assert attribute in {"title", "content", "data-label"} or "//" not in value
    (style,) = tree.styles
    assert "//" not in style
    assert "@import" not in style
    assert re.findall(r"url\(([^)]*)\)", style) == ["#hatch"]


def test_the_content_security_policy_allows_only_this_style_sheet() -> None:
    tree = Tree(as_page(MAKERS["rebalance"]()))
    policy = next(a["content"] for tag, a in tree.tags if a.get("http-equiv") == "Content-Security-Policy")
    digest = base64.b64encode(hashlib.sha256(tree.styles[0].encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


@pytest.mark.parametrize("name", ["rebalance", "refused", "payment", "executed", "many"])
def test_every_changed_holding_stands_on_the_page(name: str) -> None:
    card = MAKERS[name]()
    tree = Tree(as_page(card))
    assert card.changed
    for row in card.changed:
        assert row.token.symbol in tree.words
        assert f"{row.expected / 10**row.token.decimals:,.2f}" in tree.words
        assert any(a.get("title") == f"{row.expected} base units, {row.token.decimals} decimals" for _, a in tree.tags)


def test_every_rule_of_the_policy_stands_on_the_page_with_its_verdict() -> None:
    made = samples.refused()
    tree = Tree(as_page(card_of(made)))
    for report in made.verdict.reports:
        for words in (report.rule, report.after, report.limit, report.message):
            assert words in tree.text
    assert len(tree.having("span", "broken")) == len(made.verdict.violations)
    assert "Policy: 2 broken, 1 at its limit, 1 kept" in tree.text
    assert "Refused by the policy" in tree.text


def test_many_kept_rules_are_folded_but_none_is_left_out_and_no_pressing_one_is_folded() -> None:
    made = samples.rebalance()
    page = as_page(card_of(made))
    start, end = page.index("rules are kept: their numbers"), page.index("<h2>Prices</h2>")
    for report in made.verdict.reports:
        assert report.message in page
        if report.limit and not report.binds:
            assert start < page.index(report.subject or report.rule, start) < end
    assert page.index("USDT stands at its cap.") < start


def test_hashes_signers_and_simulations_stand_on_the_page_in_full() -> None:
    made = samples.rebalance()
    tree = Tree(as_page(card_of(made)))
    for value in (made.batch.batch_hash, made.id, made.batch.policy_hash, HASHES.safe_tx_hash, HASHES.message_hash):
        assert value in tree.words
    for owner in (samples.ALICE, samples.BOB, samples.CAROL):
        assert owner in tree.words
    assert tree.text.count("has not signed") == 2
    assert "eth_simulateV1 on local succeeds, 412,345 gas" in tree.text


def test_every_call_stands_on_the_page_in_order_with_its_arguments() -> None:
    made = samples.rebalance()
    tree = Tree(as_page(card_of(made)))
    places = [tree.text.index(item.summary) for item in made.decoded]
    assert places == sorted(places)
    assert "417900000000" in tree.words
    assert any(samples.ROUTER[:8] in word for word in tree.words)


@pytest.mark.parametrize("name", ["rebalance", "refused", "executed", "many"])
def test_every_plot_has_a_title_and_says_its_numbers_in_words(name: str) -> None:
    tree = Tree(as_page(MAKERS[name](), history={"USDT/USD": series([0.999, 0.998])}))
    ids = [value for attribute, value in tree.attributes() if attribute == "id"]
    assert len(ids) == len(set(ids))
    plots = tree.having("svg", "plot")
    assert len(plots) >= 3
    for plot in plots:
        assert plot["role"] == "img"
        assert {plot["aria-labelledby"], plot["aria-describedby"]} <= set(ids)


def test_hostile_text_is_shown_as_text() -> None:
    for text in ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "@everyone **bold** [x](y)"):
        assert text in Tree(as_page(card_of(samples.hostile(text)))).text


def test_text_of_four_thousand_characters_is_cut_and_says_so() -> None:
    page = as_page(card_of(samples.hostile("A" * 4_000)))
    assert "more characters)" in page
    assert "A" * 700 not in page
    assert len(page) < 100_000


def test_a_page_of_two_hundred_tokens_stays_small() -> None:
    assert len(as_page(MAKERS["many"]())) < 400_000


def series(values: list[float]) -> Series:
    closes = np.array(values)
    return Series("test", np.arange(len(values), dtype=np.int64) * 60, closes, closes, closes, closes)


def test_the_way_of_a_price_keeps_its_deepest_break() -> None:
    values = [1.0] * 5_000
    values[2_345] = 0.9
    page = as_page(MAKERS["rebalance"](), history={"USDT/USD": series(values)})
    assert "USDT/USD: from -1000.0 to +0.0 bps" in page
    (trace,) = Tree(page).having("polyline", "trace")
    assert 100 < len((trace["points"] or "").split()) <= 181


def test_a_history_without_two_finite_candles_is_left_out() -> None:
    page = as_page(MAKERS["rebalance"](), history={"A/USD": series([1.0]), "B/USD": series([float("nan")] * 9)})
    assert "history-title" not in page
