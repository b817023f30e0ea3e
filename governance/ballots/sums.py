"""Sums of integers that are exact however large they grow, at the speed of numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Groups = NDArray[np.integer[Any]]

_INT64 = 2**63


def exact_total(values: Integers) -> int:
    """Sum of non-negative values."""
    if not values.size:
        return 0
    if int(values.max()) * values.size < _INT64:
        return int(values.sum())
    return (int((values >> 32).sum()) << 32) + int((values & 0xFFFFFFFF).sum())


def sums_by(groups: Groups, values: Integers, size: int) -> Integers:
    """Sum of the values of each group 0 ... size - 1. The caller knows that the total fits in an int64."""
    sums = np.zeros(size, np.int64)
    # Unlike bincount, which adds doubles, this adds integers.
    np.add.at(sums, groups, values)
    return sums


def limbs(values: Integers, factor: int = 1) -> list[tuple[int, Integers]]:
    """Non-negative `values` as parts (shift, part), `values == sum(part << shift)`.

    The parts are so small that any sum of them, each times at most `factor`, fits in an int64.
    """
    if exact_total(values) * factor < _INT64:
        return [(0, values)]
    bits = 63 - (values.size * factor).bit_length()
    mask = (1 << bits) - 1
    return [(shift, (values >> shift) & mask) for shift in range(0, 63, bits)]
