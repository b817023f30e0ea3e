"""Everything that is learned at one block, in the order in which one thing follows from another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from dao_bot.domain.units import WAD
from strategies.curation import tastes, traits, trial
from strategies.curation.community import DAY, Community
from strategies.curation.conviction import Clock, batch
from strategies.curation.params import Params
from strategies.curation.protocol import Choices
from strategies.curation.ranking import Certainty, Ranking, certainty, rank
from strategies.curation.stakes import Kind
from strategies.curation.trust import Model, Trust, trust
from strategies.curation.voices import Rules, Voices, voices


@dataclass(frozen=True, slots=True)
class Learned:
    """One block's knowledge.

    Attributes:
        attention: for each work, choices of the last weeks by all wallets, the newest counting most.
    """

    community: Community
    voices: Voices
    taste: traits.Taste
    ranking: Ranking
    certainty: Certainty
    trial: trial.Trial
    tastes: tastes.Tastes | None
    attention: np.ndarray[tuple[int, ...], np.dtype[np.float64]]
    trust: Trust


def clock_of(params: Params) -> Clock:
    """Speeds of growth and decay."""
    return Clock(params.half_life, params.standing_half_life, params.probation)


def rules_of(params: Params) -> Rules:
    """Limits on voices."""
    return Rules(
        reach=params.reach / WAD,
        root_unit=float(params.root_unit),
        identity_cap=params.identity_cap / WAD,
        work_cap=params.work_cap / WAD,
    )


def learn(community: Community, params: Params, now: int, seed: int) -> Learned:
    """Convictions, voices, traits, ranking, trial, tastes, and how far all that can be trusted."""
    clock, rules, works, listed = clock_of(params), rules_of(params), community.works, len(params.works)
    staked = community.log.of(Kind.STAKE, Kind.UNSTAKE)
    spoken = voices(batch(staked, clock, now), community.identity, works, rules, listed)
    age = np.maximum(now - community.since, DAY) / DAY
    payable = np.zeros(works, np.bool_)
    payable[[at for at, work in enumerate(params.works.values()) if work.pay is not None]] = True
    young = now - community.since < params.trial_period
    old = np.flatnonzero(~young[:listed])
    taste = traits.learn(np.log1p(spoken.total / rules.root_unit), community.trait_names, community.has, old)
    prior = params.trait_weight / WAD
    ranking = rank(spoken.total, taste.expected, rules.root_unit, prior)
    chosen = community.log.of(Kind.STAKE, Kind.SALE)
    choices = Choices(chosen.time, chosen.wallet, chosen.work, works)
    return Learned(
        community=community,
        voices=spoken,
        taste=taste,
        ranking=ranking,
        certainty=certainty(spoken, ranking, seed),
        trial=trial.hold(
            spoken.total / rules.root_unit, age, np.flatnonzero(young & payable), old, params.trial_places, seed + 1
        ),
        tastes=tastes.tastes(choices),
        attention=tastes.attention(choices, now),
        trust=trust(community.log, Model(community.identity, works, clock, rules, prior, listed), now, seed + 2),
    )
