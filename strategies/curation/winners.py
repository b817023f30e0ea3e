"""Which works a budget moves toward: those that rank highest among what somebody with standing backs."""

from __future__ import annotations

from collections.abc import Collection

from strategies.curation.learned import Learned
from strategies.curation.params import Params


def winners(learned: Learned, params: Params, eligible: Collection[int]) -> list[int]:
    """Numbers of works, best first, at most `params.winners`; none of those that nobody backs."""
    ranked = [work for work in learned.ranking.order.tolist() if work in eligible and learned.voices.total[work] > 0]
    return ranked[: params.winners]


def appeal(learned: Learned, works: Collection[int]) -> list[float]:
    """What each is weighed by."""
    return [float(learned.ranking.appeal[work]) for work in works]
