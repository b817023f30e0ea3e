"""How the Safe's voting power is divided over the gauges of works: toward what ranks high, and not for noise."""

from __future__ import annotations

from collections.abc import Mapping

from dao_bot.domain.addresses import Address
from dao_bot.domain.errors import BadInput
from dao_bot.domain.units import mul_down, mul_up
from dao_bot.strategy import ALL_WEIGHT, GaugeWeights, VoteForGauge
from strategies.curation.allocation import split
from strategies.curation.learned import Learned
from strategies.curation.params import Gauges, Params
from strategies.curation.winners import appeal, winners


def votes(learned: Learned, params: Params, seen: GaugeWeights, now: int) -> tuple[VoteForGauge, ...]:
    """Those that give less come first, so that no vote needs power that another still has.

    None while nobody with standing backs a work that has a gauge.

    Raises:
        BadInput: a work's gauge is not configured.
    """
    assert params.gauges is not None, "only a treasury that votes comes here"
    listed = list(params.works.values())
    gauges = {at: Address(work.gauge) for at, work in enumerate(listed) if work.gauge is not None}
    for gauge in gauges.values():
        if gauge not in seen.gauges:
            raise BadInput(
                "the gauge of a work is not configured",
                value=gauge,
                next_step="Name it under protocols.gauge_controller.gauges",
            )
    chosen = winners(learned, params, gauges)
    if not chosen:
        return ()
    wanted = dict.fromkeys(gauges.values(), 0.0)
    for work, weight in zip(chosen, appeal(learned, chosen), strict=True):
        wanted[gauges[work]] += weight
    return divided(wanted, seen, params.gauges, now)


def divided(wanted: Mapping[Address, float], seen: GaugeWeights, rules: Gauges, now: int) -> tuple[VoteForGauge, ...]:
    """Votes after which at most all power is used; a gauge that would change too little, or cannot yet, keeps its own.

    Args:
        wanted: what each gauge is weighed by, not negative.
    """
    most, least = mul_down(rules.most, ALL_WEIGHT), mul_up(rules.smallest_change, ALL_WEIGHT)
    moving = [gauge for gauge in wanted if seen.gauges[gauge].changeable_at <= now]
    while moving:
        present = [seen.gauges[gauge].weight for gauge in moving]
        room = ALL_WEIGHT - (seen.used - sum(present))
        names = [str(gauge) for gauge in moving]
        shares = split(room, [wanted[gauge] for gauge in moving], names, dict.fromkeys(names, most))
        changes = [share - held for share, held in zip(shares, present, strict=True)]
        if all(abs(change) >= least for change in changes):
            made = sorted(zip(changes, moving, shares, strict=True), key=lambda each: each[0])
            return tuple(VoteForGauge(gauge, share) for _, gauge, share in made)
        moving = [gauge for gauge, change in zip(moving, changes, strict=True) if abs(change) >= least]
    return ()
