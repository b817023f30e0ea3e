"""ABI encoding and decoding (Solidity, "Contract ABI Specification"): strict, bounded by the size of the data, fast.

Thousands of quotes are decoded in one run; eth_abi takes four times as long for them, and long to load. The tests hold
this against eth_abi.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Protocol

from dao_bot.domain.addresses import address_bytes, checksum, parse_address

_WORD = 32
_ELEMENTARY = re.compile(r"(address|bool|u?int|bytes)(\d*)")
_ARRAY = re.compile(r"(.*)\[(\d*)\]", re.DOTALL)


class Reader:
    """Data that is being decoded. Every word is read once in honest data; beyond that it is an attack, and refused."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self._budget = len(data)

    def take(self, at: int, size: int) -> bytes:
        """`size` bytes from position `at`."""
        taken = self.data[at : at + size]
        self._budget -= size
        if len(taken) != size or self._budget < 0:
            raise ValueError("the data is too short for what it says that it holds")
        return taken

    def number(self, at: int) -> int:
        """The unsigned integer of one word."""
        return int.from_bytes(self.take(at, _WORD), "big")


class Type(Protocol):
    """An ABI type. A dynamic one stands behind the head, where an offset in the head points to it."""

    @property
    def dynamic(self) -> bool: ...

    @property
    def head(self) -> int:
        """Bytes in the head of the tuple that it is part of."""
        ...

    def encode(self, value: Any) -> bytes: ...

    def decode(self, reader: Reader, at: int) -> Any: ...


@dataclass(frozen=True, slots=True)
class _Word:
    """One word: `size` is the bits of an integer, or the bytes of `bytesN`."""

    encoder: Callable[[Any, int], bytes]
    decoder: Callable[[bytes, int], Any]
    size: int
    dynamic: bool = False
    head: int = _WORD

    def encode(self, value: Any) -> bytes:
        return self.encoder(value, self.size)

    def decode(self, reader: Reader, at: int) -> Any:
        return self.decoder(reader.take(at, _WORD), self.size)


@dataclass(frozen=True, slots=True)
class _Bytes:
    """`bytes`, or `string` when `text`."""

    text: bool
    dynamic: bool = True
    head: int = _WORD

    def encode(self, value: Any) -> bytes:
        raw = value.encode() if self.text and isinstance(value, str) else value
        if not isinstance(raw, bytes) or isinstance(value, str) != self.text:
            raise ValueError(f"not {'a string' if self.text else 'bytes'}: {value!r}")
        return len(raw).to_bytes(_WORD, "big") + raw + b"\0" * (-len(raw) % _WORD)

    def decode(self, reader: Reader, at: int) -> Any:
        length = reader.number(at)
        padded = reader.take(at + _WORD, length + -length % _WORD)
        if any(padded[length:]):
            raise ValueError("bytes in the padding")
        return padded[:length].decode() if self.text else padded[:length]


@dataclass(frozen=True, slots=True)
class Tuple:
    """Several values, one after another."""

    parts: tuple[Type, ...]
    dynamic: bool
    head: int

    def encode(self, value: Any) -> bytes:
        if not isinstance(value, (tuple, list)) or len(value) != len(self.parts):
            raise ValueError(f"not {len(self.parts)} values: {value!r}")
        return _encode_parts(self.parts, value)

    def decode(self, reader: Reader, at: int) -> tuple[Any, ...]:
        return _decode_parts(self.parts, reader, at)


@dataclass(frozen=True, slots=True)
class _Array:
    """Values of one type; `length` None when it is told before them."""

    element: Type
    length: int | None
    dynamic: bool
    head: int

    def encode(self, value: Any) -> bytes:
        if not isinstance(value, (tuple, list)) or self.length not in (None, len(value)):
            raise ValueError(f"not an array of {self.length or 'any'} values: {value!r}")
        told = len(value).to_bytes(_WORD, "big") if self.length is None else b""
        return told + _encode_parts((self.element,) * len(value), value)

    def decode(self, reader: Reader, at: int) -> tuple[Any, ...]:
        if self.length is not None:
            return _decode_parts((self.element,) * self.length, reader, at)
        count = reader.number(at)
        if count * _WORD > len(reader.data):
            raise ValueError("an array longer than the data")
        return _decode_parts((self.element,) * count, reader, at + _WORD)


def type_of(kind: str) -> Type:
    """The type by its canonical name. Raises `ValueError` when there is none of that name."""
    if array := _ARRAY.fullmatch(kind):
        element, length = type_of(array[1]), int(array[2]) if array[2] else None
        dynamic = length is None or element.dynamic
        return _Array(element, length, dynamic, _WORD if dynamic else element.head * (length or 0))
    if kind in ("bytes", "string"):
        return _Bytes(kind == "string")
    if kind[:1] == "(":
        return tuple_of(split_types(kind))
    match = _ELEMENTARY.fullmatch(kind)
    size = int(match[2]) if match and match[2] else 0
    if match is None or match[2] != str(size or "") or size not in _SIZES[match[1]]:
        raise ValueError(f"not an ABI type: {kind!r}")
    return _Word(*_CODERS[match[1]], size)


