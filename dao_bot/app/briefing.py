"""`dao-bot brief`: what a strategy has learned, as JSON for programs and as a page for people; nothing is proposed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dao_bot.app.exits import DONE
from dao_bot.app.output import print_json, print_text
from dao_bot.app.planning import chosen
from dao_bot.app.wiring import Desk, open_desk
from dao_bot.domain.errors import BadInput, NotFound
from dao_bot.domain.runs import RunId
from dao_bot.engine.look import look
from dao_bot.engine.services import StrategyPlan
from dao_bot.strategy import Observation


def brief(path: Path, strategy: str, as_facts: bool, directory: Path | None) -> int:
    """Decide at the newest block and print the brief; into `directory`, NAME-brief.json and NAME-brief.md.

    A strategy writes a brief by keeping it in its memory: `{"brief": JSON, "page": Markdown}`.

    Raises:
        NotFound: there is no such strategy, or it writes no brief.
    """
    with open_desk(path) as desk:
        found = brief_in(_memory(desk, chosen(desk, strategy)))
    if found is None:
        raise NotFound(f"strategy {strategy!r} writes no brief", next_step="Name one whose `use` is curation")
    if directory is not None:
        write_brief(directory, strategy, found)
    if as_facts:
        print_json(found.facts)
    else:
        print_text(found.page)
    return DONE


@dataclass(frozen=True, slots=True)
class Brief:
    """For programs, and for people as Markdown."""

    facts: Mapping[str, Any]
    page: str


def brief_in(memory: Mapping[str, Any]) -> Brief | None:
    """The brief that a strategy's memory holds."""
    facts, page = memory.get("brief"), memory.get("page")
    return Brief(facts, page) if isinstance(facts, Mapping) and isinstance(page, str) else None


def write_brief(directory: Path, strategy: str, found: Brief) -> tuple[Path, Path]:
    """As NAME-brief.json and NAME-brief.md.

    Raises:
        BadInput: they cannot be written there.
    """
    paths = directory / f"{strategy}-brief.json", directory / f"{strategy}-brief.md"
    _write(paths[0], json.dumps(found.facts, indent=2, ensure_ascii=True) + "\n")
    _write(paths[1], found.page.rstrip("\n") + "\n")
    return paths


def _memory(desk: Desk, plan: StrategyPlan) -> Mapping[str, Any]:
    """What the strategy would remember of a run now; the run is not recorded."""
    services, store = desk.services, desk.store
    block = services.endpoints.pin()
    run = RunId(plan.name, plan.schedule.latest(block.timestamp) or block.timestamp)
    needs = plan.process.describe()
    seen = look(services, run, needs, store.committed(services.treasury.safe), block)
    stored = store.memory(plan.name)
    observation = Observation(
        run,
        seen.block,
        services.treasury.tokens,
        {need: seen.seen[need] for need in needs},
        stored[1] if stored else None,
    )
    decision = plan.process.decide(observation)
    return decision.memory.value if decision.memory is not None else {}


def _write(path: Path, text: str) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise BadInput(
            f"cannot write {path}", value=error.strerror, next_step="Name a directory that you may write to"
        ) from error
