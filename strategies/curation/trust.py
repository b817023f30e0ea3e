"""How far the curator can be trusted: its rankings judged on the past of the same events, beside the baselines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from strategies.curation import off_policy
from strategies.curation.calibration import Calibration, calibrate
from strategies.curation.conviction import Clock, batch
from strategies.curation.intervals import Clusters, CommunityScore, Estimate, clustered_mean, community_scores
from strategies.curation.protocol import (
    BASELINES,
    HORIZON,
    STEP,
    Choices,
    Floats,
    Ints,
    Judged,
    Ranker,
    cutoffs,
    judge,
)
from strategies.curation.ranking import rank
from strategies.curation.stakes import Kind, Log
from strategies.curation.tastes import attention, forecast
from strategies.curation.voices import Rules, voices

CURATION, FORECAST = "curation", "forecast"
RECENT_NAME = "14-day popularity"
UNIFORM = 0.1
"""Part of the estimated propensities that is spread over all works: anybody may choose anything."""


@dataclass(frozen=True, slots=True)
class Score:
    """One ranking: what each wallet chose (ndcg, its lead over 14-day popularity, recall, for wallets seen before and
    for new ones), and what the community chose together, with its lead. None: there was nothing to judge, or the
    ranking differs from wallet to wallet, or from nothing."""

    ndcg: Estimate | None
    ndcg_lead: Estimate | None
    recall: Estimate | None
    ndcg_known: Estimate | None
    ndcg_new: Estimate | None
    community: Estimate | None
    lead: Estimate | None


@dataclass(frozen=True, slots=True)
class Trust:
    """Attributes:
    scores: by ranking; the baselines are always among them.
    new_share: part of the judged wallets that were never seen before their cutoff.
    calibration: of the forecast of shares; None without cutoffs.
    kept: by policy, what part of the stakes would have been kept for 30 days; empty without stakes old enough.
    cutoffs: how many rankings were judged.
    """

    scores: Mapping[str, Score]
    new_share: float
    calibration: Calibration | None
    kept: Mapping[str, off_policy.Value]
    cutoffs: int


@dataclass(frozen=True, slots=True)
class Model:
    """The ranking that moves money, as far as events alone decide it (no traits)."""

    identity: Ints
    works: int
    clock: Clock
    rules: Rules
    prior: float
    listed: int | None = None

    def appeal(self, log: Log, moment: int) -> Floats:
        """From the events before `moment`."""
        past = log.before(moment).of(Kind.STAKE, Kind.UNSTAKE)
        spoken = voices(batch(past, self.clock, moment), self.identity, self.works, self.rules, self.listed)
        return rank(spoken.total, np.zeros(self.works), self.rules.root_unit, self.prior).appeal


def trust(log: Log, model: Model, now: int, seed: int) -> Trust:
    """Judge on the cleaned `log`, in the order of time; what is chosen is what is staked on or bought."""
    chosen = log.of(Kind.STAKE, Kind.SALE)
    appeals: dict[int, Floats] = {}

    def curation(_past: Choices, cutoff: int, _wallets: Ints) -> Floats:
        if cutoff not in appeals:
            appeals[cutoff] = model.appeal(log, cutoff)
        return appeals[cutoff]

    choices = Choices(chosen.time, chosen.wallet, chosen.work, model.works)
    rankers: dict[str, Ranker] = {**BASELINES, CURATION: curation, FORECAST: forecast}
    judged = judge(choices, rankers)
    together = community_scores(judged, RECENT_NAME, seed)
    return Trust(
        scores={name: _score(judged, name, together.get(name), seed) for name in rankers},
        new_share=float(1.0 - judged.known.mean()) if len(judged.known) else 0.0,
        calibration=_calibration(choices),
        kept=_kept(log, choices, curation, now, seed),
        cutoffs=len(cutoffs(choices)),
    )


def _score(judged: Judged, name: str, together: CommunityScore | None, seed: int) -> Score:
    clusters = Clusters.of(judged.wallet, judged.cutoff)

    def mean(values: Floats, rows: Ints) -> Estimate | None:
        return clustered_mean(values[rows], Clusters(clusters.wallet[rows], clusters.week[rows]), seed)

    everyone = np.arange(len(judged.wallet))
    known, new = np.flatnonzero(judged.known), np.flatnonzero(~judged.known)
    return Score(
        ndcg=mean(judged.ndcg[name], everyone),
        ndcg_lead=None if name == RECENT_NAME else mean(judged.ndcg[name] - judged.ndcg[RECENT_NAME], everyone),
        recall=mean(judged.recall[name], everyone),
        ndcg_known=mean(judged.ndcg[name], known),
        ndcg_new=mean(judged.ndcg[name], new),
        community=together.ndcg if together else None,
        lead=together.lead if together and name != RECENT_NAME else None,
    )


def _calibration(choices: Choices) -> Calibration | None:
    """Present attention as a forecast of the shares of the next 30 days."""
    told, came = [], []
    for moment in cutoffs(choices):
        past = choices.between(int(choices.time[0]), moment)
        future = choices.between(moment, moment + HORIZON)
        candidates = np.unique(past.work)
        counted = np.bincount(future.work, minlength=choices.works)[candidates].astype(np.float64)
        if counted.sum():
            told.append(_shares(attention(past, moment)[candidates]))
            came.append(counted / counted.sum())
    return calibrate(told, came)


def _kept(log: Log, choices: Choices, curation: Ranker, now: int, seed: int) -> dict[str, off_policy.Value]:
    """Of each policy: had stakes followed its shares, how many would have been kept for 30 days?

    Who chose what is taken to have followed the attention of that week: propensities are estimates.
    """
    stakes = log.of(Kind.STAKE)
    kept = kept_for(log, stakes, HORIZON)
    policies: dict[str, Ranker] = {**BASELINES, CURATION: curation}
    shares: dict[str, list[Floats]] = {name: [] for name in policies}
    rows, propensity, predicted = [], [], []
    for moment in cutoffs(choices):
        past = choices.between(int(choices.time[0]), moment)
        known = np.bincount(past.work, minlength=choices.works) > 0
        week = slice(*np.searchsorted(stakes.time, (moment, min(moment + STEP, now - HORIZON))))
        told = slice(0, int(np.searchsorted(stakes.time, moment - HORIZON)))
        rows.append(np.arange(week.start, week.stop)[known[stakes.work[week]]])
        anything = known.astype(np.float64)
        propensity.append(_shares(attention(past, moment)) * (1.0 - UNIFORM) + UNIFORM * _shares(anything))
        predicted.append(_expected(stakes.work[told], kept[told], choices.works))
        for name, policy in policies.items():
            wanted = np.where(known, policy(past, moment, stakes.wallet[:0]), 0.0)
            shares[name].append(_shares(wanted if wanted.sum() else anything))
    if not rows:
        return {}
    taken = np.concatenate(rows)
    logged = off_policy.Logged(
        wallet=stakes.wallet[taken],
        time=stakes.time[taken],
        period=np.repeat(np.arange(len(rows)), [len(each) for each in rows]),
        action=stakes.work[taken],
        reward=kept[taken],
        propensity=np.stack(propensity),
        predicted=np.stack(predicted),
    )
    values = {name: off_policy.value(logged, np.stack(wanted), seed) for name, wanted in shares.items()}
    return {name: value for name, value in values.items() if value is not None}


def kept_for(log: Log, stakes: Log, span: int) -> Floats:
    """1 for each of `stakes` whose wallet unstaked nothing of that work within `span` after it, else 0."""
    gone = log.of(Kind.UNSTAKE)
    works = int(log.work.max()) + 1 if len(log) else 1
    pairs = np.unique(gone.wallet * works + gone.work)
    reference = int(log.time.min()) if len(log) else 0
    length = int(log.time.max()) - reference + span + 2 if len(log) else 1

    def key(part: Log, shift: int) -> Ints:
        return np.searchsorted(pairs, part.wallet * works + part.work) * length + part.time - reference + shift

    back = np.sort(key(gone, 0))
    has = np.isin(stakes.wallet * works + stakes.work, pairs)
    found = np.searchsorted(back, key(stakes, span), "right") > np.searchsorted(back, key(stakes, 0), "left")
    return np.where(has & found, 0.0, 1.0)


def _expected(work: Ints, reward: Floats, works: int) -> Floats:
    """Mean reward of each work, with ten more rows of the mean of all."""
    mean = float(reward.mean()) if len(reward) else 1.0
    summed = np.bincount(work, reward, works)
    expected: Floats = (summed + 10.0 * mean) / (np.bincount(work, minlength=works) + 10.0)
    return expected


def _shares(values: Floats) -> Floats:
    total = float(values.sum())
    shares: Floats = values / total if total else np.full(len(values), 1.0 / max(len(values), 1))
    return shares
