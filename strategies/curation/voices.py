"""From conviction to a say: standing of wallets, linear without proof of identity, the root inside proven identities.

Every step is linear or superadditive in what one wallet without proof holds, so nobody gains by splitting.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from strategies.curation.conviction import Conviction
from strategies.curation.stakes import NOBODY, Floats, Ints, sums


@dataclass(frozen=True, slots=True)
class Rules:
    """How loud anybody may be.

    Attributes:
        reach: a wallet's conviction counts up to so many times its standing.
        root_unit: tokens of conviction at which a proven identity is as loud as a wallet without proof; it says
            sqrt(conviction x root_unit).
        identity_cap: largest share of the voices of proven identities that one of them has.
        work_cap: largest share of all voices on listed works that counts on one of them.

    Both caps are at least twice an equal share, so that few identities or works are not all cut down to the least.
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


def voices(conviction: Conviction, identity: Ints, works: int, rules: Rules, listed: int | None = None) -> Voices:
    """What each work is given.

    Args:
        identity: for each wallet code its proven identity, from 0, or -1.
        works: how many there are, those without any stake included.
        listed: how many of them, from the first, stewards have listed; all where it is left out. The cap of a work is
            measured on these, because anybody can register others, and so make an equal share as small as they like.
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
    if len(speaker):
        root *= _scale(sums(speaker, root, int(speaker.max()) + 1), rules.identity_cap)[speaker]
    total = linear + sums(work, root, works)
    scale = np.ones(works)
    scale[:listed] = _scale(total[:listed], rules.work_cap)
    spoken_on = np.concatenate([conviction.work[~proven], work])
    return Voices(
        speaker=np.concatenate([conviction.wallet[~proven], wallets + speaker]),
        work=spoken_on,
        value=np.concatenate([counted[~proven], root]) * scale[spoken_on],
        total=total * scale,
        newcomers=newcomers,
    )


def _rooted(who: Ints, work: Ints, value: Floats, works: int, rules: Rules) -> tuple[Ints, Ints, Floats]:
    """The wallets of an identity are one: first added up, then the root."""
    pair, row = np.unique(who * works + work, return_inverse=True)
    summed = sums(row, value, len(pair))
    return pair // works, pair % works, np.sqrt(summed * rules.root_unit)


def _scale(values: Floats, share: float) -> Floats:
    """Factor for each value after which none is more than `share` of their sum, the cut ones excluded from raising it.

    With the j greatest at the level L and the rest summing to R: L = share (j L + R).
    """
    ordered = -np.sort(-values[values > 0])
    share = max(share, 2.0 / max(len(ordered), 1))
    if share >= 1.0:
        return np.ones(len(values))
    rest = np.append(np.cumsum(ordered[::-1])[::-1], 0.0)
    cut = np.arange(int(np.ceil(1.0 / share)))
    levels = share * rest[cut] / (1.0 - cut * share)
    level = float(levels[np.argmax(ordered[cut] <= levels)])
    return np.divide(np.minimum(values, level), values, out=np.ones(len(values)), where=values > 0)