@cache
def tuple_of(kinds: tuple[str, ...]) -> Tuple:
    """The type of a tuple, which arguments and results are too."""
    parts = tuple(type_of(kind) for kind in kinds)
    dynamic = any(part.dynamic for part in parts)
    return Tuple(parts, dynamic, _WORD if dynamic else sum(part.head for part in parts))


def split_types(text: str) -> tuple[str, ...]:
    """`(a,(b,c)[],d)` as `a`, `(b,c)[]`, `d`. Raises `ValueError` when it is no such list."""
    if text == "()":
        return ()
    parts, depth, start = [], 0, 1
    for position, character in enumerate(text):
        depth += (character == "(") - (character == ")")
        if (depth == 1 and character == ",") or depth == 0:
            parts.append(text[start:position])
            start = position + 1
        if depth == 0:
            break
    if text[:1] != "(" or start != len(text) or not all(parts):
        raise ValueError(f"not a list of ABI types: {text!r}")
    return tuple(parts)


def _encode_parts(parts: Sequence[Type], values: Sequence[Any]) -> bytes:
    heads: list[bytes] = []
    tails: list[bytes] = []
    position = sum(part.head for part in parts)
    for part, value in zip(parts, values, strict=True):
        encoded = part.encode(value)
        if part.dynamic:
            heads.append(position.to_bytes(_WORD, "big"))
            tails.append(encoded)
            position += len(encoded)
        else:
            heads.append(encoded)
    return b"".join([*heads, *tails])


def _decode_parts(parts: Sequence[Type], reader: Reader, start: int) -> tuple[Any, ...]:
    values: list[Any] = []
    at = start
    for part in parts:
        values.append(part.decode(reader, start + reader.number(at) if part.dynamic else at))
        at += part.head
    return tuple(values)


def _integer(value: Any, low: int, high: int) -> bytes:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value < high:
        raise ValueError(f"not an integer from {low} up to {high}: {value!r}")
    return (value % (1 << 256)).to_bytes(_WORD, "big")


@lru_cache(4096)  # a checksum takes longer than all the rest, and the same few addresses come again and again
def _encode_address(value: Any, _size: int) -> bytes:
    return b"\0" * 12 + address_bytes(parse_address(value))


@lru_cache(4096)
def _decode_address(word: bytes, _size: int) -> str:
    if any(word[:12]):
        raise ValueError("not an address")
    return checksum(word[12:])


def _encode_bool(value: Any, _size: int) -> bytes:
    if type(value) is not bool:
        raise ValueError(f"neither true nor false: {value!r}")
    return int(value).to_bytes(_WORD, "big")


def _decode_bool(word: bytes, _size: int) -> bool:
    return bool(_decode_unsigned(word, 1))


def _encode_fixed(value: Any, size: int) -> bytes:
    if not isinstance(value, bytes) or len(value) != size:
        raise ValueError(f"not {size} bytes: {value!r}")
    return value.ljust(_WORD, b"\0")


def _decode_fixed(word: bytes, size: int) -> bytes:
    if any(word[size:]):
        raise ValueError(f"not {size} bytes, padded with zeros")
    return word[:size]


def _decode_unsigned(word: bytes, bits: int) -> int:
    value = int.from_bytes(word, "big")
    if value >> bits:
        raise ValueError(f"not an integer of {bits} bits")
    return value


def _decode_signed(word: bytes, bits: int) -> int:
    value = int.from_bytes(word, "big", signed=True)
    if not -(1 << (bits - 1)) <= value < 1 << (bits - 1):
        raise ValueError(f"not a signed integer of {bits} bits")
    return value


_CODERS: dict[str, tuple[Callable[[Any, int], bytes], Callable[[bytes, int], Any]]] = {
    "address": (_encode_address, _decode_address),
    "bool": (_encode_bool, _decode_bool),
    "uint": (lambda value, bits: _integer(value, 0, 1 << bits), _decode_unsigned),
    "int": (lambda value, bits: _integer(value, -(1 << (bits - 1)), 1 << (bits - 1)), _decode_signed),
    "bytes": (_encode_fixed, _decode_fixed),
}
_SIZES: dict[str, range] = {
    "address": range(1),
    "bool": range(1),
    "uint": range(8, 257, 8),
    "int": range(8, 257, 8),
    "bytes": range(1, 33),
}
