"""32-byte words to columns, all rows of a column at once and as strictly as one value at a time."""

from __future__ import annotations

import re
from binascii import unhexlify
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from dao_bot.domain.columns import Column, FixedBytes, Integers

Words = npt.NDArray[np.uint8]
"""Shape (rows, 32)."""

_KIND = re.compile(r"(address|bool|uint|int|bytes)(\d*)")
_INT64_BITS = {"uint": 56, "int": 64}
"""The widest types all of whose values int64 holds."""


class NotOfType(Exception):
    """A word does not hold a value of its type. `row`: the first such one."""

    def __init__(self, row: int, kind: str) -> None:
        super().__init__(f"row {row} holds no {kind}")
        self.row = row
        self.kind = kind


def column_of_words(words: Words, kind: str) -> Column:
    """The column of an elementary type: int64 or `Integers`, bool, or `FixedBytes`.

    Raises:
        NotOfType: a word is padded with anything but what the type is padded with.
    """
    match = _KIND.fullmatch(kind)
    assert match is not None, kind
    family, size = match[1], int(match[2] or 0)
    if family == "address":
        _require_zero(words[:, :12], kind)
        return FixedBytes(np.ascontiguousarray(words[:, 12:]))
    if family == "bytes":
        _require_zero(words[:, size:], kind)
        return FixedBytes(np.ascontiguousarray(words[:, :size]))
    if family == "bool":
        _require_zero(words[:, :31], kind)
        _require(words[:, 31] <= 1, kind)
        return words[:, 31].astype(np.bool_)
    padding = words[:, : 32 - size // 8]
    if family == "uint":
        _require_zero(padding, kind)
    else:
        filled = np.where(words[:, 32 - size // 8] >= 0x80, 0xFF, 0).astype(np.uint8)
        _require((padding == filled[:, None]).all(axis=1), kind)
    if size <= _INT64_BITS[family]:
        return np.ascontiguousarray(words[:, 24:]).view(">i8").reshape(-1).astype(np.int64)
    return Integers(np.ascontiguousarray(words).view(">u8").astype(np.uint64), signed=family == "int")


def matrix(texts: Sequence[str], size: int) -> npt.NDArray[np.uint8]:
    """JSON-RPC data (`0x…`) of `size` bytes each as rows of bytes.

    Raises:
        ValueError: one of them is anything else.
    """
    if not texts:
        return np.zeros((0, size), np.uint8)
    if set(map(len, texts)) != {2 + 2 * size}:
        raise ValueError(f"not 0x data of {size} bytes")
    digits = np.frombuffer("".join(texts).encode("ascii"), np.uint8).reshape(len(texts), 2 + 2 * size)
    if (digits[:, :2] != np.frombuffer(b"0x", np.uint8)).any():
        raise ValueError("data that does not begin with 0x")
    raw = unhexlify(digits[:, 2:].tobytes())
    return np.frombuffer(raw, np.uint8).reshape(len(texts), size)


def _require_zero(padding: Words, kind: str) -> None:
    if padding.any():
        _require((padding == 0).all(axis=1), kind)


def _require(holds: npt.NDArray[np.bool_], kind: str) -> None:
    if not holds.all():
        raise NotOfType(int(np.flatnonzero(~holds)[0]), kind)
