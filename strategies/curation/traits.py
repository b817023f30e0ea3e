"""Which traits of works the community favours, and how sure that is: Bayesian ridge regression of log voices."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from strategies.curation.stakes import Floats, Ints

FEWEST_WORKS = 8
"""Below it nothing is learned about traits."""


@dataclass(frozen=True, slots=True)
class Trait:
    """Works that have it against works that do not, with the other traits that either have.

    Attributes:
        effect: expected difference in log(1 + voice / unit).
        sure: the chance that it is positive.
        works: how many have it.
    """

    name: str
    effect: float
    deviation: float
    sure: float
    works: int


@dataclass(frozen=True, slots=True)
class Taste:
    """`expected`: for each work, the log(1 + voice / unit) that its traits alone let expect."""

    traits: tuple[Trait, ...]
    expected: Floats


def learn(log_voice: Floats, names: Sequence[str], has: Floats, mature: Ints) -> Taste:
    """Learn from the `mature` works (codes) what to expect of all.

    Args:
        log_voice: for each work.
        names: of the traits.
        has: (works, traits), 1 where a work has the trait.
    """
    from sklearn.linear_model import BayesianRidge

    mean = float(log_voice[mature].mean()) if len(mature) else 0.0
    told = has[mature]
    varied = np.flatnonzero((told.sum(axis=0) > 0) & (told.sum(axis=0) < len(mature)))
    if len(mature) < FEWEST_WORKS or not len(varied) or not float(np.ptp(log_voice[mature])):
        return Taste((), np.full(len(log_voice), mean))
    model = BayesianRidge().fit(told[:, varied], log_voice[mature])
    found = []
    for trait in varied.tolist():
        having = told[:, trait] > 0
        # not the coefficient: of traits that exclude each other, only differences are known well
        contrast = told[having][:, varied].mean(axis=0) - told[~having][:, varied].mean(axis=0)
        effect = float(contrast @ model.coef_)
        deviation = math.sqrt(max(float(contrast @ model.sigma_ @ contrast), 1e-18))
        chance = 0.5 * (1.0 + math.erf(effect / (deviation * math.sqrt(2.0))))
        found.append(Trait(names[trait], effect, deviation, chance, int(having.sum())))
    found.sort(key=lambda trait: (-trait.effect, trait.name))
    return Taste(tuple(found), np.asarray(model.predict(has[:, varied]), np.float64))
