"""A run, or a crisis replay, as one self-contained HTML page with its plots."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.etree.ElementTree import Element

import numpy as np

from dao_bot.backtest.buyers import buyers
from dao_bot.backtest.crisis import Case
from dao_bot.backtest.export import assumptions
from dao_bot.backtest.measures import Marks, Measures
from dao_bot.backtest.plots import Line, line_plot, share_plot
from dao_bot.backtest.result import Result, Visit
from dao_bot.backtest.words import (
    bound_words,
    buyer_rows,
    buyer_title,
    change_words,
    cost_words,
    dollars,
    fill_words,
    line_words,
    measure_rows,
    share,
)
from dao_bot.cards.markup import Child, element
from dao_bot.cards.page import document
from dao_bot.cards.text import clean, duration, utc

_MOST_ROWS = 200


def run_page(title: str, result: Result, marks: Marks, measures: Measures) -> str:
    """The page of one run."""
    body = element("main", _head(title, measures, []), *_run(result, marks, measures, "run"), _footer())
    return document(clean(title), body)


def crisis_page(cases: Sequence[Case], version: int) -> str:
    """The page of a crisis replay: what passed, then every case."""
    judged = [case for case in cases if case.crisis.given]
    passed = sum(case.passed for case in judged)
    title = f"Crisis replay: {passed} of {len(judged)} cases keep their limits"
    said = f"Limits and crises of version {version}. Cases that did not happen are shown and do not count."
    sections = [child for case in cases for child in _case(case)]
    table = element("section", element("h2", "What was asked, and what came out"), _limits_table(cases))
    head = element("header", element("h1", title), element("p", said, class_="muted"))
    return document(title, element("main", head, table, *sections, _footer()))


def _case(case: Case) -> list[Child]:
    tone, words = ("good", "keeps its limits") if case.passed else ("danger", "breaks a limit")
    pills = [element("span", words, class_=f"pill {tone}")]
    if not case.crisis.given:
        pills.append(element("span", "did not happen", class_="pill caution"))
    return [
        _head(case.title, case.measures, pills),
        element("section", element("h2", "How dollars come out of the data"), element("p", case.crisis.marks)),
        *_run(case.result, case.marks, case.measures, case.name),
    ]


def _limits_table(cases: Sequence[Case]) -> Element:
    rows = [
        (case.title, line_words(line), bound_words(line), "kept" if line.passed else "broken", line.passed)
        for case in cases
        for line in case.lines
    ]
    return element(
        "table",
        _header("Case", "Limit and outcome", "Allowed", ""),
        element(
            "tbody",
            [
                element(
                    "tr",
                    element("th", case, scope="row"),
                    element("td", said),
                    element("td", bound, class_="r"),
                    element("td", verdict, class_="tag" if passed else "tag broken"),
                    class_=None if passed else "broken",
                )
                for case, said, bound, verdict, passed in rows
            ],
        ),
    )


def _head(title: str, measures: Measures, pills: Sequence[Child]) -> Element:
    when = f"{utc(measures.begin)} to {utc(measures.end)}, {duration(measures.end - measures.begin)}"
    return element(
        "header",
        element("div", pills, class_="pills") if pills else None,
        element("h1", clean(title)),
        element("p", when, class_="muted"),
    )


def _run(result: Result, marks: Marks, measures: Measures, name: str) -> list[Child]:
    return [
        _hero(measures),
        element(
            "section", element("h2", "The way of its value"), element("div", _plots(marks, name), class_="two even")
        ),
        element("section", element("h2", "Measures"), _pairs(measure_rows(measures))),
        *(element("section", element("h2", buyer_title(each)), _pairs(buyer_rows(each))) for each in buyers(result)),
        _deeds(result),
        _visits(result),
        element("section", element("h2", "Stated, not measured"), _pairs(_assumed(result))),
    ]


def _hero(measures: Measures) -> Element:
    tiles = (
        ("Value at the end", dollars(measures.final_value), f"holding: {dollars(measures.final_hold)}"),
        ("Worst mark", share(-measures.worst), f"holding: {share(-measures.worst_hold)}"),
        ("Cost of trading", dollars(measures.cost + measures.gas), cost_words(measures)),
        ("Outside of the policy", f"{measures.days_outside:.1f} d", f"of {measures.days:.1f} d"),
    )
    return element(
        "div",
        [
            element(
                "div", element("h2", head), element("p", big, class_="big"), element("p", small, class_="small muted")
            )
            for head, big, small in tiles
        ],
        class_="hero",
    )


def _plots(marks: Marks, name: str) -> list[Child]:
    lines = [
        Line("this run", marks.value, "own"),
        Line("holding", marks.hold, "other"),
        Line("equal weight", marks.equal, "third"),
    ]
    highest, held = np.maximum.accumulate(marks.value), np.maximum.accumulate(marks.hold)
    falls = [
        Line("this run", (marks.value / highest - 1.0) * 100.0, "own"),
        Line("holding", (marks.hold / held - 1.0) * 100.0, "other"),
    ]
    values = {
        token.symbol: marks.values[:, column]
        for column, token in enumerate(marks.tokens)
        if marks.values[:, column].any()
    }
    moved = [
        (token.symbol, column)
        for column, token in enumerate(marks.tokens)
        if marks.usd[:, column].any() and np.ptp(marks.usd[:, column]) > 0
    ]
    tones = ("own", "other", "third")
    prices = [
        Line(f"{symbol}", marks.usd[:, column] / marks.usd[marks.usd[:, column] > 0, column][0] * 100.0, tone)
        for (symbol, column), tone in zip(moved, tones, strict=False)
    ]
    plots = [
        line_plot(f"{name}-value", "Value in US dollars, gas taken off", marks.time, lines, "USD"),
        line_plot(f"{name}-fall", "Fall from the highest value before, in %", marks.time, falls, "%", 2),
        share_plot(f"{name}-shares", "What it consists of, in %", marks.time, values),
    ]
    if prices:
        title = "Prices in US dollars, the first one as 100"
        plots.append(line_plot(f"{name}-prices", title, marks.time, prices, "", 2))
    return [element("figure", element("figcaption", plot[0].text or ""), plot) for plot in plots]


def _deeds(result: Result) -> Element:
    rows = []
    for deed in result.deeds[:_MOST_ROWS]:
        done = "; ".join([*map(fill_words, deed.fills), *map(change_words, deed.changes)])
        rows.append(
            (
                utc(deed.at),
                deed.batch.strategy + (", urgent" if deed.batch.urgent else ""),
                done or clean(deed.failure or ""),
                "not executed" if deed.failure else dollars(sum(fill.cost for fill in deed.fills) + deed.gas_usd),
                deed.failure is None,
            )
        )
    more = len(result.deeds) - len(rows)
    return element(
        "section",
        element("h2", f"Batches: {len(result.deeds):,}"),
        element("p", f"{more:,} more are in fills.parquet.", class_="muted") if more else None,
        element(
            "table",
            _header("Executed", "Strategy", "What", "Cost and gas"),
            element(
                "tbody",
                [
                    element(
                        "tr",
                        element("td", at),
                        element("td", who),
                        element("td", what),
                        element("td", cost, class_="r"),
                        class_=None if done else "broken",
                    )
                    for at, who, what, cost, done in rows
                ],
            ),
        ),
    )


def _visits(result: Result) -> Element:
    """Runs of a strategy that ended alike, one after another, are one row."""
    grouped = [list(group) for _, group in itertools.groupby(result.visits, key=_alike)]
    rows = grouped[:_MOST_ROWS]
    more = len(grouped) - len(rows)
    return element(
        "section",
        element("h2", f"Runs: {len(result.visits):,}"),
        element("p", f"Changes of mind: {len(grouped):,}; {more:,} are only in visits.parquet.", class_="muted")
        if more
        else None,
        element(
            "table",
            _header("From", "Strategy", "Ended", "In its words"),
            element(
                "tbody",
                [
                    element(
                        "tr",
                        element("td", utc(group[0].at)),
                        element("td", group[0].run.strategy),
                        element("td", f"{group[0].ending}" + (f" x {len(group):,}" if len(group) > 1 else "")),
                        element("td", clean(group[0].words, 400)),
                    )
                    for group in rows
                ],
            ),
        ),
    )


def _alike(visit: Visit) -> tuple[str, str, str]:
    """Numbers change from run to run; the first words tell what kind of answer it was."""
    return visit.run.strategy, visit.ending, visit.words[:40]


def _assumed(result: Result) -> Iterable[tuple[str, str]]:
    facts = assumptions(result)
    yield "Prices", "; ".join(f"{symbol}: {words}" for symbol, words in facts["prices"].items())
    yield "Depth of pools", _listed(facts["depth"]) or "no pools"
    yield "Trades of others", _listed(facts["trading"]) or "not needed: no own liquidity"
    yield "Pools recover in", ", ".join(duration(each) for each in facts["recovery_seconds"].values()) or "no pools"
    yield "From decision to execution", duration(facts["delay_seconds"])
    yield "Price of gas", f"{facts['gas_price_wei'] / 10**9:g} gwei"
    yield "Rules of the policy left out", ", ".join(facts["rules_left_out"])


def _listed(facts: Mapping[str, Any]) -> str:
    return "; ".join(f"{name}: {words}" for name, words in facts.items())


def _pairs(rows: Iterable[tuple[str, str]]) -> Element:
    parts = [[element("dt", name), element("dd", clean(words, 2_000))] for name, words in rows]
    return element("dl", parts, class_="facts")


def _header(*names: str) -> Element:
    return element("thead", element("tr", [element("th", name, scope="col") for name in names]))


def _footer() -> Element:
    return element("footer", "A backtest shows what would have been decided, not what will be. It is no promise.")
