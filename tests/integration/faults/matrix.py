"""The fault matrix: what goes wrong, and how many effects the approved batch must have had in the end, said beforehand.

A case is one function in a file `cases_*.py` of this directory:

    @case("the answer to the broadcast is lost", effects=1)
    def _(bench: Bench) -> None:
        ...

It gets a payment that owners have signed and the keeper has not seen, lets something go wrong, and returns once the
fault is over. Afterwards the keeper ticks until nothing changes, and the effects on the chain are counted. On a `route`
of its own it gets the bench of that route instead, see `routes.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Literal

Route = Literal["owners", "module", "service"]
"""How the payment reaches the Safe: signed here by owners, through a module, signed at a transaction service."""

Happens = Callable[[Any], None]
"""Gets the `Bench` of the route."""


@dataclass(frozen=True)
class Case:
    """One row. `effects` is 0 or 1, never more; `own_server` keeps the record on a PostgreSQL of its own."""

    name: str
    effects: int
    happens: Happens
    own_server: bool
    route: Route


CASES: dict[str, Case] = {}


def case(name: str, *, effects: int, own_server: bool = False, route: Route = "owners") -> Callable[[Happens], Happens]:
    """Enter a case into the table."""
    assert effects in (0, 1) and name not in CASES, name

    def enter(happens: Happens) -> Happens:
        CASES[name] = Case(name, effects, happens, own_server, route)
        return happens

    return enter


def all_cases() -> list[Case]:
    """Of every `cases_*.py` beside this file, in the order of the files and of their lines."""
    for path in sorted(Path(__file__).parent.glob("cases_*.py")):
        import_module(f"tests.integration.faults.{path.stem}")
    return list(CASES.values())
