"""`dao-bot pause` and `resume`: whether a strategy runs; what it proposed before is not touched."""

from __future__ import annotations

import time
from pathlib import Path

from dao_bot.app.exits import DONE
from dao_bot.app.output import print_json, print_text
from dao_bot.app.planning import chosen
from dao_bot.app.wiring import Desk, open_desk


def pause(path: Path, strategy: str, reason: str, as_facts: bool) -> int:
    """No runs from now on, until `resume`; works also while no node answers."""
    with open_desk(path) as desk:
        name = chosen(desk, strategy).name
        desk.store.pause(name, reason, int(time.time()))
        _tell(desk, name, as_facts)
    return DONE


def resume(path: Path, strategy: str, as_facts: bool) -> int:
    """Runs again from its next fire on, and its failures are forgotten."""
    with open_desk(path) as desk:
        name = chosen(desk, strategy).name
        desk.store.resume(name, int(time.time()))
        _tell(desk, name, as_facts)
    return DONE


def _tell(desk: Desk, name: str, as_facts: bool) -> None:
    state = desk.store.strategy_state(name)
    if as_facts:
        print_json({"strategy": name, "paused": state.paused, "reason": state.reason, "failures": state.failures})
    else:
        print_text(f"{name} is paused: {state.reason}" if state.paused else f"{name} runs at its next fire.")
