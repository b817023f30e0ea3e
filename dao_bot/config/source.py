"""Reads YAML so that nothing is guessed: every scalar but true, false and null stays the text that was written.

A plain YAML loader turns an unquoted `0x…` address into a number, `010` into 8, `no` into false and `1:30` into 90,
and lets a key stand twice. Here numbers are parsed by the settings that expect them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import yaml

from dao_bot.config.problems import KeyPath, Position, Problem
from dao_bot.config.text import HIDDEN, hidden_character, position_at
from dao_bot.config.tree import TreeBuilder, Unreadable, secret_in_file

LARGEST_FILE = 1_048_576
_MOST_CHARACTERS_TOLD = 20
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # the same events, several times faster where it exists


@dataclass(frozen=True, slots=True)
class Source:
    """A file as data, and where in the file each part of it stands.

    Attributes:
        data: mappings, lists, text, True, False and None; an empty mapping for a file that cannot be read.
        positions: of every value, at its key if it is a mapping or a list with a key.
        keys: of every key.
        problems: what is wrong with the file as YAML.
        broken: paths that a problem was already told of; what stands there is of no use.
        readable: False when nothing more can be said of the file than its `problems`.
    """

    file: str
    text: str
    data: dict[str, Any]
    positions: Mapping[KeyPath, Position]
    keys: Mapping[KeyPath, Position]
    problems: tuple[Problem, ...]
    broken: frozenset[KeyPath]
    readable: bool

    def position(self, path: KeyPath, *, key: bool = False) -> Position | None:
        """Where `path` stands, or the nearest part above it that exists; its key rather than its value on request."""
        if key and path in self.keys:
            return self.keys[path]
        for length in range(len(path), -1, -1):
            found = self.positions.get(path[:length])
            if found is not None:
                return found
        return None

    def problem(self, path: KeyPath, what: str, *, key: bool = False) -> Problem:
        """A problem with its place."""
        return Problem(self.file, self.position(path, key=key), path, what)

    def is_broken(self, path: KeyPath) -> bool:
        """Whether a problem was already told of `path` or of something above it."""
        return any(path[:length] in self.broken for length in range(len(path) + 1))


_BEGIN = "`dao-bot init` writes one to begin with"


def read_source(path: Path, begin: str = _BEGIN) -> Source:
    """The file at `path`. Never raises for what it finds there: all of that is in `problems`.

    Args:
        begin: how to come by such a file, for who has none.
    """
    file = path.name or str(path)
    try:
        with path.open("rb") as handle:
            content = handle.read(LARGEST_FILE + 1)
    except FileNotFoundError:
        return _unreadable(file, f"there is no file {path}; {begin}")
    except IsADirectoryError:
        return _unreadable(file, f"{path} is a directory; name the file in it")
    except (OSError, ValueError) as error:
        return _unreadable(file, f"the file cannot be read: {getattr(error, 'strerror', None) or error}")
    if len(content) > LARGEST_FILE:
        return _unreadable(file, f"the file is too large; allowed: {LARGEST_FILE} bytes")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return _unreadable(file, f"the file is not UTF-8 text (line {line}); save it as UTF-8")
    return parse_source(file, text)


def parse_source(file: str, text: str) -> Source:
    """`text` as if it had been read from `file`."""
    hidden = [
        Problem(file, position_at(text, match.start()), (), hidden_character(match.group()))
        for match in islice(HIDDEN.finditer(text), _MOST_CHARACTERS_TOLD)
    ]
    if hidden:
        return _failed(file, text, hidden)
    builder = TreeBuilder(file)
    fatal = _build(builder, text)
    fatal += [
        Problem(file, position_at(text, offset), (), secret_in_file(what)) for offset, what in builder.unsettled(text)
    ]
    if not fatal and (builder.documents == 0 or builder.data is None):
        return _unreadable(file, f"the file is empty; {_BEGIN}")
    if not fatal and not isinstance(builder.data, dict):
        fatal = [Problem(file, Position(1, 1), (), "the file must be a mapping (`key: value` on each line)")]
    if fatal:
        return _failed(file, text, [*builder.problems, *fatal])
    return Source(
        file=file,
        text=text,
        data=builder.data,
        positions={**builder.positions, (): Position(1, 1)},
        keys=builder.keys,
        problems=tuple(builder.problems),
        broken=frozenset(builder.broken),
        readable=True,
    )


def _build(builder: TreeBuilder, text: str) -> list[Problem]:
    """What stopped the reading, if anything did."""
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            builder.take(event)
    except Unreadable as stop:
        return [Problem(builder.file, stop.position, stop.path, stop.what)]
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        position = Position(mark.line + 1, mark.column + 1) if mark else None
        context = f" ({error.context})" if error.context else ""
        return [Problem(builder.file, position, (), f"not valid YAML: {error.problem}{context}{_hint(text, position)}")]
    except yaml.reader.ReaderError as error:
        position = position_at(text, error.position)
        return [Problem(builder.file, position, (), f"not valid YAML: {error.reason}")]
    return []


def _hint(text: str, position: Position | None) -> str:
    """The usual reason why a line is not understood."""
    lines = text.splitlines()
    line = lines[position.line - 1] if position and position.line <= len(lines) else ""
    if "\t" in line[: len(line) - len(line.lstrip())]:
        return "; indent with spaces, a tab stands here"
    if line.count(": ") > 1 and "{" not in line:
        return "; text that contains `: ` needs quotes"
    return ""


def _failed(file: str, text: str, problems: Iterable[Problem]) -> Source:
    return Source(file, text, {}, {(): Position(1, 1)}, {}, tuple(problems), frozenset(), readable=False)


def _unreadable(file: str, what: str) -> Source:
    return _failed(file, "", [Problem(file, None, (), what)])
