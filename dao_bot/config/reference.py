"""Writes docs/configuration.md from the models: every key, its type, its default, what it means.

`python -m dao_bot.config.reference` prints it; a test holds that the committed file is what it prints.
"""

from __future__ import annotations

import inspect
import re
import sys
import types
import typing
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, WithJsonSchema
from pydantic.fields import FieldInfo

from dao_bot import plugins
from dao_bot.config.settings import StrategiesFile
from dao_bot.domain.units import WAD, format_units

_INTRODUCTION = """\
# Configuration

Everything that a treasury may do stands in one file, `strategies.yaml`. `dao-bot init` writes one to begin with,
`dao-bot check` reads it offline and reports every error at once, each with file, line, column and key.

This page is generated from the settings themselves (`python -m dao_bot.config.reference > docs/configuration.md`).

## How values are written

| what | written | not understood |
| --- | --- | --- |
| a ratio | `12.5%`, `50bps` | `0.125`: its unit would be a guess |
| money | `250000 USD`, `250k USD`, `1.5M USD` | `250000` |
| a duration | `90s`, `30m`, `1h 30m`, `2d`, `1w` | `1:30` |
| a whole number | `10` | `010`, `1e1`, `0xa`, `1_0` |
| an address | `0x` and 40 hex digits, all in one case or with a valid checksum (EIP-55) | a wrong checksum |
| true or false | `true`, `false` | `yes`, `on`, `1` |
| a secret | `env:NAME`, `file:PATH` (relative to this file) | the secret itself; a file that holds one is refused |

Only `true`, `false` and `null` are anything but text until the setting that expects it reads it, so an unquoted address
stays an address. A key may stand once. Anchors, aliases, merge keys and tags are refused: the file says what it says.
The file is UTF-8, at most 1 MiB. Characters that cannot be seen are refused.
"""

_EXPLAINED = (
    "a ratio",
    "an amount of money",
    "a duration",
    "a whole number",
    "an address",
    "true or false",
    "a reference to a secret",
    "a short text",
    "a token's symbol",
    "the symbol of a configured token",
    "a name of lower-case letters, digits, - and _",
)
"""What the introduction explains, or the words say, needs no example at every key."""

_DURATIONS = ((86_400, "d"), (3_600, "h"), (60, "m"), (1, "s"))

_PLAIN_WORDS: dict[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    date: "a date",
    Any: "anything",
}


def reference() -> str:
    """The whole page, in Markdown.

    Raises:
        LookupError: a setting has no description.
    """
    parts = [_INTRODUCTION, "## The file\n", *section(StrategiesFile, "")]
    for group, heading, attribute in (
        (plugins.PROTOCOLS, "Protocols", "Settings"),
        (plugins.PRICE_SOURCES, "Price sources", "Settings"),
        (plugins.POLICY_RULES, "Policy rules", "Params"),
        (plugins.VOTING_POWER, "Sources of voting power", "Settings"),
        (plugins.APPROVALS, "Approval rules", "Settings"),
        (plugins.STRATEGIES, "Strategies", "Params"),
    ):
        parts.append(f"## {heading}\n")
        for name in shipped(group):
            kind = plugins.find(group, name)
            parts.append(f"### `{name}`\n")
            parts.append(_prose(kind) + "\n")
            parts += section(getattr(kind, attribute), "", beneath=True)
    return "\n".join(parts).rstrip() + "\n"


def shipped(group: str) -> Iterator[str]:
    """The plugins that come with this program, not those of other distributions."""
    for name in plugins.names(group):
        distribution = plugins.entry_point(group, name).dist
        if distribution is not None and distribution.name == "dao-bot":
            yield name


def section(model: type[BaseModel], path: str, *, beneath: bool = False) -> Iterator[str]:
    """A table of one model's keys, then the sections of the models inside it."""
    if path:
        yield f"### `{path}`\n" if not beneath else f"#### `{path}`\n"
        yield _prose(model) + "\n"
    if not model.model_fields:
        yield "No settings.\n"
        return
    yield "| key | value | default | meaning |\n| --- | --- | --- | --- |"
    for name, field in model.model_fields.items():
        cells = (f"`{name}`", _words(field.annotation, field.metadata), _default(field), description(model, name))
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    yield ""
    for name, field in model.model_fields.items():
        for inner, suffix in _models(field.annotation):
            if inner.model_fields and inner.__name__ != "PluginChoice":
                yield from section(inner, f"{path}.{name}{suffix}".lstrip("."), beneath=beneath)


