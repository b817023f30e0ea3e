"""Does what was forecast come to pass as often as it was forecast to? Bins of forecast shares against what came."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from strategies.curation.protocol import Floats

BINS = 5


@dataclass(frozen=True, slots=True)
class Bin:
    """Works with similar forecasts: the mean share forecast, the mean share that came, and how many."""

    forecast: float
    came: float
    works: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """`error`: mean distance of forecast and outcome over the bins, as a part of the mean forecast; 0 is perfect."""

    bins: tuple[Bin, ...]
    error: float


def calibrate(forecasts: Sequence[Floats], outcomes: Sequence[Floats]) -> Calibration | None:
    """One array for each cutoff: the share of all choices forecast for each work, and the share that it got."""
    if not forecasts:
        return None
    told, came = np.concatenate(forecasts), np.concatenate(outcomes)
    order = np.argsort(told, kind="stable")
    bins = tuple(
        Bin(float(told[rows].mean()), float(came[rows].mean()), len(rows))
        for rows in np.array_split(order, BINS)
        if len(rows)
    )
    distance = sum(abs(each.forecast - each.came) * each.works for each in bins)
    whole = sum(each.forecast * each.works for each in bins)
    return Calibration(bins, distance / whole if whole else 0.0)
