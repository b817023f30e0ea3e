"""Validation errors in words that a steward understands, with the name that was probably meant."""

from __future__ import annotations

import re
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from dao_bot.config.problems import shown
from dao_bot.suggest import did_you_mean

Location = tuple[str | int, ...]
_KEY_MARK = "[key]"
_MAPPINGS = ("model_type", "model_attributes_type", "dict_type", "mapping_type", "dataclass_type")
_LISTS = ("list_type", "tuple_type", "set_type", "frozen_set_type", "iterable_type")
_NO_INPUT = object()
_UNKNOWN_KEY = ("Extra inputs are not permitted", "unknown key")
_COUNT = re.compile(r"\w+ should have (at (?:least|most) \d+) items? after validation, not (\w+)", re.IGNORECASE)
_PLACED = re.compile(r"(?P<place>[\w-]+(?:\.[\w-]+)*): (?P<what>.+)", re.DOTALL)


def in_words(error: Mapping[str, Any], model: Any = None) -> str:
    """One error of pydantic (`type`, `loc`, `msg`, and `input` and `ctx` where they are known) as a phrase.

    Args:
        model: the model that was validated; lets an unknown key name the one that was probably meant.
    """
    kind, message = str(error.get("type", "")), str(error["msg"])
    location = plain_location(error["loc"])
    value = error.get("input", _NO_INPUT)
    if kind == "missing" or message == "Field required":
        return "this key is missing"
    if kind == "extra_forbidden" or message == "Extra inputs are not permitted":
        return f"unknown key. {did_you_mean(str(location[-1]), _keys_at(model, location[:-1]))}".rstrip(" .")
    if value is None and kind.endswith(("_type", "_error", "_parsing")):
        return "there is no value; write one, or remove the key"
    if kind in _MAPPINGS:
        return f"must be a mapping (`key: value`){_is(value)}"
    if kind in _LISTS:
        return f"must be a list (`- item`){_is(value)}"
    if kind.startswith("bool"):
        return f"must be true or false{_is(value)}"
    if kind in ("literal_error", "enum"):
        return _choice(error, value)
    if message.startswith(("Value error, ", "Assertion failed, ")):
        return message.partition(", ")[2].rstrip(".")
    if count := _COUNT.match(message):
        return f"must have {count[1]} of them, has {count[2]}"
    words = message.replace("Input should be", "must be").replace("Input should", "must")
    return words[:1].lower() + words[1:] + _is(value)


def _choice(error: Mapping[str, Any], value: object) -> str:
    expected = str(error.get("ctx", {}).get("expected", ""))
    names = [name.strip().strip("'") for name in expected.replace(" or ", ", ").split(",")]
    hint = did_you_mean(value, names) if isinstance(value, str) else ""
    suffix = f". {hint}" if hint.startswith("Did") else ""
    return f"must be {' or '.join(f'`{name}`' for name in names)}{_is(value)}{suffix}"


def _is(value: object) -> str:
    return "" if value is _NO_INPUT else f", is {shown(value)}"


def plain_location(location: typing.Iterable[str | int]) -> Location:
    """Where the error is, without pydantic's mark for a mapping's key."""
    return tuple(part for part in location if part != _KEY_MARK)


def is_about_key(error: Mapping[str, Any]) -> bool:
    """Whether the key is wrong rather than the value."""
    unknown = error.get("type") == "extra_forbidden" or str(error["msg"]).startswith(_UNKNOWN_KEY)
    return unknown or _KEY_MARK in error["loc"]


def split_by_place(error: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """An error of a whole model whose message names places, `a.b: what; c: what`, as one error for each place."""
    if error["loc"]:
        return [error]
    message = str(error["msg"]).removeprefix("Value error, ")
    parts = [_PLACED.fullmatch(part) for part in message.split("; ")]
    if not all(parts):
        return [error]
    return [{"loc": part["place"].split("."), "msg": part["what"]} for part in parts if part]


def _keys_at(annotation: Any, location: Location) -> tuple[str, ...]:
    """Keys that the model knows at `location`."""
    for part in location:
        annotation = next(_below(annotation, part), None)
    models = [item for item in _alternatives(annotation) if isinstance(item, type) and issubclass(item, BaseModel)]
    return tuple(field.alias or name for model in models for name, field in model.model_fields.items())


def _below(annotation: Any, part: str | int) -> Iterator[Any]:
    for option in _alternatives(annotation):
        if isinstance(option, type) and issubclass(option, BaseModel):
            if part in option.model_fields:
                yield option.model_fields[str(part)].annotation
        else:
            arguments = [argument for argument in typing.get_args(option) if argument is not Ellipsis]
            if arguments:
                yield arguments[-1]


def _alternatives(annotation: Any) -> Iterator[Any]:
    """The members of a union, without their annotations."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        yield from _alternatives(typing.get_args(annotation)[0])
    elif origin in (typing.Union, types.UnionType):
        for member in typing.get_args(annotation):
            yield from _alternatives(member)
    else:
        yield annotation
