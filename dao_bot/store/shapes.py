"""Shapes: how a value of an annotated type becomes plain JSON and comes back as the same value.

Pydantic is not used here: the open set of operations hides behind a `Protocol`, and its lax conversions (a number for a
text, a list for a tuple) would bring back something else than what was approved.
"""

from __future__ import annotations

import dataclasses
import enum
import types
from collections.abc import Callable, Mapping
from typing import Any, NewType, Union, get_args, get_origin, get_type_hints

TUPLE, BYTES, ESCAPED = "$tuple", "$bytes", "$mapping"
"""Tags of what JSON has no word for; a mapping that has such a key itself is escaped."""


class Unfit(Exception):
    """A value that does not fit its type, with the path to it."""


@dataclasses.dataclass(frozen=True, slots=True)
class Shape:
    """Both directions for one type; each raises `Unfit`."""

    encode: Callable[[Any], Any]
    decode: Callable[[Any], Any]


def shape_of(type_: Any, known: dict[Any, Shape]) -> Shape:
    """The shape of an annotation, built once and kept in `known`.

    Raises:
        Unfit: for a type that cannot be stored (sets, lists, unions of dataclasses).
    """
    try:
        return known[type_]
    except KeyError:
        known[type_] = _build(type_, known)
        return known[type_]


def _build(type_: Any, known: dict[Any, Shape]) -> Shape:
    if isinstance(type_, NewType):
        return shape_of(type_.__supertype__, known)
    if type_ is object or type_ is Any:
        return FREE
    if type_ in _SCALARS:
        return _scalar(type_)
    if type_ is bytes:
        return Shape(_encode_bytes, _decode_bytes)
    origin, arguments = get_origin(type_), get_args(type_)
    if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
        return _row(shape_of(arguments[0], known))
    if origin is tuple:
        return _record(tuple(shape_of(argument, known) for argument in arguments))
    if origin in (Mapping, dict) and arguments[0] is str:
        return _mapping(shape_of(arguments[1], known))
    if origin in (Union, types.UnionType):
        return _union(arguments, known)
    if isinstance(type_, type) and issubclass(type_, enum.Enum):
        return _enumeration(type_)
    if isinstance(type_, type) and dataclasses.is_dataclass(type_):
        return _fields(type_, known)
    raise Unfit(f"values of the type {type_} cannot be stored")


_SCALARS: dict[type, tuple[type, ...]] = {
    str: (str,),
    int: (int,),
    bool: (bool,),
    float: (float, int),
    type(None): (type(None),),
}


def _scalar(type_: type) -> Shape:
    accepted = _SCALARS[type_]

    def check(value: Any) -> Any:
        if isinstance(value, bool) is not (type_ is bool) or not isinstance(value, accepted):
            raise Unfit(f"{type(value).__name__} {value!r:.80} where {type_.__name__} is expected")
        return value

    return Shape(check, check)


def _encode_bytes(value: Any) -> str:
    if not isinstance(value, bytes):
        raise Unfit(f"{type(value).__name__} {value!r:.80} where bytes are expected")
    return "0x" + value.hex()


def _decode_bytes(value: Any) -> bytes:
    if not isinstance(value, str) or not value.startswith("0x"):
        raise Unfit(f"{value!r:.80} where 0x-hex is expected")
    return bytes.fromhex(value[2:])


def _row(item: Shape) -> Shape:
    def encode(value: Any) -> list[Any]:
        if not isinstance(value, tuple):
            raise Unfit(f"{type(value).__name__} where a tuple is expected")
        return [_at(index, item.encode, entry) for index, entry in enumerate(value)]

    def decode(value: Any) -> tuple[Any, ...]:
        return tuple([_at(index, item.decode, entry) for index, entry in enumerate(_listed(value))])

    return Shape(encode, decode)


def _record(items: tuple[Shape, ...]) -> Shape:
    def encode(value: Any) -> list[Any]:
        if not isinstance(value, tuple) or len(value) != len(items):
            raise Unfit(f"{type(value).__name__} where a tuple of {len(items)} is expected")
        return [_at(i, shape.encode, entry) for i, (shape, entry) in enumerate(zip(items, value, strict=True))]

    def decode(value: Any) -> tuple[Any, ...]:
        if len(_listed(value)) != len(items):
            raise Unfit(f"{len(value)} entries where {len(items)} are expected")
        return tuple([_at(i, shape.decode, entry) for i, (shape, entry) in enumerate(zip(items, value, strict=True))])

    return Shape(encode, decode)


