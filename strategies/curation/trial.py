"""A fair trial for new works: Thompson sampling of the rate at which they win conviction."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from strategies.curation.stakes import Floats, Ints

PROPENSITY_DRAWS = 2_000


@dataclass(frozen=True, slots=True)
class Trial:
    """New works that get a part of the exploration budget in this run.

    Attributes:
        chosen: work codes.
        chance: for each new work, in the order of `candidates`, how likely it was to be chosen; what an off-policy
            estimate of a later run divides by.
        candidates: codes of all works on trial.
    """

    chosen: Ints
    candidates: Ints
    chance: Floats


def hold(voice: Floats, age_days: Floats, new: Ints, established: Ints, places: int, seed: int) -> Trial:
    """Choose `places` of the `new` works.

    Voice per day of a work is Gamma distributed; the established works give the prior (moments), and each new work's
    own voice and age the rest. Voice is linear in stake, so that a stake split over wallets is no better evidence.

    Args:
        voice: of each work, in units of the root unit.
        age_days: of each work, at least 1.
        new, established: work codes.
    """
    places = min(places, len(new))
    if not places:
        return Trial(np.zeros(0, np.int64), new, np.zeros(len(new)))
    shape, rate = _prior(voice[established] / age_days[established])
    rng = np.random.default_rng(seed)
    scale = 1.0 / (rate + age_days[new])
    draws = rng.standard_gamma(shape + voice[new], (PROPENSITY_DRAWS + 1, len(new))) * scale
    best = np.argsort(-draws, axis=1, kind="stable")[:, :places]
    chance = np.bincount(best[1:].ravel(), minlength=len(new)) / PROPENSITY_DRAWS
    return Trial(new[np.sort(best[0])], new, chance)


def _prior(rates: Floats) -> tuple[float, float]:
    """Shape and rate by moments; one voice in one day where there is nothing to learn from."""
    if len(rates) < 2 or not float(rates.mean()) or not float(rates.var()):
        return 1.0, 1.0
    shape = float(np.clip(rates.mean() ** 2 / rates.var(), 0.1, 100.0))
    return shape, shape / float(rates.mean())
