"""Builds data with positions from YAML events: iteratively, within bounds, refusing what lets a file say two things."""

from __future__ import annotations

import bisect
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from dao_bot.config.problems import KeyPath, Position, Problem
from dao_bot.config.secrets import leaks
from dao_bot.config.text import HIDDEN, hidden_character

DEEPEST = 32
MOST_NODES = 100_000
LONGEST_TEXT = 4_096
"""Python reads no number of more than 4,300 digits."""

_TYPED = {"true": True, "false": False, "null": None, "": None}
_HASH_NAMES = ("hash", "hashes", "digest")
NOT_SHOWN = "(not shown)"


class Unreadable(Exception):
    """Nothing after this place can be understood."""

    def __init__(self, position: Position, path: KeyPath, what: str) -> None:
        super().__init__(what)
        self.position, self.path, self.what = position, path, what


@dataclass(slots=True)
class _Frame:
    """A mapping or list that is being filled. What is `muted` stands under a repeated key and is not kept."""

    path: KeyPath
    container: dict[str, Any] | list[Any]
    muted: bool
    key: str | None = None
    key_position: Position | None = None
    repeated: bool = False

    @property
    def expects_key(self) -> bool:
        return isinstance(self.container, dict) and self.key is None

    @property
    def child(self) -> KeyPath:
        part = len(self.container) if isinstance(self.container, list) else self.key
        return self.path if part is None else (*self.path, part)


