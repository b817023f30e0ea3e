"""Refusing deep JSON before the parser sees it, which recurses as deep as some library let the whole process."""

from __future__ import annotations

import re

DEEPEST = 32
_STRING_OR_BRACKET = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[\]{}]', re.DOTALL)
"""An unfinished string is taken to the end, so that the time stays linear."""


def is_too_deep(text: str, deepest: int = DEEPEST) -> bool:
    """Whether brackets nest deeper than `deepest`; text that is no JSON may be called either."""
    depth = 0
    for token in _STRING_OR_BRACKET.finditer(text):
        depth += {"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0)
        if depth > deepest:
            return True
    return False