def description(model: type[BaseModel], name: str) -> str:
    """What a key means: its field's description, or its line under `Attributes:` in the docstring of its model.

    Raises:
        LookupError: there is neither.
    """
    given = model.model_fields[name].description or _documented(model).get(name)
    if not given:
        raise LookupError(f"the setting {model.__module__}.{model.__qualname__}.{name} has no description")
    text = " ".join(given.split()).rstrip(".")
    return text[:1].upper() + text[1:] + "."


def _documented(model: type[BaseModel]) -> dict[str, str]:
    """Names and texts of the `Attributes:` sections of a model and its bases; `min, max: …` documents both."""
    found: dict[str, str] = {}
    for base in reversed(model.__mro__):
        found.update(_attributes(base))
    return found


def _attributes(model: type[Any]) -> dict[str, str]:
    _, _, section = inspect.cleandoc(model.__doc__ or "").partition("Attributes:\n")
    found: dict[str, str] = {}
    names: list[str] = []
    for line in section.splitlines():
        head = re.fullmatch(r" {4}([a-z_0-9]+(?:, [a-z_0-9]+)*): (.*)", line)
        if head:
            names = head[1].split(", ")
        for name in names:
            found[name] = f"{found.get(name, '')} {head[2] if head else line.strip()}".strip()
    return found


def _prose(kind: type[Any]) -> str:
    """The docstring without its lists of attributes."""
    text = inspect.cleandoc(kind.__doc__ or "").partition("Attributes:\n")[0]
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n")).strip()


def _words(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """A type in words."""
    for item in metadata:
        if isinstance(item, WithJsonSchema) and item.json_schema:
            words = str(item.json_schema["description"])
            return words if words in _EXPLAINED else f"{words}: `{item.json_schema['examples'][0]}`"
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return _words(arguments[0], arguments[1:])
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_words(argument) for argument in arguments if argument is not type(None))
    if origin is Literal:
        return " or ".join(f"`{argument}`" for argument in arguments)
    if origin in (tuple, list):
        inner = [argument for argument in arguments if argument is not Ellipsis]
        if len(inner) > 1 and len(arguments) == len(inner):
            return f"a list of {len(inner)}: {', '.join(dict.fromkeys(map(_words, inner)))}"
        return f"a list: {_words(inner[0])}"
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return f"a mapping: {_words(arguments[0])} to {_words(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return "`use` and the plugin's own settings" if annotation.__name__ == "PluginChoice" else "settings below"
    return _PLAIN_WORDS[annotation]


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "required"
    default = field.get_default(call_default_factory=True)
    if default is None or isinstance(default, BaseModel) or default in ({}, ()):
        return ""
    unit = _unit(field.annotation, field.metadata)
    if isinstance(default, tuple):
        return ", ".join(f"`{_written(item, unit)}`" for item in default)
    return f"`{_written(default, unit)}`"


def _unit(annotation: Any, metadata: Iterable[Any]) -> str:
    """How the innermost value of a type is written."""
    for item in metadata:
        if isinstance(item, WithJsonSchema) and item.json_schema:
            return str(item.json_schema["description"])
    arguments = [argument for argument in typing.get_args(annotation) if argument not in (Ellipsis, type(None))]
    if typing.get_origin(annotation) is typing.Annotated:
        return _unit(arguments[0], arguments[1:])
    return _unit(arguments[-1], ()) if arguments and typing.get_origin(annotation) is not Literal else ""


def _written(value: Any, unit: str) -> str:
    """A default as it would stand in the file."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if unit == "a ratio":
        return f"{_plain(value, WAD // 100)}%"
    if unit == "a price of gas":
        return f"{_plain(value, 10**9)} gwei"
    if unit == "an amount of money":
        return f"{_plain(value, WAD)} USD"
    if unit == "a duration":
        size, letter = next((size, letter) for size, letter in _DURATIONS if value % size == 0 < value or size == 1)
        return f"{value // size}{letter}"
    return str(value)


def _plain(value: int, one: int) -> str:
    digits = len(str(one)) - 1
    return format_units(value, digits, digits).replace(",", "").rstrip("0").rstrip(".")


def _models(annotation: Any, suffix: str = "") -> Iterator[tuple[type[BaseModel], str]]:
    """The models inside a type, with how they hang below its key: `.*` for a mapping, `[]` for a list."""
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation, suffix
    elif isinstance(origin, type) and issubclass(origin, Mapping):
        yield from _models(arguments[1], f"{suffix}.*")
    elif origin in (tuple, list):
        yield from _models(arguments[0], f"{suffix}[]")
    elif origin is typing.Annotated:
        yield from _models(arguments[0], suffix)
    elif origin in (typing.Union, types.UnionType):
        for argument in arguments:
            yield from _models(argument, suffix)


if __name__ == "__main__":
    sys.stdout.write(reference())