def _mapping(item: Shape) -> Shape:
    def encode(value: Any) -> dict[str, Any]:
        return {key: _at(key, item.encode, entry) for key, entry in _keyed(value).items()}

    def decode(value: Any) -> dict[str, Any]:
        return {key: _at(key, item.decode, entry) for key, entry in _keyed(value).items()}

    return Shape(encode, decode)


def _union(members: tuple[Any, ...], known: dict[Any, Shape]) -> Shape:
    """Scalars name their own type in JSON; besides them, one structured member can be told apart."""
    scalars = tuple(kind for member in members if member in _SCALARS for kind in _SCALARS[member])
    structured = [member for member in members if member not in _SCALARS]
    if len(structured) > 1:
        raise Unfit(f"a union of {structured} cannot be told apart when it is read back")
    other = shape_of(structured[0], known) if structured else None

    def choose(value: Any, direction: str) -> Any:
        if type(value) in scalars or (other is None and isinstance(value, scalars)):
            return value
        if other is None:
            raise Unfit(f"{type(value).__name__} {value!r:.80} where one of {members} is expected")
        return getattr(other, direction)(value)

    if other is not None and str in scalars:
        raise Unfit(f"a union of text and {structured[0]} cannot be told apart when it is read back")
    return Shape(lambda value: choose(value, "encode"), lambda value: choose(value, "decode"))


def _enumeration(type_: type[enum.Enum]) -> Shape:
    def encode(value: Any) -> Any:
        if not isinstance(value, type_):
            raise Unfit(f"{value!r:.80} is no {type_.__name__}")
        return value.value

    return Shape(encode, type_)


def _fields(type_: type, known: dict[Any, Shape]) -> Shape:
    """A dataclass as an object of its fields. Fields with a default may be absent: rows older than the field."""
    # A dataclass may hold values of its own type: its shape is known before it is built.
    known[type_] = Shape(lambda value: encode(value), lambda value: decode(value))  # noqa: PLW0108
    hints = get_type_hints(type_)
    fields = tuple((f.name, shape_of(hints[f.name], known)) for f in dataclasses.fields(type_))
    names = frozenset(name for name, _ in fields)

    def encode(value: Any) -> dict[str, Any]:
        if type(value) is not type_:
            raise Unfit(f"{type(value).__name__} where {type_.__name__} is expected")
        return {name: _at(name, shape.encode, getattr(value, name)) for name, shape in fields}

    def decode(value: Any) -> Any:
        if unknown := _keyed(value).keys() - names:
            raise Unfit(f"{type_.__name__} has no field {sorted(unknown)}")
        return type_(**{name: _at(name, shape.decode, value[name]) for name, shape in fields if name in value})

    return Shape(encode, decode)


def _encode_free(value: Any) -> Any:
    if value is None or isinstance(value, (bool, str, int, float)):
        return value.value if isinstance(value, enum.Enum) else value
    if isinstance(value, bytes):
        return {BYTES: "0x" + value.hex()}
    if isinstance(value, tuple):
        return {TUPLE: [_at(index, _encode_free, entry) for index, entry in enumerate(value)]}
    if isinstance(value, list):
        return [_at(index, _encode_free, entry) for index, entry in enumerate(value)]
    if isinstance(value, Mapping):
        encoded = {key: _at(key, _encode_free, entry) for key, entry in _keyed(value).items()}
        return {ESCAPED: encoded} if encoded.keys() & {TUPLE, BYTES, ESCAPED} else encoded
    raise Unfit(f"{type(value).__name__} has no form in JSON")


def _decode_free(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode_free(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if TUPLE in value:
        return tuple([_decode_free(entry) for entry in _listed(value[TUPLE])])
    if BYTES in value:
        return _decode_bytes(value[BYTES])
    if ESCAPED in value:
        value = _keyed(value[ESCAPED])
    return {key: _decode_free(entry) for key, entry in value.items()}


FREE = Shape(_encode_free, _decode_free)
"""Values without a type: plain JSON, and tuples and bytes under a tag."""


def _at(step: object, convert: Callable[[Any], Any], value: Any) -> Any:
    try:
        return convert(value)
    except Unfit as error:
        raise Unfit(f"{step}: {error}") from None


def _listed(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Unfit(f"{type(value).__name__} where a list is expected")
    return value


def _keyed(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise Unfit(f"{type(value).__name__} where a mapping with text keys is expected")
    return value
