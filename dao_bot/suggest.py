"""What to say when a name is unknown: the one that was probably meant, or the ones that exist."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from itertools import islice

_COMPARED = 200
_LISTED = 12


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """A sentence for the end of an error: ``Did you mean `x`?``, or what exists; empty when nothing does."""
    names = sorted(set(known))
    lower = {name.lower(): name for name in islice(names, _COMPARED)}
    written = word[:64].lower()
    close = difflib.get_close_matches(written, lower, n=3, cutoff=0.6)
    if close:
        likeliest = min(close, key=lambda name: sorted(name) != sorted(written))  # two letters exchanged: USCD
        return f"Did you mean `{lower[likeliest]}`?"
    if not names:
        return ""
    rest = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return f"Known: {', '.join(names[:_LISTED])}{rest}"
