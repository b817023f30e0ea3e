"""Errors in words, also those that nobody expected: they are told like any other, and stop nothing but their cause."""

from __future__ import annotations

import traceback

from dao_bot.config.secrets import redact
from dao_bot.domain.errors import DaoBotError


def in_words(error: Exception) -> str:
    """The message of our own errors; of a bug its kind, its message and the line that raised it."""
    if isinstance(error, DaoBotError):
        return str(error)
    frames = traceback.extract_tb(error.__traceback__)
    where = f" at {frames[-1].filename}:{frames[-1].lineno}" if frames else ""
    return f"unexpected {type(error).__name__}{where}: {redact(str(error))}. This is a bug to report."
