"""The log as JSON lines: one object for each thing that is said, with whole ids in fields of their own."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dao_bot.config.secrets import redact
from dao_bot.engine.round import Told
from dao_bot.store.values import RunResult

_log = logging.getLogger("dao_bot")


def ids_of(told: Told) -> dict[str, Any]:
    """What it was about: the strategy with the nominal time of its run, the run's and the proposal's id, or None."""
    run = told.run
    return {
        "strategy": run.strategy if run else None,
        "nominal": run.nominal if run else None,
        "run": run.digest if run else None,
        "proposal": told.proposal,
    }


def tell_as_json(told: list[Told]) -> None:
    """Into the log."""
    for each in told:
        level = logging.ERROR if each.result is RunResult.FAILED else logging.INFO
        facts = {"subject": each.subject, "words": each.words, "result": each.result, **ids_of(each)}
        _log.log(level, "%s", each.words, extra={"facts": facts})


@contextmanager
def logging_as_json() -> Iterator[None]:
    """Everything that is logged in this process, libraries' warnings too, goes to standard output as JSON lines."""
    root, handler = logging.getLogger(), _ToStandardOutput(sys.stdout)
    handler.setFormatter(_AsJson())
    before, root.handlers, level = root.handlers, [handler], root.level
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        root.handlers = before
        root.setLevel(level)


class _AsJson(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts: Mapping[str, Any] | None = getattr(record, "facts", None)
        if facts is None:
            facts = {"subject": record.name, "words": redact(super().format(record))}
        line = {"at": round(record.created, 3), "level": record.levelname.lower(), **facts}
        return json.dumps(line, ensure_ascii=False)


class _ToStandardOutput(logging.StreamHandler[Any]):
    """A full disk or a reader that left must not be the keeper's end."""

    def handleError(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.write(f"the log cannot be written: {type(sys.exc_info()[1]).__name__}\n")
