"""Exit codes, and how an error is told: 0 done, 1 failed, 2 bad input, 3 refused by policy, 130 interrupted."""

from __future__ import annotations

import errno
import json
import os
import sys
import tempfile
import traceback
from typing import Any

from dao_bot.domain.errors import BadInput, DaoBotError, PluginFailed, Refused

DONE, FAILED, BAD_INPUT, REFUSED = 0, 1, 2, 3


def tell(error: Exception, *, as_json: bool) -> int:
    """Say what went wrong, for people and on request for programs; the exit code."""
    from typer.exceptions import Abort, TyperException

    if isinstance(error, DaoBotError):
        explain(error, as_json=as_json)
        return exit_code(error)
    if isinstance(error, TyperException):
        error.show()  # type: ignore[attr-defined]  # every exception of its parser has it
        _print_json({"error": "BadInput", "what": error.format_message()}, as_json)
        return BAD_INPUT
    if isinstance(error, Abort):
        sys.stderr.write("dao-bot: the input ended before it was complete; nothing was done\n")
        return BAD_INPUT
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        full = DaoBotError("the disk is full", value=error.filename, next_step="Free some space, then start again")
        explain(full, as_json=as_json)
        return FAILED
    return _tell_bug(error, as_json=as_json)


def tell_interruption(*, as_json: bool) -> None:
    """Somebody pressed Ctrl-C."""
    what = "interrupted; what was recorded is kept, and nothing is half done"
    sys.stderr.write(f"dao-bot: {what}.\n")
    _print_json({"error": "Interrupted", "what": what}, as_json)


def exit_code(error: DaoBotError) -> int:
    """The code for an error, by its kind."""
    if isinstance(error, BadInput):
        return BAD_INPUT
    return REFUSED if isinstance(error, Refused) else FAILED


def explain(error: DaoBotError, *, as_json: bool) -> None:
    """The error on standard error, for people; with `--json` also as JSON on standard output, for programs."""
    facts = facts_of(error)
    sys.stderr.write(f"dao-bot: {error}\n")
    if isinstance(error, PluginFailed) and error.details:
        facts["details"] = _in_file(error.details)
        sys.stderr.write(f"Details for the strategy's author: {facts['details']}\n")
    _print_json(facts, as_json)


def facts_of(error: DaoBotError) -> dict[str, Any]:
    """What an error says, apart."""
    facts = {
        "error": type(error).__name__,
        "what": error.what,
        "value": None if error.value is None else str(error.value),
        "limit": None if error.limit is None else str(error.limit),
        "next_step": error.next_step,
    }
    problems = getattr(error, "problems", None)
    return facts if problems is None else {**facts, "problems": [str(problem) for problem in problems]}


def _tell_bug(error: Exception, *, as_json: bool) -> int:
    """What no part of the program expected: one line, and the rest in a file that only this user can read."""
    from dao_bot.config.secrets import redact

    what = f"{type(error).__name__}: {redact(str(error)).splitlines()[0][:200] if str(error) else 'no message'}"
    next_step = f"This is a bug; details in {_in_file(''.join(traceback.format_exception(error)))}"
    sys.stderr.write(f"dao-bot: {what}. {next_step}.\n")
    _print_json({"error": "Bug", "what": what, "value": None, "limit": None, "next_step": next_step}, as_json)
    return FAILED


def _in_file(details: str) -> str:
    """Write what is too long to print where only this user can read it; the path, or why there is none."""
    from dao_bot.config.secrets import redact

    try:
        descriptor, path = tempfile.mkstemp(prefix="dao-bot-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(redact(details))
    except OSError as error:
        return f"no file ({error.strerror})"
    return path


def _print_json(facts: dict[str, Any], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(facts) + "\n")
