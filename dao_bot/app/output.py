"""Where the command line prints: facts to standard output, progress to standard error."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from dao_bot.domain.hashing import canonical

if TYPE_CHECKING:
    from rich.console import RenderableType


def print_json(facts: Any) -> None:
    """One JSON document on standard output; integers beyond 2**53 are strings."""
    sys.stdout.write(json.dumps(canonical(facts), indent=2, ensure_ascii=True) + "\n")


def short_id(id_: str) -> str:
    """A proposal's or a mandate's id as people read and type it; what is no id stays as it is."""
    return id_[2:14] if id_.startswith("0x") else id_


def print_text(text: str) -> None:
    """Lines for people on standard output."""
    sys.stdout.write(text.rstrip("\n") + "\n")


def print_shown(shown: RenderableType, width: int) -> None:
    """Something that was laid out for `width` columns: in colours on a terminal, as plain text anywhere else."""
    from rich.console import Console

    if not sys.stdout.isatty():
        from dao_bot.cards.terminal import plain

        print_text(plain(shown, width))
        return
    Console(width=width, markup=False, emoji=False, highlight=False).print(shown)


def progress(*, quiet: bool = False) -> Callable[[str], None]:
    """A reporter that writes each step with the seconds since the first one to standard error."""
    started = time.monotonic()

    def report(step: str) -> None:
        if not quiet:
            sys.stderr.write(f"{time.monotonic() - started:6.1f} s  {step}\n")
            sys.stderr.flush()

    return report
