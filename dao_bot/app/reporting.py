"""`dao-bot report`: how well batches were executed, one line each and summed by month and strategy."""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Mapping, Sequence
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
from dao_bot.cards.page import document
from dao_bot.cards.plots import bar, plot, text
from dao_bot.cards.text import clean
from dao_bot.domain.quality import Quality, quality_of
from dao_bot.domain.units import WAD
from dao_bot.store.store import Store

_COLUMNS = (
    "month",
    "strategy",
    "proposal",
    "executed_at",
    "transaction_hash",
    "seconds",
    "out_usd",
    "back_usd",
    "shortfall_usd",
    "shortfall_bps",
    "cost_usd",
    "cost_bps",
    "gas_usd",
    "gas_used",
)
_BAR = 16.0


@dataclass(frozen=True, slots=True)
class Line:
    """One execution."""

    month: str
    strategy: str
    proposal: str
    executed_at: int
    transaction_hash: str
    gas_used: int
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
            quality.seconds,
            *(_dollars(value) for value in (quality.out, quality.back, quality.shortfall)),
            _rounded(quality.shortfall_bps),
            _dollars(quality.cost),
            _rounded(quality.cost_bps),
            _dollars(quality.gas),
            self.gas_used,
        )
        return dict(zip(_COLUMNS, values, strict=True))


def report(
    path: Path, month: str | None, strategy: str | None, as_json: bool, table: Path | None, page: Path | None
) -> int:
    """Print it; with `table` and `page` also as CSV and as HTML."""
    with open_desk(path) as desk:
        lines = [
            line
            for line in lines_of(desk.store, desk.config.treasury.safe)
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
                f"{each['month']}  {each['strategy']:20} {each['executions']:4} executions  "
                f"out {_money(each['out_usd'])}  cost {_points(each['cost_bps'])}  "
                f"short of promised {_points(each['shortfall_bps'])}  gas {_money(each['gas_usd'])}"
            )
    return DONE


def lines_of(store: Store, safe: str) -> list[Line]:
    """Every execution in the record, oldest first."""
    found = []
    for stored, known in store.executed_since(safe, 0):
        approved = [each.at for each in store.approvals(stored.id)]
        quality = quality_of(stored.proposal, known.outcome, min(approved, default=None), known.at)
        month = datetime.fromtimestamp(known.at, UTC).strftime("%Y-%m")
        outcome = known.outcome
        strategy = stored.proposal.run.strategy
        found.append(Line(month, strategy, stored.id, known.at, outcome.transaction_hash, outcome.gas_used, quality))
    return found


def sums_of(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """By month and strategy; basis points are of what left, weighted by value. What is not known is left out."""
    groups: defaultdict[tuple[str, str], list[Line]] = defaultdict(list)
    for line in lines:
        groups[line.month, line.strategy].append(line)
    return [_sum(month, strategy, group) for (month, strategy), group in sorted(groups.items())]


def _sum(month: str, strategy: str, group: Sequence[Line]) -> dict[str, Any]:
    each = [line.quality for line in group]
    traded = [quality for quality in each if quality.cost is not None]
    seconds = sorted(quality.seconds for quality in each if quality.seconds is not None)
    out = sum(quality.out or 0 for quality in each)
    shortfall = sum(quality.shortfall or 0 for quality in each)
    cost, sold = sum(quality.cost or 0 for quality in traded), sum(quality.out or 0 for quality in traded)
    return {
        "month": month,
        "strategy": strategy,
        "executions": len(group),
        "out_usd": _dollars(out),
        "shortfall_usd": _dollars(shortfall),
        "shortfall_bps": _rounded(shortfall / out * 10_000 if out else None),
        "cost_usd": _dollars(cost) if traded else None,
        "cost_bps": _rounded(cost / sold * 10_000 if sold else None),
        "gas_usd": _dollars(sum(quality.gas or 0 for quality in each)),
        "median_seconds": seconds[len(seconds) // 2] if seconds else None,
    }


def as_page(title: str, lines: Sequence[Line], sums: Sequence[Mapping[str, Any]]) -> str:
    """One self-contained HTML file."""
    heads = ("Month", "Strategy", "Executions", "Out", "Cost", "Short of promised", "Gas", "Median time")
    rows = [
        (
            each["month"],
            each["strategy"],
            str(each["executions"]),
            _money(each["out_usd"]),
            f"{_points(each['cost_bps'])}, {_money(each['cost_usd'])}",
            f"{_points(each['shortfall_bps'])}, {_money(each['shortfall_usd'])}",
            _money(each["gas_usd"]),
            "?" if each["median_seconds"] is None else f"{each['median_seconds']} s",
        )
        for each in sums
    ]
    costs = [(f"{line.month} {line.proposal[2:10]}", line.quality.cost_bps) for line in lines]
    shortfalls = [(f"{line.month} {line.proposal[2:10]}", line.quality.shortfall_bps) for line in lines]
    return document(
        title,
        element(
            "main",
            element("header", element("h1", clean(title))),
            _table(heads, rows),
            _bars("cost", "Cost against the oracle's price, basis points", costs),
            _bars("short", "Short of what was promised, basis points", shortfalls),
        ),
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Element:
    cells = [element("tr", [element("td", clean(cell)) for cell in row]) for row in rows]
    head = element("thead", element("tr", [element("th", name, scope="col") for name in heads]))
    return element("table", head, element("tbody", cells))


def _bars(name: str, title: str, values: Sequence[tuple[str, float | None]]) -> Element | None:
    known = [(label, value) for label, value in values if value is not None][-40:]
    if not known:
        return None
    most = max([1.0, *(abs(value) for _, value in known)])
    parts: list[Any] = []
    for number, (label, value) in enumerate(known):
        y = number * (_BAR + 6)
        parts.append(text(0, y + _BAR - 4, label, "name"))
        parts.append(bar(150, y, abs(value) / most * 400, _BAR, "worst" if value > 0 else "realised"))
        parts.append(text(560, y + _BAR - 4, f"{value:.1f}", "muted"))
    described = "; ".join(f"{label}: {value:.1f}" for label, value in known)
    return element("figure", plot(name, title, described, len(known) * (_BAR + 6), parts))


def _as_csv(lines: Sequence[Line]) -> str:
    written = io.StringIO()
    writer = csv.DictWriter(written, _COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(line.facts() for line in lines)
    return written.getvalue()


def _dollars(value: int | None) -> float | None:
    return None if value is None else round(value / WAD, 6)


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _money(value: float | None) -> str:
    return "unknown" if value is None else f"{value:,.2f} USD"


def _points(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.1f} bps"
