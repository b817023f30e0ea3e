"""The card as one self-contained HTML file: no script, no remote resource, a strict content security policy."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element

from dao_bot.cards.folds import on_phones
from dao_bot.cards.history import history_plot
from dao_bot.cards.markup import Child, element, to_html
from dao_bot.cards.model import CardModel, Tone
from dao_bot.cards.page_details import calls_section, identity_section, words_section
from dao_bot.cards.page_tables import (
    holdings_table,
    kept_checks,
    kept_numbers,
    positions_table,
    pressing_rules,
    prices_table,
)
from dao_bot.cards.plots import cost_plot, differences_plot, holdings_plot, limits_plot, pegs_plot
from dao_bot.cards.quality import quality_lines
from dao_bot.cards.sentences import counted, payment_verb, payment_words
from dao_bot.cards.style import CSS
from dao_bot.cards.text import amount, bps, duration, short_hash, usd, utc

if TYPE_CHECKING:
    from dao_bot.domain.needs import Series

_MOST_NAMED = 3
_AMOUNT_GAP = re.compile(r"(?<=\d) (?=\S)")
_TONE_WORDS = {Tone.DANGER: "Danger", Tone.CAUTION: "Caution", Tone.NEUTRAL: "Note"}


def as_page(card: CardModel, history: Mapping[str, Series] | None = None) -> str:
    """The whole page as text. `history`: closed candles of pairs such as `USDC/USD`, drawn beside the prices."""
    body = element(
        "main",
        _head(card),
        _hero(card),
        _story(card),
        _quality(card),
        _rules(card),
        _holdings(card),
        _positions(card),
        _prices(card, history or {}),
        calls_section(card),
        words_section(card),
        identity_section(card),
        element(
            "footer",
            "Written from the bytes of the batch and its simulation. "
            "What counts is the hash that your own device shows before you sign.",
        ),
    )
    return document(card.title, body)


def document(title: str, body: Element) -> str:
    """A page around `body`; the policy lets the browser load nothing, run nothing and send nothing."""
    digest = base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=policy),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name="referrer", content="no-referrer"),
        element("meta", name="robots", content="noindex"),
        element("title", title),
        element("style", CSS),
    )
    return "<!doctype html>\n" + to_html(element("html", head, element("body", body), lang="en")) + "\n"


def _head(card: CardModel) -> Element:
    pills: list[Child] = [element("span", card.status.words, class_=f"pill {card.status.tone.value}")]
    if card.urgent:
        pills.append(element("span", "Urgent", class_="pill caution"))
    where = f"Strategy {card.strategy}, block {card.block.number:,} of chain {card.block.chain_id}"
    return element(
        "header",
        element("div", pills, class_="pills"),
        element("h1", _AMOUNT_GAP.sub("\N{NO-BREAK SPACE}", card.title)),
        element(
            "p",
            f"{where}, proposal ",
            element("span", short_hash(card.proposal_id), class_="mono", title=card.proposal_id),
            class_="muted",
        ),
    )


def _hero(card: CardModel) -> Element:
    """Four answers at a glance: what goes, what comes, what it costs, until when or since when."""
    done = card.outcome is not None
    return element(
        "div",
        _tile("Left the treasury" if done else "Leaves the treasury", _legs(card, -1), "out"),
        _tile("Came in" if done else "Comes in", _legs(card, +1), "in"),
        _tile("Cost" if done else "Costs", _cost(card)),
        _tile("Executed" if card.outcome else "Valid until", _when(card)),
        class_="hero",
    )


def _tile(title: str, lines: tuple[list[str], list[str]], style: str = "") -> Element:
    big, small = lines
    return element(
        "div",
        element("h2", title),
        [element("p", line, class_=f"big {style}".strip()) for line in big],
        [element("p", line, class_="small muted") for line in small],
    )


def _legs(card: CardModel, sign: int) -> tuple[list[str], list[str]]:
    if not card.moves:
        return ["nothing"], ["it failed" if card.outcome else "it reverts in simulation"]
    moved = [(row, row.delta if row.realised_delta is None else row.realised_delta) for row in card.changed]
    rows = [(row, abs(units), row.usd(abs(units))) for row, units in moved if units * sign > 0]
    rows.sort(key=lambda leg: -(leg[2] or 0))
    big = [amount(row.token, units, row.price) for row, units, _ in rows[:_MOST_NAMED]]
    small = []
    if len(rows) > _MOST_NAMED:
        small.append(f"and {len(rows) - _MOST_NAMED:,} more tokens")
    if rows:
        known = sum(value for _, _, value in rows if value is not None)
        unknown = any(value is None for _, _, value in rows)
        small.append(f"worth {usd(known)}" + (" and what has no price" if unknown else ""))
    if sign < 0:
        small += [
            f"{payment_verb(payment)}s {payment_words(payment, with_address=False)}"
            for payment in card.payments[:_MOST_NAMED]
        ]
    small += [
        f"in position {row.token_id}: {usd(abs(row.usd_change), places=0)} {'more' if sign > 0 else 'less'}"
        for row in card.positions
        if row.usd_change is not None and row.usd_change * sign > 0
    ]
    others = sum(1 for asset in card.others if asset.delta * sign > 0)
    if others:
        small.append(f"and {others:,} unlisted {'asset' if others == 1 else 'assets'}")
    return big or ["nothing"], small


def _cost(card: CardModel) -> tuple[list[str], list[str]]:
    cost = card.cost
    if not card.moves:
        return ["nothing"], ["but gas, for the sender"]
    if cost.expected is None:
        return ["unknown"], ["something that moves has no price"]
    if not cost.sold:
        return ["no trade"], [f"about {cost.gas_used:,} gas, for the sender"]
    shown = cost.expected if cost.realised is None else cost.realised
    share = cost.of_sold(shown)
    small = [] if share is None else [f"{bps(share)} of what is sold"]
    if cost.realised is not None:
        small.append(f"{usd(cost.expected)} were expected")
    elif cost.worst is not None:
        small.append(f"at worst {usd(cost.worst)}")
    else:
        small.append("no bound in its bytes")
    return [usd(shown)], small


def _when(card: CardModel) -> tuple[list[str], list[str]]:
    if card.outcome:
        said = "successfully" if card.outcome.success else "and failed"
        return [f"block {card.outcome.block_number:,}"], [said, short_hash(card.outcome.transaction_hash)]
    date, _, time = utc(card.valid_until).partition(" ")
    if card.deadline == utc(card.valid_until):
        return [date], [time]
    left = f"{duration(card.seconds_left)} left" if card.seconds_left > 0 else "over"
    return [left], [f"{date} {time}"]


def _story(card: CardModel) -> Element:
    rows = [
        ("What changes", card.story.changes),
        ("What it costs", card.story.costs),
        ("How it can fail", card.story.fails),
    ]
    if card.story.result:
        rows.append(("What came of it", card.story.result))
    concerns = [
        element("li", element("b", _TONE_WORDS[concern.tone]), concern.text, class_=concern.tone.value)
        for concern in card.concerns
    ]
    return element(
        "section",
        element("dl", [[element("dt", name), element("dd", text)] for name, text in rows], class_="story"),
        element("ul", concerns, class_="concerns") if concerns else None,
    )


def _quality(card: CardModel) -> Element | None:
    if card.quality is None:
        return None
    rows = [[element("dt", name), element("dd", words)] for name, words in quality_lines(card.quality)]
    return _section("How it was executed", element("dl", rows, class_="facts"))


def _figure(plot: Element | None) -> Element | None:
    """A plot under its title, which stands in the SVG for readers who do not see it."""
    if plot is None:
        return None
    return element("figure", element("figcaption", plot[0].text or ""), plot)


def _section(title: str, *children: Child) -> Element:
    return element("section", element("h2", title), *children)


def _holdings(card: CardModel) -> Element | None:
    if not card.holdings:
        return None
    plot, rows = holdings_plot(card), len(card.holdings)
    title = f"{rows:,} {'token' if rows == 1 else 'tokens'} in exact amounts, with shares of the treasury"
    legend = "Of each token: the change, then before → expected, and its share of the treasury."
    said = f"Priced holdings are worth {usd(card.total_before, places=0)} before"
    said += f" and {usd(card.total_expected, places=0)} after, at the same prices."
    if card.hidden_empty:
        tokens = "token has" if card.hidden_empty == 1 else "tokens have"
        said += f" {card.hidden_empty:,} more {tokens} no balance and no row."
    return _section(
        "Holdings",
        element(
            "div",
            element(
                "div",
                [_figure(plot), _figure(cost_plot(card)), _figure(differences_plot(card))],
            ),
            element(
                "div",
                on_phones(
                    title,
                    element("p", legend, class_="small muted only-narrow"),
                    holdings_table(card),
                    unfolded=plot is None,
                ),
                element("p", said, class_="small muted"),
            ),
            class_="two",
        ),
    )


def _positions(card: CardModel) -> Element | None:
    if not card.positions:
        return None
    said = "At oracle prices, with the fees that each position is owed. They are the treasury's, besides its holdings."
    return _section("Liquidity of the treasury's own", positions_table(card), element("p", said, class_="small muted"))


def _rules(card: CardModel) -> Element:
    """What presses first; what is kept with room to spare after it."""
    plot, checks = _figure(limits_plot(card)), kept_checks(card)
    halves = [element("div", half) for half in (plot, checks) if half is not None]
    return _section(
        f"Policy: {counted(card.rules)}",
        pressing_rules(card),
        element("div", halves, class_="two even" if len(halves) == 2 else None),
        kept_numbers(card),
    )


def _prices(card: CardModel, history: Mapping[str, Series]) -> Element | None:
    if not card.prices:
        return None
    plots = [_figure(pegs_plot(card)), _figure(history_plot(history))]
    sources = sum(len(row.sources) for row in card.prices)
    doubtful = any(row.usd is None or row.problems or any(each.stale for each in row.sources) for row in card.prices)
    title = f"{len(card.prices):,} prices from {sources:,} sources, their age and what is wrong with them"
    table = on_phones(title, prices_table(card), unfolded=doubtful)
    if not any(plot is not None for plot in plots):
        return _section("Prices", table)
    return _section("Prices", element("div", element("div", plots), element("div", table), class_="two"))
