"""`dao-bot backtest` and `dao-bot crisis`: strategies over history, and the reserve over its crises."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from dao_bot.app.exits import DONE, FAILED
from dao_bot.app.output import print_json, print_shown, print_text
from dao_bot.app.showing import terminal_width
from dao_bot.app.wiring import hash_of_policy, make_protocols, treasury_of
from dao_bot.backtest.assembly import Parts, assemble, params_of, players_of
from dao_bot.backtest.backtest import Backtest
from dao_bot.backtest.buyers import Buyer, buyers
from dao_bot.backtest.crises import CRISES, VERSION
from dao_bot.backtest.crisis import Case, CaseOf, Replay, replayed_in
from dao_bot.backtest.export import assumptions, buyers_json, measures_json, write_page, write_result
from dao_bot.backtest.market_file import load_market
from dao_bot.backtest.measures import Measures, Runway, mark, measure
from dao_bot.backtest.report import crisis_page, run_page
from dao_bot.backtest.run import run
from dao_bot.backtest.settings import MarketSettings, RunwaySettings
from dao_bot.backtest.sweep import Variation, grid, parse_ranges, sweep, varied
from dao_bot.backtest.words import bound_words, buyer_rows, buyer_title, line_words, measure_rows, trouble_rows
from dao_bot.cards.tables import Column, table
from dao_bot.config.load import load_config
from dao_bot.domain.errors import BadInput, NotFound

ALL = "all"
_TROUBLE = ("strategy", "what", "first", "why")
_MOST_TROUBLES = 12
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MINUTE = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}")


def backtest(
    config_path: Path,
    strategy: str,
    market_path: Path,
    begin: str,
    end: str,
    out: Path | None,
    as_facts: bool,
    vary: Sequence[str],
    jobs: int,
    dask: str | None,
) -> int:
    """One backtest, or a sweep when parameters are varied."""
    parts = parts_of(config_path)
    settings = load_market(market_path, _symbols(parts))
    names = list(parts.config.strategies) if strategy == ALL else [strategy]
    test = assemble(
        parts,
        settings,
        market_path.resolve().parent,
        players=players_of(parts.config, names),
        begin=parse_moment(begin),
        end=parse_moment(end),
    )
    runway = None if settings.runway is None else _runway(settings.runway, parts)
    if vary:
        return _sweep(parts, test, names, parse_ranges(vary), runway, out, as_facts, jobs, dask)
    with _bar(test.end - test.begin, quiet=as_facts) as done:
        result = run(test, lambda now: done(now - test.begin))
    marks = mark(result)
    measures = measure(result, marks, runway)
    title = f"Backtest of {', '.join(names)}"
    bought, troubles = buyers(result), trouble_rows(result)
    facts = {
        "strategies": names,
        "measures": measures_json(measures),
        "purchases": buyers_json(bought),
        "troubles": [dict(zip(_TROUBLE, row, strict=True)) for row in troubles],
        "assumptions": assumptions(result),
    }
    if out is not None:
        write_result(out, result, marks, facts, run_page(title, result, marks, measures))
    if as_facts:
        print_json(facts)
    else:
        print_shown(_measures_table(title, measures), terminal_width())
        for buyer in bought:
            print_shown(_buyer_table(buyer), terminal_width())
        if troubles:
            print_shown(_troubles_table(troubles), terminal_width())
        if out is not None:
            print_text(f"The report with its plots: {out / 'report.html'}")
    return DONE


def crisis(
    config_path: Path, strategy: str, data: Path, delay: str, out: Path | None, as_facts: bool, jobs: int
) -> int:
    """Every crisis for which there is data; exit code 1 when a case that happened breaks a limit."""
    parts = parts_of(config_path)
    players = players_of(parts.config, [strategy])
    native = parts.facts.native.symbol
    settings = MarketSettings.model_validate({"start": {native: "0"}, "prices": {native: "1 USD"}, "delay": delay})
    plan = Replay(parts, players, runway_of(parts, strategy), settings)
    chosen = replayed_in(data)
    if not chosen:
        raise NotFound(
            "there is no data of any crisis",
            value=data,
            limit=", ".join(sorted({each.file for each in CRISES})),
            next_step="Name the directory that holds these files with --data; docs/backtest.md says what is in them",
        )
    with _bar(len(chosen), quiet=as_facts) as done:
        cases = sweep(CaseOf(plan, data), chosen, jobs=jobs, done=done)
    if out is not None:
        write_page(out, crisis_page(cases, VERSION))
    if as_facts:
        print_json({"version": VERSION, "cases": [_case_facts(case) for case in cases]})
    else:
        print_shown(_cases_table(cases), terminal_width())
        if out is not None:
            print_text(f"The report with its plots: {out}")
    return DONE if all(case.passed for case in cases if case.crisis.given) else FAILED


def parts_of(config_path: Path) -> Parts:
    """The configuration and what the live program makes of it, without a chain."""
    config = load_config(config_path)
    facts = treasury_of(config)
    return Parts(config, facts, make_protocols(config, facts), hash_of_policy(config))


def runway_of(parts: Parts, strategy: str) -> Runway | None:
    """What the strategy's own parameters say about the runway; None when they say nothing."""
    params = params_of(parts.config, strategy, {})
    burn = getattr(params, "monthly_burn", 0)
    if not burn:
        return None
    return Runway(burn, getattr(params, "commitments", 0), getattr(params, "runway_months", 0))


