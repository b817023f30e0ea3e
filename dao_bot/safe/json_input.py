"""Reading JSON that anybody may have written: bounded, without duplicate keys, floats or other surprises."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from dao_bot.domain.addresses import Address, parse_address
from dao_bot.domain.errors import BadInput
from dao_bot.domain.json_depth import DEEPEST, is_too_deep

MOST_BYTES = 2_000_000
_LARGEST_INTEGER = 2**53 - 1
_UINT256_DIGITS = 78


def read_json_object(raw: bytes, what: str) -> Mapping[str, Any]:
    """A JSON object.

    Args:
        what: what the file should be, for errors, such as "a batch file".

    Raises:
        BadInput: too large, not UTF-8, not JSON, not an object, nested too deep, a key twice, or a number that is no
            whole number below 2**53.
    """
    if len(raw) > MOST_BYTES:
        raise BadInput(f"the file is too large for {what}", value=f"{len(raw)} bytes", limit=f"{MOST_BYTES} bytes")
    try:
        text = raw.decode("utf-8")
        check_depth(text, "the file")
        value = json.loads(
            text,
            object_pairs_hook=_without_duplicates,
            parse_float=_no_float,
            parse_int=_small_integer,
            parse_constant=_no_float,
        )
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise BadInput(f"the file is not {what}: it is no JSON", value=str(error)[:120]) from error
    if not isinstance(value, dict):
        raise BadInput(f"the file is not {what}", value=f"a JSON {type(value).__name__}", limit="a JSON object")
    _check_unicode(value)
    return value


def check_depth(text: str, what: str) -> None:
    """Raise `BadInput` for more than 32 levels."""
    if is_too_deep(text):
        raise BadInput(f"{what} is nested too deep", limit=f"{DEEPEST} levels")


def text_at(entry: Mapping[str, Any], key: str, where: str) -> str:
    """The text at `key`; missing or of another type is an error."""
    value = entry.get(key)
    if not isinstance(value, str):
        raise BadInput(f"{where} has no text `{key}`", value=_shown(value))
    return value


def address_at(entry: Mapping[str, Any], key: str, where: str) -> Address:
    """The address at `key`, with its checksum if it is in mixed case."""
    try:
        return parse_address(text_at(entry, key, where))
    except BadInput as error:
        error.add_note(f"In {where}, `{key}`.")
        raise


def whole_number(value: object, where: str) -> int:
    """A number of at most 256 bits, written in decimal digits (as text), or a small JSON integer."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    if not isinstance(value, str) or not value.isascii() or not value.isdigit() or len(value) > _UINT256_DIGITS:
        raise BadInput(f"{where} is no whole number", value=_shown(value), limit="decimal digits, as text")
    number = int(value)
    if number >= 2**256:
        raise BadInput(f"{where} does not fit 256 bits", value=value, limit="2**256 - 1")
    return number


def hex_bytes(text: str, where: str) -> bytes:
    """`0x` and an even number of hex digits as bytes."""
    digits = text[2:]
    if text[:2] != "0x" or len(digits) % 2 or any(digit not in "0123456789abcdefABCDEF" for digit in digits):
        raise BadInput(f"{where} is no data", value=_shown(text), limit="0x and an even number of hex digits")
    return bytes.fromhex(digits)


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise BadInput("the file names a key twice, and readers differ on which one counts", value=repr(key[:80]))
        found[key] = value
    return found


def _no_float(text: str) -> Any:
    raise BadInput("the file has a number that is not whole", value=text[:40], limit="whole numbers, amounts as text")


def _small_integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > _LARGEST_INTEGER:
        raise BadInput(
            "the file has a number that JavaScript would change", value=text[:40], limit="below 2**53; amounts as text"
        )
    return int(text)


def _check_unicode(value: object) -> None:
    if isinstance(value, str) and any(0xD800 <= ord(character) < 0xE000 for character in value):
        raise BadInput("the file has text that is no valid Unicode", value=_shown(value))
    children = [*value.keys(), *value.values()] if isinstance(value, dict) else value if isinstance(value, list) else ()
    for child in children:
        _check_unicode(child)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