@dataclass(slots=True)
class TreeBuilder:
    """Takes events one after another; afterwards holds what `Source` needs.

    Attributes:
        settled: (start, end) offsets, growing, of text in which a secret was told of or a hash is expected.
    """

    file: str
    data: Any = None
    documents: int = 0
    positions: dict[KeyPath, Position] = field(default_factory=dict)
    keys: dict[KeyPath, Position] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    broken: set[KeyPath] = field(default_factory=set)
    settled: list[tuple[int, int]] = field(default_factory=list)
    _stack: list[_Frame] = field(default_factory=list)
    _nodes: int = 0

    def take(self, event: yaml.Event) -> None:
        """The next event of the parser.

        Raises:
            Unreadable: the file is too deep, too large, has a second document or a key that is not text.
        """
        position = _position(event)
        if isinstance(event, yaml.DocumentStartEvent):
            self.documents += 1
            if self.documents > 1:
                raise Unreadable(position, (), "a second document begins here (`---`); one file holds one")
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            self._stack.pop()
        elif isinstance(event, yaml.NodeEvent):
            self._take_node(event, position)

    def _take_node(self, event: yaml.NodeEvent, position: Position) -> None:
        self._nodes += 1
        if self._nodes > MOST_NODES:
            raise Unreadable(position, (), f"the file has too many keys and values; allowed: {MOST_NODES}")
        frame = self._stack[-1] if self._stack else None
        path = frame.child if frame else ()
        if isinstance(event, yaml.AliasEvent):
            self._take_alias(event, frame, path, position)
            return
        self._refuse_anchor_and_tag(event, path, position)
        if isinstance(event, yaml.ScalarEvent):
            if frame and frame.expects_key:
                self._take_key(event, frame, position)
            else:
                self._take_value(event, frame, path, position)
        else:
            self._open(event, frame, path, position)

    def _take_alias(self, event: yaml.AliasEvent, frame: _Frame | None, path: KeyPath, position: Position) -> None:
        what = f"aliases are not understood (`*{event.anchor}`); write the value out"
        if frame and frame.expects_key:
            raise Unreadable(position, path, what)
        self._tell(position, path, what)
        self.broken.add(path)
        self._place(frame, path, None, position)

    def _refuse_anchor_and_tag(self, event: Any, path: KeyPath, position: Position) -> None:
        if event.anchor is not None:
            self._tell(position, path, f"anchors are not understood (`&{event.anchor}`); write the value out each time")
        if event.tag is not None:
            self._tell(position, path, f"tags are not understood (`{event.tag}`); remove it")
            if isinstance(event, yaml.ScalarEvent) and path:
                self.broken.add(path)

    def _take_key(self, event: yaml.ScalarEvent, frame: _Frame, position: Position) -> None:
        key = self._acceptable(event, frame.path, position, hash_expected=False)
        if key is None:
            key = NOT_SHOWN
        path = (*frame.path, key)
        if key == "<<" and event.implicit[0]:
            self._tell(position, path, "merge keys are not understood; write the keys out")
            self.broken.add(path)
        frame.key, frame.key_position = key, position
        frame.repeated = not frame.muted and key in frame.container
        if frame.repeated:
            first = self.keys[path].line
            self._tell(position, path, f"the key stands here a second time; the first is on line {first}")
        elif not frame.muted:
            self.keys[path] = position

    def _take_value(self, event: yaml.ScalarEvent, frame: _Frame | None, path: KeyPath, position: Position) -> None:
        hash_expected = any(isinstance(part, str) and part.lower().endswith(_HASH_NAMES) for part in path)
        text = self._acceptable(event, path, position, hash_expected=hash_expected)
        if text is None:
            self.broken.add(path)
            self._place(frame, path, NOT_SHOWN, position)
        elif event.implicit[0] and text in _TYPED:
            beside_key = frame.key_position if frame and not text else None
            self._place(frame, path, _TYPED[text], beside_key or position)
        else:
            self._place(frame, path, text, position)

    def _acceptable(
        self, event: yaml.ScalarEvent, path: KeyPath, position: Position, *, hash_expected: bool
    ) -> str | None:
        """The text, or None when it must not stand there, which is told without repeating it."""
        text: str = event.value
        secrets = [leak.what for leak in leaks(text) if not (leak.is_hex and hash_expected)]
        if secrets or hash_expected:
            self.settled.append((_mark(event.start_mark).index, _mark(event.end_mark).index))
        if secrets:
            self._tell(position, path, secret_in_file(secrets[0]))
        elif len(text) > LONGEST_TEXT:
            self._tell(position, path, f"the text is too long; allowed: {LONGEST_TEXT} characters")
        elif hidden := HIDDEN.search(text):
            self._tell(position, path, hidden_character(hidden.group()))
        else:
            return text
        return None

    def _open(self, event: yaml.NodeEvent, frame: _Frame | None, path: KeyPath, position: Position) -> None:
        if frame and frame.expects_key:
            raise Unreadable(position, path, "a key must be plain text; a `{` or `[` in it needs quotes")
        if len(self._stack) >= DEEPEST:
            raise Unreadable(position, path, f"the file is nested too deeply; allowed: {DEEPEST} levels")
        muted = bool(frame and (frame.muted or frame.repeated))
        container: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
        at = frame.key_position if frame and frame.key_position else position
        self._place(frame, path, container, at)
        self._stack.append(_Frame(path, container, muted))

    def _place(self, frame: _Frame | None, path: KeyPath, value: Any, position: Position) -> None:
        if frame is None:
            self.data = value
            self.positions[()] = position
            return
        if not (frame.muted or frame.repeated):
            self.positions[path] = position
        if isinstance(frame.container, list):
            frame.container.append(value)
            return
        if not frame.repeated:
            frame.container[frame.key or ""] = value
        frame.key, frame.key_position, frame.repeated = None, None, False

    def _tell(self, position: Position, path: KeyPath, what: str) -> None:
        self.problems.append(Problem(self.file, position, path, what))

    def unsettled(self, text: str) -> Iterator[tuple[int, str]]:
        """Offset and kind of secrets in the rest of the file: comments, and phrases spread over several values."""
        for leak in leaks(text):
            nearest = bisect.bisect_right(self.settled, (leak.start, len(text)))
            if nearest == 0 or leak.end > self.settled[nearest - 1][1]:
                yield leak.start, leak.what


def secret_in_file(what: str) -> str:
    """What to say of a secret that stands in the file."""
    hint = " (a hash is expected only under a key that ends in `hash`)" if what == "a private key" else ""
    return (
        f"this looks like {what}{hint}; secrets never stand in this file: write env:NAME or file:PATH, "
        "and if it was real, move its funds, because it must be taken as known"
    )


def _position(event: yaml.Event) -> Position:
    mark = _mark(event.start_mark)
    return Position(mark.line + 1, mark.column + 1)


def _mark(mark: Any) -> Any:
    """Every event of a parser has its marks; the type says only that one made by hand may lack them."""
    return mark
