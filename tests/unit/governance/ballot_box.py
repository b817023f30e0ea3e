"""Ballots and votes for tests, with all that does not matter to a test filled in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from fractions import Fraction
from typing import Any

from dao_bot.plugins import find, names
from governance.ballots import ENTRY_POINTS, Ballot, Method, Vote

OPENS, ENDS = 1_000, 2_000

KIND_OF_SNAPSHOT_TYPE = {"basic": "for-against"}
"""Where a kind of ballot has another name here than on Snapshot."""


def kinds() -> tuple[str, ...]:
    return names(ENTRY_POINTS)


def kind(name: str) -> type[Any]:
    return find(ENTRY_POINTS, name)


def method(name: str, options: Iterable[str] = ("A", "B", "C"), **rules: Any) -> Method:
    """A kind of ballot by name; the options are left out where a kind has its own."""
    if name == "optimistic":
        rules = {"veto_power": 10, "window": 100} | rules
    elif name != "for-against":
        rules["options"] = tuple(options)
    made: Method = kind(name)(**rules)
    return made


def ballot(rules: Method, **changes: Any) -> Ballot:
    return replace(Ballot("question", rules, OPENS, ENDS), **changes)


def vote(rules: Method, wallet: str, raw: object, power: int = 1, at: int = OPENS, sequence: int = 0) -> Vote:
    return Vote("question", f"voter of {wallet}", wallet, power, rules.parse(raw), at, sequence)


def votes(rules: Method, cast: Iterable[tuple[object, int]]) -> list[Vote]:
    """One vote of a wallet of its own for each (choice, power)."""
    return [vote(rules, f"w{i}", raw, power, sequence=i) for i, (raw, power) in enumerate(cast)]


def exactly(*scores: int) -> tuple[Fraction, ...]:
    """Scores as a tally has them."""
    return tuple(map(Fraction, scores))
