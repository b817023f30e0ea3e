"""`dao-bot run`: the long-lived process, or one pass of it."""

from __future__ import annotations

import sys
import threading
from contextlib import nullcontext
from pathlib import Path

from dao_bot.app.exits import DONE, FAILED
from dao_bot.app.keeping import make_keeper, make_seat
from dao_bot.app.logs import logging_as_json, tell_as_json
from dao_bot.app.output import print_text, short_id
from dao_bot.app.serving import page_beside
from dao_bot.app.watching import watching
from dao_bot.app.wiring import Desk, open_desk
from dao_bot.engine.acceptance import accept_safe
from dao_bot.engine.fitness import require_fit
from dao_bot.engine.look import look_at_safe
from dao_bot.engine.round import Round, Told
from dao_bot.engine.waker import keep_running
from dao_bot.store.values import RunResult


def run(path: Path, once: bool, as_json: bool = False) -> int:
    """Run what is due and tick the keeper; with `once` a single time, else until SIGTERM or SIGINT."""
    log = logging_as_json() if as_json else nullcontext()
    with log, open_desk(path) as desk, watching(desk) as watch:
        tell = tell_as_json if as_json else _Teller().tell
        tell(_accepted_at_first_sight(desk))
        _require_routes(desk)
        seat, stop = make_seat(desk), threading.Event()
        keeper = make_keeper(desk, seat, stop)
        round_ = Round(desk.services, desk.store, keeper, seat, stop, watch.after_round if watch else None)
        if once:
            told = round_.play()
            tell(told)
            return FAILED if any(each.result is RunResult.FAILED for each in told) else DONE
        mode = desk.config.mode
        tell([Told("dao-bot", f"runs {desk.config.treasury.name} in mode {mode} as keeper {seat.name}")])
        with page_beside(desk, lambda words: tell([Told("wallet page", words)])):
            keep_running(round_, tell)
        tell([Told("dao-bot", "stopped; nothing was left half done")])
    return DONE


def _accepted_at_first_sight(desk: Desk) -> list[Told]:
    """The first run records who controls the Safe; every later one holds the Safe against it."""
    if desk.services.accepted_safe() is not None:
        return []
    block, safe = look_at_safe(desk.services)
    accept_safe(desk.store, safe, block.timestamp)
    words = f"is accepted as it is: {safe.threshold} of {len(safe.owners)} owners, version {safe.version}"
    return [Told("the Safe", words)]


def _require_routes(desk: Desk) -> None:
    """Nothing runs beside a module that may do anything else than was derived."""
    block, safe = look_at_safe(desk.services)
    require_fit([route.check(desk.services, block, safe) for route in desk.services.routes.values()])


class _Teller:
    """Prints what happened; what is the same as in the round before is not said again."""

    def __init__(self) -> None:
        self._before: dict[str, list[str]] = {}

    def tell(self, told: list[Told]) -> None:
        now: dict[str, list[str]] = {}
        for each in told:
            now.setdefault(each.subject, []).append(each.words)
        for subject, lines in now.items():
            if lines != self._before.get(subject):
                print_text("\n".join(f"{short_id(subject)}: {line}" for line in lines))
        sys.stdout.flush()
        self._before = now
