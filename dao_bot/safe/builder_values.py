"""Method and inputs of a Transaction Builder file as calldata, by the builder's rules for values written as text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dao_bot.chain.abi import encode
from dao_bot.domain.addresses import parse_address
from dao_bot.domain.errors import BadInput
from dao_bot.domain.hashing import keccak
from dao_bot.safe.json_input import check_depth, hex_bytes

_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,199}")
_ARRAY = re.compile(r"(.+)\[([0-9]{0,4})\]")
_INTEGER = re.compile(r"(u?)int([0-9]{0,3})")
_FIXED_BYTES = re.compile(r"bytes([0-9]{1,2})")
_INTEGER_TEXT = re.compile(r"-?[0-9]{1,78}|0x[0-9a-fA-F]{1,64}")
_STRING_OR_WORD = re.compile(r'"(?:[^"\\]|\\.)*+"?|[^\s\[\],"]+')
_MOST_INPUTS = 64
_MOST_ITEMS = 10_000
_NO_METHOD = ("receive", "fallback", "")


@dataclass(frozen=True, slots=True)
class _Type:
    """An ABI type.

    Attributes:
        canonical: as it stands in a signature.
        item, length: of an array; length None where it is open.
        parts: of a tuple.
    """

    canonical: str
    item: _Type | None = None
    length: int | None = None
    parts: tuple[_Type, ...] | None = None


def encode_method(method: object, values: object, where: str) -> bytes | None:
    """Calldata of `contractMethod` with `contractInputsValues`; None where the file has no method.

    Raises:
        BadInput: the method or a value is malformed.
    """
    if method is None:
        return None
    if not isinstance(method, dict) or not isinstance(method.get("inputs"), list):
        raise BadInput(f"the contractMethod of {where} is malformed")
    name, inputs = method.get("name"), method["inputs"]
    if name in _NO_METHOD:
        return b""
    if not isinstance(name, str) or not _NAME.fullmatch(name) or len(inputs) > _MOST_INPUTS:
        raise BadInput(f"the contractMethod of {where} is malformed", value=repr(name)[:80])
    types = [_type_of(parameter, where) for parameter in inputs]
    given = values if isinstance(values, dict) else {}
    parsed = [
        _input_value(parameter, kind, given, position, where)
        for position, (parameter, kind) in enumerate(zip(inputs, types, strict=True))
    ]
    canonical = [kind.canonical for kind in types]
    signature = f"{name}({','.join(canonical)})"
    return keccak(signature.encode())[:4] + encode(canonical, parsed, f"{signature} in {where}")


def _type_of(parameter: object, where: str) -> _Type:
    written = parameter.get("type") if isinstance(parameter, dict) else None
    if not isinstance(parameter, dict) or not isinstance(written, str) or len(written) > 40:
        raise BadInput(f"an input of the contractMethod of {where} has no type")
    array = _ARRAY.fullmatch(written)
    if array:
        item = _type_of({**parameter, "type": array[1]}, where)
        length = int(array[2]) if array[2] else None
        return _Type(f"{item.canonical}[{'' if length is None else length}]", item=item, length=length)
    if written == "tuple":
        components = parameter.get("components")
        if not isinstance(components, list) or not 0 < len(components) <= _MOST_INPUTS:
            raise BadInput(f"a tuple in the contractMethod of {where} has no components")
        parts = tuple(_type_of(component, where) for component in components)
        return _Type("(" + ",".join(part.canonical for part in parts) + ")", parts=parts)
    return _Type(_canonical(written, where))


def _canonical(written: str, where: str) -> str:
    if written in ("address", "bool", "string", "bytes"):
        return written
    integer, fixed = _INTEGER.fullmatch(written), _FIXED_BYTES.fullmatch(written)
    if integer:
        bits = int(integer[2] or 256)
        if bits % 8 == 0 and 8 <= bits <= 256:
            return f"{integer[1]}int{bits}"
    if fixed and 1 <= int(fixed[1]) <= 32:
        return f"bytes{int(fixed[1])}"
    raise BadInput(f"an input of the contractMethod of {where} has an unknown type", value=repr(written))


def _input_value(parameter: Mapping[str, Any], kind: _Type, given: Mapping[str, Any], position: int, where: str) -> Any:
    name = parameter.get("name") or str(position)
    if not isinstance(name, str) or name not in given:
        raise BadInput(f"the input {name!r} of {where} has no value"[:160])
    return _value(kind, given[name], f"the input {name!r} of {where}"[:160])


def _value(kind: _Type, value: Any, where: str) -> Any:
    if kind.item is not None:
        items = _list(value, kind, where)
        if kind.length is not None and len(items) != kind.length:
            raise BadInput(f"{where} has the wrong length", value=len(items), limit=kind.length)
        return [_value(kind.item, item, where) for item in items]
    if kind.parts is not None:
        items = _list(value, kind, where)
        if len(items) != len(kind.parts):
            raise BadInput(f"{where} has the wrong number of parts", value=len(items), limit=len(kind.parts))
        return tuple(_value(part, item, where) for part, item in zip(kind.parts, items, strict=True))
    return _single(kind.canonical, value, where)


def _list(value: Any, kind: _Type, where: str) -> list[Any]:
    """A list as JSON, or as the text of one.

    The builder reads tuples and lists of strings as JSON, whose large numbers lose digits there, and takes other
    lists apart itself, with or without quotes.
    """
    if isinstance(value, str):
        as_json = "(" in kind.canonical or kind.canonical.startswith("string")
        check_depth(value, where)
        try:
            value = json.loads(
                value if as_json else _quoted_words(value), parse_int=_exact if as_json else str, parse_float=_no_float
            )
        except json.JSONDecodeError as error:
            raise BadInput(f"{where} is no list", value=repr(value)[:80], limit="such as [1, 2]") from error
    if not isinstance(value, list):
        raise BadInput(f"{where} is no list", value=repr(value)[:80], limit="such as [1, 2]")
    if len(value) > _MOST_ITEMS:
        raise BadInput(f"{where} is too long", value=len(value), limit=_MOST_ITEMS)
    return value


def _quoted_words(text: str) -> str:
    """`[0xabc, true]` with the words in quotes, as JSON needs them; what is in quotes already stays."""
    return _STRING_OR_WORD.sub(lambda word: word[0] if word[0][0] == '"' else f'"{word[0]}"', text)


def _exact(text: str) -> str:
    if len(text) > 17 or abs(int(text)) >= 2**53:
        raise BadInput(
            "the Transaction Builder would change this number", value=text[:80], limit="below 2**53, or in quotes"
        )
    return text


def _no_float(text: str) -> Any:
    raise BadInput("a number that is not whole", value=text[:80])


def _single(kind: str, value: Any, where: str) -> Any:
    if isinstance(value, bool) and kind == "bool":
        return value
    if not isinstance(value, str):
        raise BadInput(f"{where} is not written as text", value=repr(value)[:80], limit=f"a {kind} as text")
    if kind == "string":
        return value
    text = value.strip()
    if kind == "address":
        return parse_address(text)
    if kind == "bool":
        if text.lower() not in ("true", "1", "false", "0"):
            raise BadInput(f"{where} is neither true nor false", value=repr(text)[:80])
        return text.lower() in ("true", "1")
    if kind.startswith("bytes"):
        data = hex_bytes(text, where)
        if kind != "bytes" and len(data) != int(kind.removeprefix("bytes")):
            raise BadInput(f"{where} has the wrong length", value=f"{len(data)} bytes", limit=kind)
        return data
    if not _INTEGER_TEXT.fullmatch(text):
        raise BadInput(f"{where} is no whole number", value=repr(text)[:80])
    return int(text, 16) if text.startswith("0x") else int(text)
