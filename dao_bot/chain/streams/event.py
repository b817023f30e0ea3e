"""Events as Solidity declares them: `Transfer(address indexed from, address indexed to, uint256 value)`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from dao_bot.chain.codec import split_types, type_of
from dao_bot.domain.errors import BadInput
from dao_bot.domain.hashing import keccak

_DECLARATION = re.compile(r"\s*(?:event\s+)?([A-Za-z_$][\w$]*)\s*(\(.*\))\s*;?\s*", re.DOTALL)
_PARAMETER = re.compile(r"([a-z]+\d*(?:\[\d*\])*)(\s+indexed)?(?:\s+([A-Za-z_$][\w$]*))?")
_WORD = re.compile(r"address|bool|u?int\d+|bytes\d+")
_MOST_INDEXED = 3
_LIMIT = "such as Transfer(address indexed from, address indexed to, uint256 value)"


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter. `kind` is its canonical ABI type."""

    name: str
    kind: str
    indexed: bool

    @property
    def is_word(self) -> bool:
        """Whether a value takes exactly one 32-byte word."""
        return _WORD.fullmatch(self.kind) is not None

    @property
    def column_kind(self) -> str:
        """The type of its column: of what is indexed and longer than a word, a log carries the hash alone."""
        return "bytes32" if self.indexed and not self.is_word else self.kind


@dataclass(frozen=True)
class Event:
    """One event. Make it with `parse_event`."""

    name: str
    parameters: tuple[Parameter, ...]

    @cached_property
    def topic(self) -> bytes:
        """The first topic of its logs: the hash of its canonical signature."""
        return keccak(f"{self.name}({','.join(each.kind for each in self.parameters)})".encode())

    @cached_property
    def indexed(self) -> tuple[Parameter, ...]:
        """The parameters in topics, in order."""
        return tuple(each for each in self.parameters if each.indexed)

    @cached_property
    def plain(self) -> tuple[Parameter, ...]:
        """The parameters in the data, in order."""
        return tuple(each for each in self.parameters if not each.indexed)

    def __str__(self) -> str:
        """Canonical, with the markers and the names."""
        words = (
            f"{each.kind} indexed {each.name}" if each.indexed else f"{each.kind} {each.name}"
            for each in self.parameters
        )
        return f"{self.name}({', '.join(words)})"

    def matches(self, log: Mapping[str, Any]) -> bool:
        """Whether a log of JSON-RPC is one of this event; events that differ only in what is indexed share a topic."""
        topics: list[Any] = log.get("topics") or []
        if len(topics) != 1 + len(self.indexed) or str(topics[0]).lower() != f"0x{self.topic.hex()}":
            return False
        if not all(each.is_word for each in self.plain):
            return True
        return len(log.get("data") or "") == 2 + 64 * len(self.plain)


def parse_event(text: str) -> Event:
    """The event that `text` declares. Names may be left out; then they are `arg0`, `arg1`, ….

    Raises:
        BadInput: it is no declaration, or one that columns cannot hold (tuples, arrays of arrays, anonymous events).
    """
    match = _DECLARATION.fullmatch(text)
    if match is None:
        raise BadInput("not an event", value=repr(text)[:120], limit=_LIMIT)
    try:
        declared = split_types(re.sub(r"\s*([(),])\s*", r"\1", match[2]))
    except ValueError as error:
        raise BadInput("not the parameters of an event", value=repr(text)[:120], limit=_LIMIT) from error
    parameters = tuple(_parameter(each, number) for number, each in enumerate(declared))
    names = [each.name for each in parameters]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise BadInput("an event has two parameters of one name", value=", ".join(twice))
    if sum(each.indexed for each in parameters) > _MOST_INDEXED:
        raise BadInput("an event has too many indexed parameters", value=match[1], limit=_MOST_INDEXED)
    return Event(match[1], parameters)


def _parameter(text: str, number: int) -> Parameter:
    match = _PARAMETER.fullmatch(text)
    if match is None or match[3] == "indexed":
        raise BadInput("not a parameter of an event that columns can hold", value=repr(text)[:80], limit=_LIMIT)
    kind = re.sub(r"\b(u?int)(?!\d)", r"\g<1>256", match[1])
    element = re.sub(r"\[\d*\]\Z", "", kind)
    try:
        type_of(kind)
    except ValueError as error:
        raise BadInput("not a type of the ABI", value=kind, limit=_LIMIT) from error
    if element != kind and (element.endswith("]") or not _WORD.fullmatch(element)):
        raise BadInput("columns hold arrays of addresses, numbers, bools and bytesN only", value=kind)
    return Parameter(match[3] or f"arg{number}", kind, match[2] is not None)