def parse_moment(text: str) -> int:
    """`2022-05-01` or `2022-05-01 12:00`, UTC, as epoch seconds.

    Raises:
        BadInput: anything else.
    """
    try:
        if _DAY.fullmatch(text) or _MINUTE.fullmatch(text):
            return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())
    except ValueError:
        pass
    raise BadInput("not a moment", value=repr(text), limit="a UTC date, with a time if need be: 2022-05-01 12:00")


def _sweep(
    parts: Parts,
    test: Backtest,
    names: Sequence[str],
    ranges: Mapping[str, Sequence[str]],
    runway: Runway | None,
    out: Path | None,
    as_facts: bool,
    jobs: int,
    dask: str | None,
) -> int:
    if len(names) != 1:
        raise BadInput("parameters are varied for one strategy at a time", value=", ".join(names))
    chosen = parts.config.strategies[names[0]]
    points = grid(ranges)
    for point in points:
        params_of(parts.config, names[0], varied(chosen.params, point))
    work = Variation(test, chosen.use, parts.config.directory, chosen.params, tuple(parts.config.tokens), runway)
    with _bar(len(points), quiet=as_facts) as done:
        outcomes = sweep(work, points, jobs=jobs, dask=dask, done=done)
    facts = [{"point": point, "measures": measures_json(m)} for point, m in zip(points, outcomes, strict=True)]
    if out is not None:
        write_page(out / "sweep.json", _as_text(facts))
    if as_facts:
        print_json(facts)
    else:
        print_shown(_points_table(list(zip(points, outcomes, strict=True))), terminal_width())
    return DONE


@contextmanager
def _bar(total: int, *, quiet: bool) -> Iterator[Callable[[int], None]]:
    """A progress bar on standard error."""
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), disable=quiet, transient=True) as shown:
        task = shown.add_task("backtests", total=total)
        yield lambda count: shown.update(task, completed=count)


def _symbols(parts: Parts) -> tuple[str, ...]:
    return (*parts.facts.tokens, parts.facts.native.symbol)


def _runway(stated: RunwaySettings, parts: Parts) -> Runway:
    haircuts = {parts.facts.tokens[symbol]: ratio for symbol, ratio in stated.haircuts.items()}
    return Runway(stated.monthly_burn, stated.commitments, stated.months, haircuts)


def _measures_table(title: str, measures: Measures) -> Any:
    rows = list(measure_rows(measures))
    return table([Column("", style="bold"), Column("", flexible=True)], rows, terminal_width(), title=title)


def _buyer_table(buyer: Buyer) -> Any:
    columns = [Column("", style="bold"), Column("", flexible=True)]
    return table(columns, list(buyer_rows(buyer)), terminal_width(), title=buyer_title(buyer))


def _troubles_table(troubles: Sequence[tuple[str, str, str, str]]) -> Any:
    columns = [Column(name, flexible=name == _TROUBLE[-1]) for name in _TROUBLE]
    made = table(columns, troubles[:_MOST_TROUBLES], terminal_width(), title="What did not go well")
    left_out = len(troubles) - _MOST_TROUBLES
    if left_out > 0:
        made.caption = f"{left_out:,} more kinds stand in visits.parquet, which --out writes"
    return made


def _points_table(points: Sequence[tuple[Mapping[str, str], Measures]]) -> Any:
    columns = [Column(name) for name in points[0][0]]
    columns += [Column(name, right=True) for name in ("final USD", "worst %", "turnover %", "cost USD", "outside d")]
    rows = [
        (
            *point.values(),
            f"{m.final_value:,.0f}",
            f"{-m.worst * 100:.3f}",
            f"{m.turnover * 100:.1f}",
            f"{m.cost + m.gas:,.0f}",
            f"{m.days_outside:.1f}",
        )
        for point, m in points
    ]
    return table(columns, rows, terminal_width())


def _cases_table(cases: Sequence[Case]) -> Any:
    columns = [Column("case", flexible=True), Column("limit and outcome", flexible=True), Column("allowed"), Column("")]
    rows, styles = [], []
    for case in cases:
        title = case.title if case.crisis.given else f"({case.title})"
        for number, line in enumerate(case.lines):
            verdict = "kept" if line.passed else "BROKEN"
            rows.append((title if number == 0 else "", line_words(line), bound_words(line), verdict))
            styles.append("" if line.passed else "red")
    return table(columns, rows, terminal_width(), styles=styles)


def _case_facts(case: Case) -> dict[str, Any]:
    return {
        "name": case.name,
        "happened": case.crisis.given,
        "passed": case.passed,
        "limits": [
            {"limit": line.limit, "value": line.value, "bound": line.bound, "unit": line.unit, "passed": line.passed}
            for line in case.lines
        ],
        "measures": measures_json(case.measures),
        "marks": case.crisis.marks,
    }


def _as_text(facts: Any) -> str:
    import json

    return json.dumps(facts, indent=2) + "\n"
