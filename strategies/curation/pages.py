"""The preference brief as a page of Markdown."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any


def page(told: dict[str, Any]) -> str:
    """For people; the same facts as the JSON."""
    moment = datetime.datetime.fromtimestamp(told["as_of"]["time"], datetime.UTC)
    return "\n".join(
        [
            "# What the community prefers",
            "",
            f"As of block {told['as_of']['block']} ({moment:%Y-%m-%d %H:%M} UTC), from {told['events']:,} events.",
            "",
            told["trust"]["verdict"],
            "",
            *_prompts(told["prompts"]),
            *_works(told["works"]),
            *_traits(told["traits"]),
            *_tastes(told["tastes"]),
            *_trial(told["trial"]),
            *_trust(told["trust"]),
            *_set_aside(told["set_aside"]),
        ]
    )


def _table(head: Iterable[str], rows: Iterable[Iterable[object]]) -> list[str]:
    names = list(head)
    lines = [f"| {' | '.join(names)} |", f"|{' --- |' * len(names)}"]
    return [*lines, *(f"| {' | '.join(_cell(cell) for cell in row)} |" for row in rows), ""]


def _cell(cell: object) -> str:
    # names come from the configuration and from the chain: they must not end a cell or begin markup
    return " ".join(str(cell).split()).replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


def _prompts(prompts: dict[str, Any]) -> list[str]:
    favour = [
        f"- more of **{_cell(each['trait'])}** (weight {each['weight']:.2f}, {_sure(each)})"
        for each in prompts["favour"]
    ]
    avoid = [f"- less of **{_cell(each['trait'])}** ({_sure(each)})" for each in prompts["avoid"]]
    explore = [f"- try on: **{_cell(name)}**" for name in prompts["explore"]]
    lines = favour + avoid + explore
    return ["## Next prompts", "", *(lines or ["- nothing is sure enough to ask for"]), ""]


def _sure(each: dict[str, Any]) -> str:
    return f"{each['chance']:.0%} sure"


def _works(works: list[dict[str, Any]]) -> list[str]:
    rows = (
        (
            each["place"],
            each["work"],
            f"{each['place_range'][0]} to {each['place_range'][1]}",
            f"{each['chance_of_first_ten']:.0%}",
            f"{each['share_of_appeal']:.1%}",
            f"{each['share_of_attention']:.1%}",
        )
        for each in works
    )
    head = ("place", "work", "place, 90 % range", "chance of first ten", "appeal", "present attention")
    return ["## Works", "", *_table(head, rows)]


def _traits(traits: list[dict[str, Any]]) -> list[str]:
    if not traits:
        return ["## Traits", "", "Too few works with different traits to learn from.", ""]
    rows = (
        (
            each["trait"],
            f"{each['effect']:+.2f} ± {each['deviation']:.2f}",
            f"{each['chance_positive']:.0%}",
            each["works"],
        )
        for each in traits
    )
    return ["## Traits", "", *_table(("trait", "effect on log voice", "chance it is positive", "works"), rows)]


def _tastes(tastes: list[dict[str, Any]]) -> list[str]:
    if not tastes:
        return []
    rows = ((f"{each['share']:.1%}", ", ".join(each["for"]), ", ".join(each["against"])) for each in tastes)
    return ["## Where tastes differ", "", *_table(("share of variation", "some choose", "others choose"), rows)]


def _trial(trial: list[dict[str, Any]]) -> list[str]:
    if not trial:
        return []
    rows = ((each["work"], f"{each['chance']:.0%}", "yes" if each["chosen"] else "") for each in trial)
    return ["## New works on trial", "", *_table(("work", "chance of a trial in this run", "chosen"), rows)]


def _trust(trust: dict[str, Any]) -> list[str]:
    measures = ("community", "lead", "ndcg", "ndcg_lead", "recall", "ndcg_known", "ndcg_new")
    head = (
        "ranking",
        "NDCG@10, community",
        "lead over 14-day popularity",
        "NDCG@10, wallets",
        "lead over 14-day popularity",
        "recall@10",
        "NDCG@10, known wallets",
        "NDCG@10, new wallets",
    )
    rows = ((name, *(_interval(score[each]) for each in measures)) for name, score in trust["rankings"].items())
    lines = [
        "## How far to trust this",
        "",
        f"{trust['cutoffs']} rolling cutoffs, each judged by the next 30 days; {trust['share_of_new_wallets']:.0%} of "
        "the judged wallets had never been seen before. 95 % intervals, clustered by wallet and week.",
        "",
        *_table(head, rows),
    ]
    if trust["calibration"]:
        lines += [f"Calibration error of the forecast shares: {trust['calibration']['error']:.1%} of the mean.", ""]
        lines += _table(
            ("share forecast", "share that came", "works"),
            ((f"{told:.3%}", f"{came:.3%}", works) for told, came, works in trust["calibration"]["bins"]),
        )
    if trust["stakes_kept"]:
        lines += ["Stakes that would have been kept for 30 days, had stakes followed (off-policy, doubly robust):", ""]
        lines += _table(
            ("policy", "kept", "effective rows"),
            ((name, _interval(each), f"{each['effective_rows']:.0f}") for name, each in trust["stakes_kept"].items()),
        )
    return lines


def _interval(each: dict[str, Any] | None) -> str:
    return "" if each is None else f"{each['mean']:.3f} ({each['low']:.3f} to {each['high']:.3f})"


def _set_aside(aside: dict[str, Any]) -> list[str]:
    return [
        "## What did not count",
        "",
        f"{aside['own_works']} stakes on own works, {aside['wash_sales']} wash sales, {aside['zero']} empty events, "
        f"{aside['duplicates']} duplicates, {aside['unlisted']} events on works that few stake on and nobody listed; "
        f"{aside['voice_without_standing']:.1%} of conviction by wallets without "
        "standing for it.",
        "",
    ]
