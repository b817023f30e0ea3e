"""The log as JSON lines: one object for each thing that is said, with whole ids in fields of their own."""

from __future__ import annotations

import contextlib
import json
import logging
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from dao_bot.app.output import print_text
from dao_bot.config.secrets import redact
from dao_bot.engine.log_ids import log_ids
from dao_bot.engine.round import Told
from dao_bot.store.values import RunResult

_log = logging.getLogger("dao_bot")
_OWN = ("dao_bot", "governance")


def ids_of(told: Told) -> dict[str, Any]:
    """What it was about."""
    return log_ids(told.run, told.proposal)


def tell_as_json(told: list[Told]) -> None:
    """Into the log."""
    for each in told:
        level = logging.ERROR if each.result is RunResult.FAILED else logging.INFO
        facts = {"subject": each.subject, "words": each.words, "result": each.result, **ids_of(each)}
        _log.log(level, "%s", each.words, extra={"facts": facts})


@contextmanager
def saying(subject: str, *, as_json: bool) -> Iterator[Callable[[str], None]]:
    """How a process that serves says something: as a line for people, or like everything that is logged, as JSON."""
    if not as_json:
        yield _say_plainly
        return
    with logging_as_json():
        yield lambda words: tell_as_json([Told(subject, words)])


def _say_plainly(words: str) -> None:
    print_text(words)
    sys.stdout.flush()


@contextmanager
def logging_as_json() -> Iterator[None]:
    """All that this program logs, and what libraries warn of, goes to standard output as JSON lines."""
    root, handler = logging.getLogger(), _ToStandardOutput(sys.stdout)
    handler.setFormatter(_AsJson())
    before, root.handlers = root.handlers, [handler]
    levels = {logger: logger.level for logger in (root, *map(logging.getLogger, _OWN))}
    for logger in levels:
        logger.setLevel(logging.WARNING if logger is root else logging.INFO)
    logging.captureWarnings(True)
    try:
        yield
    finally:
        logging.captureWarnings(False)
        root.handlers = before
        for logger, level in levels.items():
            logger.setLevel(level)


class _AsJson(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        facts: Mapping[str, Any] = getattr(record, "facts", {})
        if "words" not in facts:
            facts = {"subject": record.name, "words": redact(super().format(record)), **facts}
        line = {"at": round(record.created, 3), "level": record.levelname.lower(), **facts}
        return json.dumps(line, ensure_ascii=False)


class _ToStandardOutput(logging.StreamHandler[Any]):
    """A full disk or a reader that left must not be the keeper's end."""

    def handleError(self, record: logging.LogRecord) -> None:
        with contextlib.suppress(OSError):
            sys.stderr.write(f"the log cannot be written: {type(sys.exc_info()[1]).__name__}\n")
