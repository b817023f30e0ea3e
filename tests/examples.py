"""How many examples a property is tried with: few in the suite, many times more in `make chaos`."""

from __future__ import annotations

import os

TIMES = int(os.environ.get("DAO_BOT_EXAMPLES_TIMES", "1"))


def examples(count: int) -> int:
    """`count` in the suite."""
    return count * TIMES
