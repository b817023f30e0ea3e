"""Exit codes, and how an error is told: 0 done, 1 failed, 2 bad input, 3 refused by policy."""

from __future__ import annotations

import json
import sys

from dao_bot.domain.errors import BadInput, DaoBotError, Refused

DONE, FAILED, BAD_INPUT, REFUSED = 0, 1, 2, 3


def exit_code(error: DaoBotError) -> int:
    """The code for an error, by its kind."""
    if isinstance(error, BadInput):
        return BAD_INPUT
    return REFUSED if isinstance(error, Refused) else FAILED


def explain(error: DaoBotError, *, as_json: bool) -> None:
    """The error on standard error, for people; with `--json` also as JSON on standard output, for programs."""
    sys.stderr.write(f"dao-bot: {error}\n")
    if as_json:
        facts = {
            "error": type(error).__name__,
            "what": error.what,
            "value": None if error.value is None else str(error.value),
            "limit": None if error.limit is None else str(error.limit),
            "next_step": error.next_step,
        }
        sys.stdout.write(json.dumps(facts) + "\n")
