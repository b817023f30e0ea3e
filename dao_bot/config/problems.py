"""What is wrong with a configuration file, and where: one line for each problem, all of them at once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from dao_bot.config.secrets import redact
from dao_bot.domain.errors import BadInput

KeyPath = tuple[str | int, ...]
"""Keys and list positions from the top of the file, such as `("policy", "rules", 3, "max")`."""

_PLAIN_KEY = re.compile(r"[\w-]{1,64}")


@dataclass(frozen=True, slots=True, order=True)
class Position:
    """Line and column, both counted from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Problem:
    """`file:line:column: path: what is wrong`. `position` is None when the file as a whole is wrong."""

    file: str
    position: Position | None
    path: KeyPath
    what: str

    def __post_init__(self) -> None:
        """However a problem is printed, what it repeats of the file holds no secret."""
        object.__setattr__(self, "what", redact(self.what))

    def __str__(self) -> str:
        where = f"{self.file}:{self.position.line}:{self.position.column}" if self.position else self.file
        path = f" {path_text(self.path)}:" if self.path else ""
        return f"{where}:{path} {self.what}"


class ConfigErrors(BadInput):
    """Everything that is wrong with one file, in the order of its lines."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        start = Position(0, 0)
        self.problems = tuple(sorted(problems, key=lambda problem: problem.position or start))
        count = len(self.problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the configuration")

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)


def path_text(path: KeyPath) -> str:
    """`policy.rules[3].max`; keys with spaces or dots in quotes: `treasury.address_book["Team Safe"]`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif not _PLAIN_KEY.fullmatch(part):
            text += f"[{shown(part)}]"
        else:
            text += f".{part}" if text else part
    return text


def shown(value: object) -> str:
    """A value of the file for an error: text in quotes and cut short, containers by name, nothing secret."""
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, (list, tuple)):
        return "a list"
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        return str(value)[:60]
    printable = redact(value).encode("unicode_escape").decode() if not value.isprintable() else redact(value)
    cut = printable if len(printable) <= 60 else printable[:57] + "..."
    return f'"{cut}"'
