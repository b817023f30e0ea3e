"""Columns of values that no single number holds: bytes of one length, integers of 256 bits, bytes and lists of any.

All are plain arrays inside, so that they are hashed into an observation and sent to a strategy as they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True, slots=True)
class FixedBytes:
    """Addresses (20 bytes), hashes (32) and `bytesN`. `raw`: uint8, one row for each value."""

    raw: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.raw)

    def __getitem__(self, row: int) -> bytes:
        value: bytes = self.raw[row].tobytes()
        return value

    def hex(self) -> list[str]:
        """Each as `0x` and lowercase digits."""
        size = 2 * self.raw.shape[1]
        digits = self.raw.tobytes().hex()
        return ["0x" + digits[start : start + size] for start in range(0, len(digits), size)] if size else []

    def equals(self, value: str | bytes) -> npt.NDArray[np.bool_]:
        """In which rows `value` stands: bytes, or `0x` and digits in any case."""
        wanted = bytes.fromhex(value.removeprefix("0x")) if isinstance(value, str) else value
        if len(wanted) != self.raw.shape[1]:
            raise ValueError(f"{len(wanted)} bytes are compared with values of {self.raw.shape[1]}")
        equal: npt.NDArray[np.bool_] = (self.raw == np.frombuffer(wanted, np.uint8)).all(axis=1)
        return equal

    def factorised(self) -> tuple[FixedBytes, npt.NDArray[np.int64]]:
        """The different values in ascending order, and for each row the position of its value among them."""
        padded = np.zeros((len(self.raw), -(-self.raw.shape[1] // 8) * 8), np.uint8)
        padded[:, : self.raw.shape[1]] = self.raw
        words = padded.view(">u8").astype(np.uint64)
        order = np.lexsort(words.T[::-1])
        ordered = words[order]
        begins = np.ones(len(ordered), np.bool_)
        begins[1:] = (ordered[1:] != ordered[:-1]).any(axis=1)
        codes = np.empty(len(ordered), np.int64)
        codes[order] = np.cumsum(begins) - 1
        return FixedBytes(self.raw[order[begins]]), codes


@dataclass(frozen=True, slots=True)
class Integers:
    """Exact integers of up to 256 bits.

    Attributes:
        limbs: uint64 of shape (rows, 4), the most significant first; two's complement when `signed`.
    """

    limbs: npt.NDArray[np.uint64]
    signed: bool = False

    def __len__(self) -> int:
        return len(self.limbs)

    def __getitem__(self, row: int) -> int:
        return int.from_bytes(self.limbs[row].astype(">u8").tobytes(), "big", signed=self.signed)

    def __iter__(self) -> Iterator[int]:
        return iter(self.exact())

    def exact(self) -> list[int]:
        """Each as an exact integer."""
        raw = self.limbs.astype(">u8").tobytes()
        return [int.from_bytes(raw[at : at + 32], "big", signed=self.signed) for at in range(0, len(raw), 32)]

    def floats(self) -> npt.NDArray[np.float64]:
        """Each as a float, relative error at most 2^-51: for statistics, never for amounts."""
        sign = self.limbs[:, 0] >> np.uint64(63) if self.signed else np.zeros(len(self), np.uint64)
        negative = sign.astype(np.bool_)
        limbs = np.where(negative[:, None], ~self.limbs, self.limbs)
        total = np.zeros(len(self), np.float64)
        for column in range(4):
            total = total * 2.0**64 + limbs[:, column]
        return np.where(negative, -(total + 1.0), total)


@dataclass(frozen=True, slots=True)
class Texts:
    """`bytes` and `string`: row i is `data[offsets[i]:offsets[i + 1]]`, as UTF-8 when `text`."""

    offsets: npt.NDArray[np.int64]
    data: npt.NDArray[np.uint8]
    text: bool

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> str | bytes:
        raw = self.data[self.offsets[row] : self.offsets[row + 1]].tobytes()
        return raw.decode("utf-8", "replace") if self.text else raw


@dataclass(frozen=True, slots=True)
class Lists:
    """Arrays: row i is `items` from `offsets[i]` up to `offsets[i + 1]`."""

    offsets: npt.NDArray[np.int64]
    items: Column

    def __len__(self) -> int:
        return len(self.offsets) - 1


Column = npt.NDArray[Any] | FixedBytes | Integers | Texts | Lists
"""int64 for integers whose type fits into it, bool, or one of the classes above."""
