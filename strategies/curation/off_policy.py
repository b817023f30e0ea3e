"""What a policy would have earned, estimated from what others chose: doubly robust (Dudik, Langford, Li 2011)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from strategies.curation.intervals import Clusters, Estimate, clustered_mean
from strategies.curation.protocol import Floats, Ints

CLIP = 20.0
"""Largest weight of one choice; larger ones would let it speak for all."""


@dataclass(frozen=True, slots=True)
class Logged:
    """Choices whose outcome is known, one row each.

    Attributes:
        period: position of the week in which it was chosen.
        action: position of the chosen work.
        reward: what came of it, 0 to 1.
        propensity: (periods, works), how likely each work was to be chosen then.
        predicted: (periods, works), the reward that a model expected then.
    """

    wallet: Ints
    time: Ints
    period: Ints
    action: Ints
    reward: Floats
    propensity: Floats
    predicted: Floats


@dataclass(frozen=True, slots=True)
class Value:
    """Expected reward of a policy; `effective` is the number of rows that its weights are worth."""

    reward: Estimate
    effective: float


def value(logged: Logged, policy: Floats, seed: int) -> Value | None:
    """Value of `policy` (periods, works), each row summing to 1; None without rows."""
    if not len(logged.reward):
        return None
    row, action = logged.period, logged.action
    weight = np.minimum(policy[row, action] / np.maximum(logged.propensity[row, action], 1e-12), CLIP)
    surprise = logged.reward - logged.predicted[row, action]
    each = (policy * logged.predicted).sum(axis=1)[row] + weight * surprise
    mean = clustered_mean(each, Clusters.of(logged.wallet, logged.time), seed)
    squared = float((weight**2).sum())
    return None if mean is None else Value(mean, float(weight.sum()) ** 2 / squared if squared else 0.0)
