"""`dao-bot report`: how well batches were executed, one line each and summed by month and strategy."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

from dao_bot.app.exits import DONE
from dao_bot.app.output import print_json, print_text
from dao_bot.app.showing import write_file
from dao_bot.app.wiring import open_desk
from dao_bot.cards.markup import element
from dao_bot.cards.model import Quality
from dao_bot.cards.page import document
from dao_bot.cards.page_tables import cell, grid
from dao_bot.cards.plots import bar, plot, text
from dao_bot.cards.text import clean, duration
from dao_bot.domain.units import WAD
from dao_bot.engine.services import Services
from dao_bot.engine.telling import card_of
from dao_bot.store.store import Store

_COLUMNS = (
    "month",
    "strategy",
    "proposal",
    "executed_at",
    "transaction_hash",
    "final_at",
    "seconds_to_execution",
    "seconds_to_finality",
    "out_usd",
    "back_usd",
    "shortfall_usd",
    "shortfall_bps",
    "expected_cost_usd",
    "expected_cost_bps",
    "cost_usd",
    "cost_bps",
    "gas_usd",
    "gas_used",
)
_BAR = 16.0
_WORDS = ("Month", "Strategy")
"""Columns that hold no numbers."""


@dataclass(frozen=True, slots=True)
class Line:
    """One execution."""

    month: str
    strategy: str
    proposal: str
    executed_at: int
    transaction_hash: str
    quality: Quality

    def facts(self) -> dict[str, Any]:
        """As numbers for programs; money in USD, None where it is not known."""
        quality = self.quality
        values = (
            self.month,
            self.strategy,
            self.proposal,
            self.executed_at,
            self.transaction_hash,
            quality.times.final_at,
            quality.to_execution,
            quality.to_finality,
            _dollars(quality.out),
            _dollars(quality.back),
            _dollars(quality.shortfall),
            _bps(quality.shortfall_share),
            _dollars(quality.expected),
            _bps(quality.expected_share),
            _dollars(quality.realised),
            _bps(quality.realised_share),
            _dollars(quality.gas),
            quality.gas_units,
        )
        return dict(zip(_COLUMNS, values, strict=True))


def report(
    path: Path, month: str | None, strategy: str | None, as_json: bool, table: Path | None, page: Path | None
) -> int:
    """Print it; with `table` and `page` also as CSV and as HTML."""
    with open_desk(path) as desk:
        lines = [
            line
            for line in lines_of(desk.services, desk.store)
            if month in (None, line.month) and strategy in (None, line.strategy)
        ]
        title = f"{desk.config.treasury.name}: executions"
    sums = sums_of(lines)
    if table is not None:
        write_file(table, _as_csv(lines))
    if page is not None:
        write_file(page, as_page(title, lines, sums))
    if as_json:
        print_json({"executions": [line.facts() for line in lines], "sums": sums})
    elif not lines:
        print_text("Nothing was executed.")
    else:
        for each in sums:
            print_text(
                f"{each['month']}  {each['strategy']:20} {each['executions']:4} executed  "
                f"out {_money(each['out_usd'])}  {_cost(each)}  "
                f"short of promised {_points(each['shortfall_bps'])}  gas {_money(each['gas_usd'])}  "
                f"final after {_took(each['median_seconds_to_finality'])}"
            )
    return DONE


def lines_of(services: Services, store: Store) -> list[Line]:
    """Every execution in the record, oldest first, as its card tells it."""
    found = []
    for stored, known in store.executed_since(services.treasury.safe, 0):
        quality = card_of(services, store, stored).quality
        if quality is not None:
            month = datetime.fromtimestamp(known.at, UTC).strftime("%Y-%m")
            strategy = stored.proposal.run.strategy
            found.append(Line(month, strategy, stored.id, known.at, known.outcome.transaction_hash, quality))
    return found


def sums_of(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """By month and strategy; basis points are of what left, weighted by value. What is not known is left out."""
    groups: defaultdict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        groups[line.month, line.strategy].append(line)
    return [_sum(month, strategy, group) for (month, strategy), group in sorted(groups.items())]


def _sum(month: str, strategy: str, group: Sequence[Line]) -> dict[str, Any]:
    each = [line.quality for line in group]
    traded = [quality for quality in each if quality.sold]
    out = sum(quality.out or 0 for quality in each)
    shortfall = sum(quality.shortfall or 0 for quality in each)
    sold = sum(quality.sold or 0 for quality in traded)
    expected, cost = sum(quality.expected or 0 for quality in traded), sum(quality.realised or 0 for quality in traded)
    return {
        "month": month,
        "strategy": strategy,
        "executions": len(group),
        "out_usd": _dollars(out),
        "shortfall_usd": _dollars(shortfall),
        "shortfall_bps": _bps(shortfall * WAD // out if out else None),
        "sold_usd": None if any(quality.sold is None for quality in each) else _dollars(sold),
        "expected_cost_usd": _dollars(expected) if traded else None,
        "expected_cost_bps": _bps(expected * WAD // sold if sold else None),
        "cost_usd": _dollars(cost) if traded else None,
        "cost_bps": _bps(cost * WAD // sold if sold else None),
        "gas_usd": _dollars(sum(quality.gas or 0 for quality in each)),
        "median_seconds_to_execution": _median(quality.to_execution for quality in each),
        "median_seconds_to_finality": _median(quality.to_finality for quality in each),
    }


def _median(seconds: Iterable[int | None]) -> int | None:
    known = sorted(each for each in seconds if each is not None)
    return known[len(known) // 2] if known else None


def as_page(title: str, lines: Sequence[Line], sums: Sequence[Mapping[str, Any]]) -> str:
    """One self-contained HTML file."""
    heads = (
        "Month",
        "Strategy",
        "Number",
        "Out",
        "Expected cost",
        "Cost",
        "Short",
        "Gas",
        "Final after",
    )
    rows = [
        (
            each["month"],
            each["strategy"],
            str(each["executions"]),
            _money(each["out_usd"]),
            _cell(each, "expected_cost"),
            _cell(each, "cost"),
            _cell(each, "shortfall"),
            _money(each["gas_usd"]),
            _took(each["median_seconds_to_finality"]),
        )
        for each in sums
    ]
    names = [f"{line.month} {line.proposal[2:10]}" for line in lines]
    costs = [(name, _bps(line.quality.realised_share)) for name, line in zip(names, lines, strict=True)]
    shortfalls = [(name, _bps(line.quality.shortfall_share)) for name, line in zip(names, lines, strict=True)]
    return document(
        title,
        element(
            "main",
            element("header", element("h1", clean(title))),
            element("section", element("h2", "By month and strategy"), _table(heads, rows)),
            _bars("cost", "Cost against the oracle's price, basis points", costs),
            _bars("short", "Short of what was promised, basis points", shortfalls),
        ),
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Element:
    cells = [
        element(
            "tr",
            [
                cell(head, clean(text), style="" if head in _WORDS else "r")
                for head, text in zip(heads, row, strict=True)
            ],
        )
        for row in rows
    ]
    return grid([(head, head not in _WORDS) for head in heads], cells)


def _bars(name: str, title: str, values: Sequence[tuple[str, float | None]]) -> Element | None:
    known = [(label, value) for label, value in values if value is not None][-40:]
    if not known:
        return None
    most = max([1.0, *(abs(value) for _, value in known)])
    parts: list[Any] = []
    for number, (label, value) in enumerate(known):
        y = number * (_BAR + 6)
        parts.append(text(0, y + _BAR - 4, label, "name"))
        parts.append(bar(150, y, abs(value) / most * 250, _BAR, "worst" if value > 0 else "realised"))
        parts.append(text(410, y + _BAR - 4, f"{value:.1f}", "muted"))
    described = "; ".join(f"{label}: {value:.1f}" for label, value in known)
    drawn = plot(name, title, described, len(known) * (_BAR + 6), parts)
    return element("section", element("figure", element("figcaption", title), drawn))


def _as_csv(lines: Sequence[Line]) -> str:
    written = io.StringIO()
    writer = csv.DictWriter(written, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(line.facts() for line in lines)
    return written.getvalue()


def _dollars(value: int | None) -> float | None:
    return None if value is None else round(value / WAD, 6)


def _bps(share: int | None) -> float | None:
    return None if share is None else round(share * 10_000 / WAD, 3)


def _money(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.2f} USD"


def _cost(each: Mapping[str, Any]) -> str:
    if each["sold_usd"] == 0:
        return "nothing traded"
    return f"cost {_points(each['cost_bps'])} ({_points(each['expected_cost_bps'])} expected)"


def _cell(each: Mapping[str, Any], name: str) -> str:
    """Basis points and money."""
    if name != "shortfall" and each["sold_usd"] == 0:
        return "nothing traded"
    points, money = each[f"{name}_bps"], _money(each[f"{name}_usd"])
    return money if points is None else f"{_points(points)}, {money}"


def _took(seconds: int | None) -> str:
    return "unknown" if seconds is None else duration(seconds)


def _points(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1f} bps"
