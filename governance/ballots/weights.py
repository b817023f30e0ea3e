"""Weights: how a vote divides itself among options, for the kinds of ballot that allow it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from governance.ballots.errors import InvalidChoice
from governance.ballots.method import Choice, Choices
from governance.ballots.sums import Integers

MOST_WEIGHT = 10_000
"""The largest sum of a vote's weights. It bounds the common denominator in which shares are added exactly."""


def parse_weights(raw: object, options: int) -> tuple[int, ...]:
    """One weight for each option, from Snapshot's form ({"1": 3, "4": 1}) or from a list of all weights.

    Raises:
        InvalidChoice: not such a form, not whole numbers, all zero, or a sum above `MOST_WEIGHT`.
    """
    weights: Sequence[object]
    if isinstance(raw, Mapping):
        names = {str(number): number for number in range(1, options + 1)}
        unknown = [key for key in raw if key not in names]
        if unknown or not raw:
            raise InvalidChoice(
                "weights for options that do not exist", value=repr(unknown)[:80], limit=f"options 1 to {options}"
            )
        weights = [raw.get(name, 0) for name in names]
    elif isinstance(raw, (list, tuple)) and len(raw) == options:
        weights = raw
    else:
        raise InvalidChoice(
            "not a division of a vote", value=repr(raw)[:80], limit='weights by option, such as {"1": 3, "2": 1}'
        )
    whole = [weight for weight in weights if isinstance(weight, int) and not isinstance(weight, bool)]
    if len(whole) < len(weights) or min(whole) < 0 or not 0 < sum(whole) <= MOST_WEIGHT:
        raise InvalidChoice(
            "the weights cannot be counted",
            value=repr(list(weights))[:80],
            limit=f"whole numbers from 0, together 1 to {MOST_WEIGHT}",
        )
    return tuple(whole)


def weight_columns(choices: Sequence[Choice], options: int) -> Choices:
    """Shape (votes, options), each option's weights contiguous."""
    return np.asfortranarray(np.array(choices, np.uint16).reshape(len(choices), options))


def weight_sums(choices: Choices) -> Integers:
    """Sum of each vote's weights, shape (votes,)."""
    sums = np.zeros(len(choices), np.uint16)  # holds MOST_WEIGHT
    for option in range(choices.shape[1]):
        sums += choices[:, option]
    return sums.astype(np.int64)
