"""The card in a terminal: rich renderables that hold at 80 columns, and the same as plain text."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from dao_bot.cards.liquidity import contents_words, range_words
from dao_bot.cards.model import CardModel, Concern, HoldingRow, RuleRow, SourceRow, Tone
from dao_bot.cards.quality import quality_lines
from dao_bot.cards.sentences import counted
from dao_bot.cards.tables import Column, table
from dao_bot.cards.text import (
    bps,
    duration,
    named,
    number,
    percent,
    places_for,
    rate,
    short_addresses,
    short_hash,
    short_limit,
    utc,
)
from dao_bot.domain.calls import CallType

if TYPE_CHECKING:
    from rich.console import Group, RenderableType
    from rich.text import Text

TONE_STYLES = {
    Tone.NEUTRAL: "dim",
    Tone.ACTIVE: "bold cyan",
    Tone.GOOD: "bold green",
    Tone.CAUTION: "yellow",
    Tone.DANGER: "bold red",
}
_TONE_MARKS = {Tone.DANGER: "DANGER", Tone.CAUTION: "caution", Tone.NEUTRAL: "note"}
_RULE_STYLES = {"broken": "bold red", "at its limit": "yellow", "kept": ""}
_MOST_ROWS = 40
_HASH_COLUMNS = 66


def as_text(card: CardModel, width: int = 80) -> str:
    """The card as plain text without colours, `width` columns wide."""
    return plain(renderable(card, width), width)


def plain(shown: RenderableType, width: int) -> str:
    """Any renderable as plain text."""
    from rich.console import Console

    out = io.StringIO()
    console = Console(file=out, width=width, color_system=None, force_terminal=False, markup=False, emoji=False)
    console.print(shown, highlight=False)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def renderable(card: CardModel, width: int = 80) -> Group:
    """The card for a rich console of `width` columns."""
    from rich.console import Group

    sections = [
        _head(card),
        _story(card),
        _concerns(card.concerns),
        _quality(card),
        _holdings(card, width),
        _positions(card, width),
        _rules(card.rules, width),
        _calls(card),
        _prices(card, width),
        _words(card),
        _identity(card, width),
    ]
    spaced: list[RenderableType] = []
    for section in sections:
        if section is not None:
            spaced += [section, ""]
    return Group(*spaced[:-1])


def brief(card: CardModel) -> Group:
    """The head of the card and its sentences."""
    from rich.console import Group

    return Group(_head(card), "", _story(card))


def heading(text: str) -> Text:
    from rich.text import Text

    return Text(text, style="bold underline")


def pairs(rows: Iterable[tuple[str, str]], *, style: str = "") -> RenderableType:
    """Two columns: a short name and a text that wraps beside it."""
    from rich.table import Table
    from rich.text import Text

    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="bold", no_wrap=True, max_width=28, overflow="fold")
    grid.add_column(overflow="fold")
    for name, text in rows:
        grid.add_row(Text(name), Text(text, style=style))
    return grid


def _head(card: CardModel) -> RenderableType:
    from rich.panel import Panel
    from rich.text import Text

    style = TONE_STYLES[card.status.tone]
    urgent = "URGENT  " if card.urgent else ""
    body = Text(urgent + card.title, style="bold")
    body.append(
        f"\n{card.strategy}, block {card.block.number:,}, proposal {short_hash(card.proposal_id)}"
        f"\nvalid until {card.deadline}",
        style="not bold",
    )
    return Panel(body, title=Text(card.status.words, style=style), title_align="left", border_style=style)


def _story(card: CardModel) -> RenderableType:
    rows = [
        ("What changes", card.story.changes),
        ("What it costs", card.story.costs),
        ("How it can fail", card.story.fails),
    ]
    if card.story.result:
        rows.append(("What came of it", card.story.result))
    return pairs(rows)


def _quality(card: CardModel) -> RenderableType | None:
    from rich.console import Group

    return Group(heading("How it was executed"), pairs(quality_lines(card.quality))) if card.quality else None


def _concerns(concerns: Sequence[Concern]) -> RenderableType | None:
    from rich.table import Table
    from rich.text import Text

    if not concerns:
        return None
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for concern in concerns:
        style = TONE_STYLES[concern.tone]
        grid.add_row(Text(_TONE_MARKS[concern.tone], style=style), Text(concern.text, style=style))
    return grid


def _holdings(card: CardModel, width: int) -> RenderableType | None:
    from rich.console import Group

    if not card.holdings:
        return None
    rows, styles = [], []
    for row in card.holdings[:_MOST_ROWS]:
        rows.append(holding_cells(row))
        styles.append("" if row.changes else "dim")
    parts: list[RenderableType] = [
        heading("Holdings"),
        table(holding_columns(card.outcome is not None), rows, width, styles=styles),
    ]
    left_out = len(card.holdings) - len(rows)
    if left_out:
        parts.append(_note(f"Not shown: {left_out:,} more tokens with a balance."))
    return Group(*parts)


def _positions(card: CardModel, width: int) -> RenderableType | None:
    from rich.console import Group

    if not card.positions:
        return None
    columns = [
        Column("position", style="bold"),
        Column("earns", keep=8, flexible=True),
        Column("before", keep=7, flexible=True),
        Column("after", flexible=True),
        Column("USD", right=True),
    ]
    rows = [
        [
            str(row.token_id),
            range_words(row),
            "" if row.is_new else contents_words(row, row.before),
            contents_words(row, row.after),
            "no price" if row.usd_after is None else number(row.usd_after, 18, 2),
        ]
        for row in card.positions[:_MOST_ROWS]
    ]
    heading_ = heading("Liquidity of the treasury's own, at oracle prices")
    return Group(heading_, table(columns, rows, width))


def holding_columns(executed: bool) -> list[Column]:
    """Columns of the table of holdings; realised ones take the place of values once they are known."""
    return [
        Column("token", style="bold"),
        Column("before", keep=7, right=True),
        Column("expected", keep=8, right=True),
        Column("realised" if executed else "change", right=True),
        Column("realised - expected" if executed else "USD", keep=6, right=True),
        Column("share", keep=5, right=True),
    ]


def holding_cells(row: HoldingRow) -> list[str]:
    """The cells under `holding_columns`."""
    places, decimals = places_for(row.price), row.token.decimals
    before, expected = number(row.before, decimals, places), number(row.expected, decimals, places)
    shares = "" if row.share_before is None else percent(row.share_after)
    if row.share_before is not None and percent(row.share_before) != shares:
        shares = f"{percent(row.share_before).removesuffix(' %')} → {shares}"
    if row.realised is not None:
        third, fourth = number(row.realised, decimals, places), _difference(row)
    else:
        third = number(row.delta, decimals, places, signed=True) if row.delta else ""
        value = row.usd(row.delta)
        fourth = ("no price" if value is None else number(value, 18, 2, signed=True)) if row.delta else ""
    return [row.token.symbol, before, expected, third, fourth, shares]


def _difference(row: HoldingRow) -> str:
    """Realised less expected, in the token and in basis points of the expected change."""
    if not row.changes or row.realised_delta is None:
        return ""
    difference = row.realised_delta - row.delta
    if not difference:
        return "as expected"
    text = number(difference, row.token.decimals, places_for(row.price), signed=True)
    return f"{text} ({bps(difference * 10**18 // abs(row.delta), signed=True)})" if row.delta else text


def _rules(rules: Sequence[RuleRow], width: int) -> RenderableType:
    from rich.console import Group

    parts: list[RenderableType] = [heading(f"Policy: {counted(rules)}")]
    with_numbers = [row for row in rules if row.after or row.limit]
    shown = [row for row in with_numbers if row.verdict != "kept"]
    shown += [row for row in with_numbers if row.verdict == "kept"][: max(_MOST_ROWS - len(shown), 0)]
    if shown:
        columns = [
            Column("rule", flexible=True),
            Column("before", keep=4, right=True, flexible=True, most=22),
            Column("after", right=True, flexible=True, most=22),
            Column("limit", right=True, flexible=True, most=22),
        ]
        cells = [(_rule_name(row), row.before, row.after, short_limit(row.limit)) for row in shown]
        parts.append(table(columns, cells, width, styles=[_RULE_STYLES[row.verdict] for row in shown]))
    if len(with_numbers) > len(shown):
        parts.append(_note(f"{len(with_numbers) - len(shown):,} more rules are kept."))
    silent = [row for row in rules if not (row.after or row.limit) and not row.violated][:_MOST_ROWS]
    if silent:
        parts.append(pairs(((row.rule, row.message) for row in silent), style="dim"))
    return Group(*parts)


def _rule_name(row: RuleRow) -> str:
    verdict = "" if row.verdict == "kept" else f"{row.verdict.replace('its ', '').upper()} "
    return f"{verdict}{row.rule} {row.subject}".rstrip()


def _calls(card: CardModel) -> RenderableType:
    from rich.console import Group

    rows = []
    for call in card.calls[:_MOST_ROWS]:
        value = f", with {number(call.value, 18, 6)} of the native coin" if call.value else ""
        function = call.function or f"unknown function {call.selector}, {call.data_size:,} bytes"
        where = named(call.to.address, call.to.label)
        rows.append((f"{call.number:>3}", f"{call.summary}{value}\n{where} · {function}"))
    parts: list[RenderableType] = [heading("Calls, in order, all or none"), pairs(rows)]
    if len(card.calls) > len(rows):
        parts.append(_note(f"{len(card.calls) - len(rows):,} more calls are not shown."))
    return Group(*parts)


def _prices(card: CardModel, width: int) -> RenderableType | None:
    from rich.console import Group

    if not card.prices:
        return None
    rows, styles = [], []
    for price in card.prices[:_MOST_ROWS]:
        sources = "; ".join(_source(source) for source in price.sources)
        problems = "; ".join(price.problems)
        deviation = "" if price.peg_deviation is None else bps(price.peg_deviation, signed=True)
        rows.append((price.token.symbol, rate(price.usd), deviation, sources or "no source", problems))
        styles.append("bold red" if price.usd is None else "")
    columns = [
        Column("token", style="bold"),
        Column("USD", right=True),
        Column("from 1 USD", keep=5, right=True),
        Column("sources", keep=8, flexible=True),
        Column("problems", keep=9, flexible=True),
    ]
    return Group(heading("Prices"), table(columns, rows, width, styles=styles))


def _source(source: SourceRow) -> str:
    stale = " STALE" if source.stale else ""
    return f"{short_addresses(source.source)} {rate(source.usd)}, {duration(source.age)} old{stale}"


def _words(card: CardModel) -> RenderableType:
    from rich.console import Group

    words = card.words
    parts: list[RenderableType] = [heading(f"In the words of the strategy {card.strategy}")]
    parts.append(pairs([("", f"“{sentence}”") for sentence in (words.reason, *words.summary)]))
    if words.evidence:
        parts.append(pairs(words.evidence))
    if words.binding:
        parts.append(_note("Its limits that bind, and what one more unit of each would be worth:"))
        parts.append(pairs(words.binding))
    return Group(*parts)


def _identity(card: CardModel, width: int) -> RenderableType:
    from rich.console import Group

    target = named(card.target.address, card.target.label)
    how = "delegatecall to" if card.operation is CallType.DELEGATECALL else "call to"
    version = f", version {card.safe_version}" if card.safe_version else ""
    rows = [
        ("Safe", f"{named(card.safe.address, card.safe.label)} on chain {card.block.chain_id}{version}"),
        ("route", f"{card.route}, {how} {target}, {card.data_size:,} bytes"),
        ("approval", card.approval_rule),
        ("run", f"{card.strategy} at {utc(card.nominal)}, attempt {card.attempt + 1}"),
    ]
    if card.signatures:
        signed = ", ".join(named(party.address, party.label) for party in card.signatures.signed) or "nobody yet"
        rows.append(("signed", f"{len(card.signatures.signed)} of {card.signatures.threshold}: {signed}"))
    for witness in card.witnesses:
        result = "succeeds" if witness.success else f"fails ({witness.revert_reason or 'no reason given'})"
        gas = f", {witness.gas_used:,} gas" if witness.gas_used is not None else ""
        rows.append(("simulation", f"{witness.method} on {witness.endpoint}: {result}{gas}"))
    if card.outcome and not card.quality:
        rows.append(("gas paid", f"{number(card.outcome.gas_cost, 18, 6)} of the native coin"))
    parts: list[RenderableType] = [heading("Compare before you sign"), pairs(rows)]
    parts.append(_hashes(list(_hash_rows(card)), width))
    return Group(*parts)


def _hash_rows(card: CardModel) -> Iterator[tuple[str, str]]:
    yield "proposal", card.proposal_id
    yield "batch hash", card.batch_hash
    yield "policy", card.policy_hash
    yield "block hash", card.block.hash
    if card.hashes:
        yield "domain", card.hashes.domain_hash
        yield "message", card.hashes.message_hash
        yield "safeTxHash", card.hashes.safe_tx_hash
    if card.outcome:
        yield "executed in", card.outcome.transaction_hash


def _hashes(rows: list[tuple[str, str]], width: int) -> RenderableType:
    """Each hash whole on one line wherever the terminal has room for it."""
    from rich.text import Text

    beside = width >= 13 + _HASH_COLUMNS
    lines = [f"{name:<13}{value}" if beside else f"{name}\n{value}" for name, value in rows]
    return Text("\n".join(lines), overflow="fold")


def _note(text: str) -> Text:
    from rich.text import Text

    return Text(text, style="dim italic")
