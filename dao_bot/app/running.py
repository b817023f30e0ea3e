"""`dao-bot run`: the long-lived process, or one pass of it."""

from __future__ import annotations

from pathlib import Path

from dao_bot.app.exits import DONE, FAILED
from dao_bot.app.keeping import keeper_name, make_keeper
from dao_bot.app.output import print_text
from dao_bot.app.wiring import open_desk
from dao_bot.distribution import check_distribution
from dao_bot.engine.round import Round, Told
from dao_bot.engine.waker import keep_running
from dao_bot.store.values import RunResult


def run(path: Path, once: bool) -> int:
    """Run what is due and tick the keeper; with `once` a single time, else until SIGTERM or SIGINT."""
    check_distribution()
    with open_desk(path) as desk:
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


def _print(told: list[Told]) -> None:
    for each in told:
        print_text(f"{each.subject}: {each.words}")
