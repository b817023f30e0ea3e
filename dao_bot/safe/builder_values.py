"""Method and inputs of a Transaction Builder file as calldata, by the builder's rules for values written as text."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from dao_bot.chain.abi import encode
from dao_bot.domain.addresses import parse_address
from dao_bot.domain.errors import BadInput
from dao_bot.domain.hashing import keccak
from dao_bot.safe.json_input import hex_bytes

_NAME = re.compile(r"[A-Za-z_$][A-Za-z0-9_$]{0,199}")
_ARRAY = re.compile(r"(.+)\[(\d{0,4})\]")
_INTEGER = re.compile(r"(u?)int(\d{0,3})")
_FIXED_BYTES = re.compile(r"bytes(\d{1,2})")
_INTEGER_TEXT = re.compile(r"-?\d{1,78}|0x[0-9a-fA-F]{1,64}")
_MOST_INPUTS = 64
_NO_METHOD = ("receive", "fallback", "")


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
    signature = f"{name}({','.join(types)})"
    return keccak(signature.encode())[:4] + encode(types, parsed, f"{signature} in {where}")


def _type_of(parameter: object, where: str) -> str:
    """Canonical ABI type of an input, tuples by their components."""
    kind = parameter.get("type") if isinstance(parameter, dict) else None
    if not isinstance(parameter, dict) or not isinstance(kind, str) or len(kind) > 40:
        raise BadInput(f"an input of the contractMethod of {where} has no type")
    array = _ARRAY.fullmatch(kind)
    if array:
        return f"{_type_of({**parameter, 'type': array[1]}, where)}[{array[2]}]"
    if kind == "tuple":
        components = parameter.get("components")
        if not isinstance(components, list) or not components or len(components) > _MOST_INPUTS:
            raise BadInput(f"a tuple in the contractMethod of {where} has no components")
        return "(" + ",".join(_type_of(component, where) for component in components) + ")"
    if kind in ("address", "bool", "string", "bytes"):
        return kind
    integer, fixed = _INTEGER.fullmatch(kind), _FIXED_BYTES.fullmatch(kind)
    if integer and (not integer[2] or (int(integer[2]) % 8 == 0 and 8 <= int(integer[2]) <= 256)):
        return f"{integer[1]}int{integer[2] or 256}"
    if fixed and 1 <= int(fixed[1]) <= 32:
        return kind
    raise BadInput(f"an input of the contractMethod of {where} has an unknown type", value=repr(kind))


def _input_value(parameter: Mapping[str, Any], kind: str, given: Mapping[str, Any], position: int, where: str) -> Any:
    name = parameter.get("name") or str(position)
    if not isinstance(name, str) or name not in given:
        raise BadInput(f"the input {name!r} of {where} has no value"[:160])
    return _value(parameter, kind, given[name], f"the input {name!r} of {where}"[:160])


def _value(parameter: Mapping[str, Any], kind: str, value: Any, where: str) -> Any:
    array = _ARRAY.fullmatch(parameter["type"])
    if array:
        inner = {**parameter, "type": array[1]}
        items = _list(value, kind, where)
        if array[2] and len(items) != int(array[2]):
            raise BadInput(f"{where} has the wrong length", value=len(items), limit=array[2])
        inner_kind = kind[: kind.rindex("[")]
        return [_value(inner, inner_kind, item, where) for item in items]
    if parameter["type"] == "tuple":
        return _tuple(parameter, value, where)
    return _single(kind, value, where)


def _tuple(parameter: Mapping[str, Any], value: Any, where: str) -> tuple[Any, ...]:
    components: Sequence[Mapping[str, Any]] = parameter["components"]
    items = _list(value, "(", where)
    if len(items) != len(components):
        raise BadInput(f"{where} has the wrong number of parts", value=len(items), limit=len(components))
    return tuple(
        _value(component, _type_of(component, where), item, where)
        for component, item in zip(components, items, strict=True)
    )


def _list(value: Any, kind: str, where: str) -> list[Any]:
    """A list as JSON, or as the text of one.

    The builder reads tuples and lists of strings as JSON, whose large numbers lose digits there, and takes other
    lists apart itself, with or without quotes.
    """
    if isinstance(value, str):
        strict = "(" in kind or kind.startswith("string")
        try:
            value = json.loads(
                value if strict else _quoted_words(value), parse_int=_exact if strict else str, parse_float=_no_float
            )
        except (json.JSONDecodeError, RecursionError) as error:
            raise BadInput(f"{where} is no list", value=repr(value)[:80], limit="such as [1, 2]") from error
    if not isinstance(value, list):
        raise BadInput(f"{where} is no list", value=repr(value)[:80], limit="such as [1, 2]")
    return value


def _quoted_words(text: str) -> str:
    """`[0xabc, true]` with the words in quotes, as JSON needs them; what is in quotes already stays."""
    return re.sub(
        r'"(?:[^"\\]|\\.)*"|[^\s\[\],"]+', lambda word: word[0] if word[0][0] == '"' else f'"{word[0]}"', text
    )


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
        data, fixed = hex_bytes(text, where), _FIXED_BYTES.fullmatch(kind)
        if fixed and len(data) != int(fixed[1]):
            raise BadInput(f"{where} has the wrong length", value=f"{len(data)} bytes", limit=kind)
        return data
    if not _INTEGER_TEXT.fullmatch(text):
        raise BadInput(f"{where} is no whole number", value=repr(text)[:80])
    return int(text, 16) if text.startswith("0x") else int(text)
