"""The tables of the page: holdings, rules, prices. On a phone each row becomes a small card with its headings."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree.ElementTree import Element

from dao_bot.cards.folds import on_phones
from dao_bot.cards.liquidity import contents_words, range_words
from dao_bot.cards.markup import Child, element
from dao_bot.cards.model import CardModel, HoldingRow, PositionRow, PriceRow, RuleRow
from dao_bot.cards.text import bps, duration, number, percent, places_for, rate, short_addresses, usd

_MOST_UNFOLDED = 6
_RULE_CLASSES = {"broken": "broken", "at its limit": "tight", "kept": None}


def cell(heading: str, *children: Child, style: str | None = None) -> Element:
    """A table cell that knows its heading, for narrow screens."""
    return element("td", *children, class_=style, data_label=heading)


def grid(headings: Sequence[tuple[str, bool]], rows: Sequence[Element]) -> Element:
    """A table of `rows` under `headings`, each (text, whether its column holds numbers)."""
    head = element("tr", [element("th", text, scope="col", class_="r" if right else None) for text, right in headings])
    return element("table", element("thead", head), element("tbody", rows))


def holdings_table(card: CardModel) -> Element:
    """Every holding; the exact amounts stand in each cell's title."""
    executed = card.outcome is not None
    last = ("realised", True) if executed else ("change", True)
    headings = [("token", False), ("before", True), ("expected", True), last, ("share", True)]
    return grid(headings, [_holding(row, executed) for row in card.holdings])


def _holding(row: HoldingRow, executed: bool) -> Element:
    places = places_for(row.price)

    def units(heading: str, value: int | None, *, signed: bool = False) -> Element:
        if value is None or (signed and not value):
            return cell(heading, style="r")
        shown = element("span", number(value, row.token.decimals, places, signed=signed))
        worth = row.usd(value)
        under = element("span", usd(worth, signed=signed, places=0), class_="small muted")
        both: list[Child] = [shown, element("br"), under]
        made = cell(heading, element("span", both) if signed or worth is None else shown, style="r")
        made.set("title", f"{value} base units, {row.token.decimals} decimals")
        return made

    changes = row.share_before is not None and percent(row.share_before) != percent(row.share_after)
    share = "" if row.share_before is None else percent(row.share_after)
    if changes:
        share = f"{percent(row.share_before).removesuffix(' %')} → {share}"
    last = units("realised", row.realised) if executed else units("change", row.delta, signed=True)
    return element(
        "tr",
        element("th", element("bdi", row.token.symbol), scope="row", class_="sym", title=row.token.address),
        units("before", row.before),
        units("expected", row.expected),
        last,
        cell("share", share or None, style="r"),
        class_="moved" if row.changes else "still",
    )


def positions_table(card: CardModel) -> Element:
    """Every position that the batch makes or changes."""
    headings = [("position", False), ("earns while the price is", False), ("before", True), ("after", True)]
    return grid(headings, [_position(row) for row in card.positions])


def _position(row: PositionRow) -> Element:
    def holds(heading: str, contents: tuple[int, int] | None, worth: int | None) -> Element:
        under = element("span", usd(worth, places=0), class_="small muted")
        return cell(heading, element("span", contents_words(row, contents), element("br"), under), style="r")

    return element(
        "tr",
        element("th", f"{row.token_id}{' (new)' if row.is_new else ''}", scope="row", class_="sym", title=row.manager),
        cell("earns", range_words(row), style="wide"),
        cell("before", style="r") if row.is_new else holds("before", row.before, row.usd_before),
        holds("after", row.after, row.usd_after),
    )


def pressing_rules(card: CardModel) -> list[Child]:
    """Every rule that is broken or at its limit: with before, after and limit where it has them, else its sentence."""
    pressing = [row for row in card.rules if row.verdict != "kept"]
    with_value = [row for row in pressing if has_value(row)]
    return [_rules(with_value) if with_value else None, _checks([row for row in pressing if not has_value(row)])]


def kept_numbers(card: CardModel) -> Element | None:
    """The kept rules that have a value; many are folded away."""
    kept = [row for row in card.rules if row.verdict == "kept" and has_value(row)]
    if len(kept) <= _MOST_UNFOLDED:
        return _rules(kept) if kept else None
    return element("details", element("summary", f"{len(kept):,} rules are kept: their numbers"), _rules(kept))


def kept_checks(card: CardModel) -> Element | None:
    """The kept rules that only hold or do not, each with its sentence."""
    kept = [row for row in card.rules if row.verdict == "kept" and not has_value(row)]
    checks = _checks(kept)
    return None if checks is None else on_phones(f"{len(kept):,} rules without a number are kept", checks)


def _rules(rows: Sequence[RuleRow]) -> Element:
    headings = [("rule", False), ("before", True), ("after", True), ("limit", True), ("", True)]
    return grid(headings, [_rule(row) for row in rows])


def _checks(rows: Sequence[RuleRow]) -> Element | None:
    lines = [
        element(
            "li",
            element("b", row.rule, element("bdi", f" {row.subject}") if row.subject else None),
            f" {row.verdict}: ",
            element("span", row.message, class_=None if row.violated else "muted"),
            class_="broken" if row.violated else None,
        )
        for row in rows
    ]
    return element("ul", lines, class_="checks") if lines else None


def has_value(row: RuleRow) -> bool:
    """Whether the rule compared something that can be shown."""
    return bool(row.after or row.limit)


def _rule(row: RuleRow) -> Element:
    style = _RULE_CLASSES[row.verdict]
    name: list[Child] = [row.rule]
    if row.subject:
        name.append(element("bdi", f" {row.subject}", class_="muted"))
    message = element("span", row.message, class_="small why" if row.violated else "small muted why")
    return element(
        "tr",
        element("th", element("span", *name, message), scope="row"),
        cell("before", row.before or None, style=_aligned(row.before)),
        cell("after", row.after or None, style=_aligned(row.after)),
        cell("limit", row.limit or None, style=_aligned(row.limit)),
        cell("verdict", element("span", row.verdict, class_=f"tag {style or ''}".strip()), style="r"),
        class_=f"rule {style or ''}".strip(),
    )


def _aligned(text: str) -> str | None:
    """Short values stand right and whole; an address or a sentence may wrap."""
    return "r" if len(text) <= 28 else None


def prices_table(card: CardModel) -> Element:
    """Every price that was used, with its sources, their age and what is wrong with them."""
    headings = [("token", False), ("USD", True), ("from 1 USD", True), ("sources", False)]
    return grid(headings, [_price(row) for row in card.prices])


def _price(row: PriceRow) -> Element:
    lines: list[Child] = []
    for source in row.sources:
        text = f"{short_addresses(source.source)}: {rate(source.usd)}, {duration(source.age)} old"
        lines.append(element("div", text, element("b", " stale") if source.stale else None, title=source.source))
    lines += [element("div", problem, class_="problem") for problem in row.problems]
    deviation = None if row.peg_deviation is None else bps(row.peg_deviation, signed=True)
    return element(
        "tr",
        element("th", element("bdi", row.token.symbol), scope="row", class_="sym", title=row.token.address),
        cell("USD", rate(row.usd), style="r"),
        cell("from 1 USD", deviation, style="r"),
        cell("sources", lines or "no source", style="wide small"),
        class_="broken" if row.usd is None else None,
    )
