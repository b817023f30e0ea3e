"""Where the command line prints: facts to standard output, progress to standard error."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from dao_bot.domain.hashing import canonical


def print_json(facts: Any) -> None:
    """One JSON document on standard output; integers beyond 2**53 are strings."""
    sys.stdout.write(json.dumps(canonical(facts), indent=2, ensure_ascii=True) + "\n")


def print_text(text: str) -> None:
    """Lines for people on standard output."""
    sys.stdout.write(text.rstrip("\n") + "\n")


def progress(*, quiet: bool = False) -> Callable[[str], None]:
    """A reporter that writes each step with the seconds since the first one to standard error."""
    started = time.monotonic()

    def report(step: str) -> None:
        if not quiet:
            sys.stderr.write(f"{time.monotonic() - started:6.1f} s  {step}\n")
            sys.stderr.flush()

    return report
