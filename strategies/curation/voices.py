"""From conviction to a say: standing of wallets, linear without proof of identity, the root inside proven identities.

Every step is linear or superadditive in what one wallet without proof holds, so nobody gains by splitting.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from strategies.curation.conviction import Conviction
from strategies.curation.stakes import NOBODY, Floats, Ints, sums


@dataclass(frozen=True, slots=True)
class Rules:
    """How loud anybody may be.

    Attributes:
        reach: a wallet's conviction counts up to so many times its standing.
        root_unit: tokens of conviction at which a proven identity is as loud as a wallet without proof; it says
            sqrt(conviction x root_unit).
        identity_cap: largest share of all voices that one proven identity has.
        work_cap: largest share of the voices without proof that counts on one work (at least twice an equal share).
    """

    reach: float = 2.0
    root_unit: float = 100.0
    identity_cap: float = 0.05
    work_cap: float = 0.1


@dataclass(frozen=True, slots=True)
class Voices:
    """Who speaks how loud for which work, in tokens of conviction.

    Attributes:
        speaker, work, value: one row each. Speakers are wallet codes, then `wallets` + identity for the proven.
        total: for each work, caps applied.
        newcomers: for each work, conviction that does not count because its wallets have no standing for it.
    """

    speaker: Ints
    work: Ints
    value: Floats
    total: Floats
    newcomers: Floats


def voices(conviction: Conviction, identity: Ints, works: int, rules: Rules) -> Voices:
    """What each work is given.

    Args:
        identity: for each wallet code its proven identity, from 0, or -1.
        works: how many there are, those without any stake included.
    """
    wallets = len(identity)
    value = np.maximum(conviction.value, 0.0)
    held = sums(conviction.wallet, value, wallets)
    standing = np.zeros(wallets)
    standing[conviction.holder] = np.maximum(conviction.standing, 0.0)
    reached = np.divide(rules.reach * standing, held, out=np.zeros(wallets), where=held > 0)
    counted = value * np.minimum(reached, 1.0)[conviction.wallet]
    newcomers = sums(conviction.work, value - counted, works)

    who = identity[conviction.wallet]
    proven = who != NOBODY
    speaker, work, root = _rooted(who[proven], conviction.work[proven], counted[proven], works, rules)
    linear = sums(conviction.work[~proven], counted[~proven], works)
    whole = float(linear.sum() + root.sum())
    root *= _capped(speaker, root, rules.identity_cap * whole)
    most = max(rules.work_cap, min(1.0, 2.0 / max(works, 1))) * float(linear.sum())
    scale = np.divide(np.minimum(linear, most), linear, out=np.ones(works), where=linear > 0)
    spoken = counted[~proven] * scale[conviction.work[~proven]]
    return Voices(
        speaker=np.concatenate([conviction.wallet[~proven], wallets + speaker]),
        work=np.concatenate([conviction.work[~proven], work]),
        value=np.concatenate([spoken, root]),
        total=linear * scale + sums(work, root, works),
        newcomers=newcomers,
    )


def _rooted(who: Ints, work: Ints, value: Floats, works: int, rules: Rules) -> tuple[Ints, Ints, Floats]:
    """The wallets of an identity are one: first added up, then the root."""
    pair, row = np.unique(who * works + work, return_inverse=True)
    summed = sums(row, value, len(pair))
    return pair // works, pair % works, np.sqrt(summed * rules.root_unit)


def _capped(speaker: Ints, value: Floats, most: float) -> Floats:
    """Factor for each row that brings its speaker down to `most` over all works."""
    if not len(speaker):
        return np.ones(0)
    spoken = np.bincount(speaker, value)
    factor: npt.NDArray[np.float64] = np.minimum(1.0, most / np.maximum(spoken, np.finfo(float).tiny))
    return factor[speaker]
