"""Text for Discord: nothing that anybody wrote becomes markup, a mention or a link."""

from __future__ import annotations

from dao_bot.cards.text import LINE, clean

MOST_TITLE = 256
MOST_DESCRIPTION = 4096
MOST_FIELD = 1024
MOST_THREAD_NAME = 100

_MARKUP = frozenset("\\*_~`|[]<")
_MARKUP_AT_START = frozenset("#>-+")
_BREAK = "\N{ZERO WIDTH SPACE}"


def plain(text: object, limit: int = LINE) -> str:
    """`text` as text, at most `limit` characters with all that the escaping adds; what is cut ends in an ellipsis.

    Characters that hide or reorder are replaced (`cards.text.clean`), markup is escaped, and `@`, `://` and invitations
    are broken by a space of no width, so that nothing pings and nothing leads anywhere.
    """
    line = clean(text, 4 * limit)
    made: list[str] = []
    length = 0
    for position, character in enumerate(line):
        part = _safe(line, position, character)
        if length + len(part) > limit - 1 and length + _length(line[position:]) > limit:
            return "".join(made) + "…"
        made.append(part)
        length += len(part)
    return "".join(made)


def name(text: object, limit: int = MOST_THREAD_NAME) -> str:
    """A thread's name: shown as it is, without markup, so that only what hides is replaced."""
    line = clean(text, 4 * limit)
    return line if len(line) <= limit else line[: limit - 1] + "…"


def code(text: str) -> str:
    """A hash or a command as code; it is ours, and has no backtick."""
    return f"`{text.replace('`', '')}`"


def when(at: int) -> str:
    """A time that each reader sees in his own zone, and how far away it is."""
    return f"<t:{at}:f> (<t:{at}:R>)"


def cut(lines: list[str], limit: int = MOST_FIELD) -> str:
    """As many whole lines as fit, and how many are left out."""
    kept: list[str] = []
    for number, line in enumerate(lines):
        rest = len(lines) - number
        more = f"… and {rest} more"
        room = limit - sum(len(one) + 1 for one in kept)
        if len(line) > room or (rest > 1 and len(line) + 1 + len(more) > room):
            return "\n".join([*kept, more])
        kept.append(line)
    return "\n".join(kept)


def _safe(line: str, position: int, character: str) -> str:
    if character == "@":
        return "@" + _BREAK
    if character == "/" and line[position - 1 : position] in {":", "/"}:
        return _BREAK + "/"
    if character == "/" and line[:position].lower().endswith(("discord.gg", "discord.com", "discordapp.com")):
        return _BREAK + "/"
    markup = character in _MARKUP or (position == 0 and character in _MARKUP_AT_START)
    return "\\" + character if markup else character


def _length(line: str) -> int:
    return sum(len(_safe(line, position, character)) for position, character in enumerate(line))
