"""Keccak-256 and the one canonical JSON whose digest identifies runs, observations and events."""

from __future__ import annotations

import dataclasses
import enum
import json
import math
from collections.abc import Mapping
from typing import Any


def keccak(data: bytes) -> bytes:
    """Keccak-256, 32 bytes."""
    from sha3 import keccak_256

    return keccak_256(data).digest()  # type: ignore[no-any-return]  # it carries no types


def canonical(value: Any) -> Any:
    """`value` as plain JSON types: dataclasses become objects, bytes 0x-hex, big integers strings, arrays digests.

    Raises:
        TypeError: for a type that has no canonical form (sets and floats that are not finite among them).
    """
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, enum.Enum):
        return canonical(value.value)
    if isinstance(value, int):
        return value if -(2**53) < value < 2**53 else str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise TypeError(f"no canonical form for {value}")
        return value
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {f.name: canonical(getattr(value, f.name)) for f in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(canonical(key)): canonical(item) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [canonical(item) for item in value]
    if hasattr(value, "dtype") and hasattr(value, "tobytes"):
        return {"dtype": str(value.dtype), "shape": list(value.shape), "keccak": "0x" + keccak(value.tobytes()).hex()}
    raise TypeError(f"no canonical form for {type(value).__name__}")


def canonical_json(value: Any) -> str:
    """Canonical JSON text: keys sorted, no white space, ASCII."""
    return json.dumps(canonical(value), sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def digest(value: Any) -> str:
    """`0x`-hex Keccak-256 of the canonical JSON."""
    return "0x" + keccak(canonical_json(value).encode()).hex()
