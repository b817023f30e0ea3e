"""`dao-bot run`: the long-lived process, or one pass of it."""

from __future__ import annotations

from pathlib import Path

from dao_bot.app.exits import DONE, FAILED
from dao_bot.app.keeping import keeper_name, make_keeper
from dao_bot.app.output import print_text
from dao_bot.app.wiring import Desk, open_desk
from dao_bot.engine.acceptance import accept_safe
from dao_bot.engine.look import look_at_safe
from dao_bot.engine.round import Round, Told
from dao_bot.engine.waker import keep_running
from dao_bot.store.values import RunResult


def run(path: Path, once: bool) -> int:
    """Run what is due and tick the keeper; with `once` a single time, else until SIGTERM or SIGINT."""
    with open_desk(path) as desk:
        _accept_at_first_sight(desk)
        name = keeper_name()
        keeper = make_keeper(desk, name)
        round_ = Round(desk.services, desk.store, keeper, name)
        if once:
            told = round_.play()
            _print(told)
            return FAILED if any(each.result is RunResult.FAILED for each in told) else DONE
        print_text(f"dao-bot is running {desk.config.treasury.name} in mode {desk.config.mode} as keeper {name}.")
        keep_running(round_, _print)
    print_text("Stopped; nothing was left half done.")
    return DONE


def _accept_at_first_sight(desk: Desk) -> None:
    """The first run records who controls the Safe; every later one holds the Safe against it."""
    if desk.services.accepted_safe() is not None:
        return
    block, safe = look_at_safe(desk.services)
    accept_safe(desk.store, safe, block.timestamp)
    print_text(f"The Safe is accepted as it is: {safe.threshold} of {len(safe.owners)} owners, version {safe.version}.")


def _print(told: list[Told]) -> None:
    for each in told:
        print_text(f"{each.subject}: {each.words}")
