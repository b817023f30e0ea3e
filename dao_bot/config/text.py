"""Characters that a reviewer cannot see, and places in a text."""

from __future__ import annotations

import re
import unicodedata

from dao_bot.config.problems import Position

HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069\ud800-\udfff\ufeff]"
)
"""Control characters, and those that hide text or turn its direction (so that a review sees another file)."""

_LINE_BREAK = re.compile(r"\r\n|\r|\n")


def hidden_character(character: str) -> str:
    """What to say of one."""
    name = unicodedata.name(character, "a control character")
    return f"a character that cannot be seen stands here (U+{ord(character):04X}, {name}); remove it"


def position_at(text: str, offset: int) -> Position:
    """Line and column of an offset, counting lines as YAML does."""
    line, start = 1, 0
    for match in _LINE_BREAK.finditer(text, 0, offset):
        line, start = line + 1, match.end()
    return Position(line, offset - start + 1)
