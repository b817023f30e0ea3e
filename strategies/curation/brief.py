"""The preference brief: which traits and works the community favours and how sure that is, for machines and people."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from dao_bot.strategy import Block
from strategies.curation.intervals import Estimate
from strategies.curation.learned import Learned
from strategies.curation.protocol import TOP
from strategies.curation.trust import CURATION

SCHEMA = 1
WORKS_SHOWN = 20
TRAITS_SHOWN = 20
SURE = 0.9
"""A trait is favoured (avoided) when the chance of a positive (negative) effect is at least this."""


def brief(learned: Learned, block: Block) -> dict[str, Any]:
    """Plain JSON; what it means stands in docs/strategies/curation.md."""
    community = learned.community
    return {
        "schema": SCHEMA,
        "as_of": {"block": block.number, "hash": block.hash, "time": block.timestamp},
        "events": len(community.log),
        "set_aside": {**asdict(community.removed), "voice_without_standing": _newcomers(learned)},
        "prompts": _prompts(learned),
        "traits": [
            {
                "trait": trait.name,
                "effect": _short(trait.effect),
                "deviation": _short(trait.deviation),
                "chance_positive": _short(trait.sure),
                "works": trait.works,
            }
            for trait in _shown(learned)
        ],
        "works": _works(learned),
        "tastes": _tastes(learned),
        "trial": [
            {
                "work": community.names[work],
                "chance": _short(float(chance)),
                "chosen": bool(work in learned.trial.chosen),
            }
            for work, chance in zip(learned.trial.candidates.tolist(), learned.trial.chance, strict=True)
        ],
        "trust": _trust(learned),
    }


def _newcomers(learned: Learned) -> float:
    """Share of all conviction that does not count, because its wallets have no standing for it."""
    without, counted = float(learned.voices.newcomers.sum()), float(learned.voices.total.sum())
    return _short(without / (without + counted)) if without + counted else 0.0


def _prompts(learned: Learned) -> dict[str, Any]:
    """For a generative pipeline: traits with weights that sum to one, each the expected gain times its chance."""
    favoured = [trait for trait in learned.taste.traits if trait.sure >= SURE]
    avoided = [trait for trait in learned.taste.traits if trait.sure <= 1.0 - SURE]
    total = sum(trait.effect * trait.sure for trait in favoured)
    return {
        "favour": [
            {"trait": trait.name, "weight": _short(trait.effect * trait.sure / total), "chance": _short(trait.sure)}
            for trait in favoured
        ],
        "avoid": [{"trait": trait.name, "chance": _short(1.0 - trait.sure)} for trait in avoided],
        "explore": [learned.community.names[work] for work in learned.trial.chosen.tolist()],
    }


def _shown(learned: Learned) -> list[Any]:
    ordered = sorted(learned.taste.traits, key=lambda trait: (-abs(trait.sure - 0.5), trait.name))
    return sorted(ordered[:TRAITS_SHOWN], key=lambda trait: (-trait.effect, trait.name))


def _works(learned: Learned) -> list[dict[str, Any]]:
    community, ranking, certain = learned.community, learned.ranking, learned.certainty
    whole = float(ranking.appeal.sum()) or 1.0
    attention = float(learned.attention.sum()) or 1.0
    return [
        {
            "work": community.names[work],
            "place": int(ranking.place[work]),
            "place_range": [int(certain.best[work]), int(certain.worst[work])],
            "chance_of_first_ten": _short(float(certain.top[work])),
            "share_of_appeal": _short(float(ranking.appeal[work]) / whole),
            "share_of_attention": _short(float(learned.attention[work]) / attention),
            "traits": [name for name, has in zip(community.trait_names, community.has[work], strict=True) if has],
        }
        for work in ranking.order[:WORKS_SHOWN].tolist()
    ]


def _tastes(learned: Learned) -> list[dict[str, Any]]:
    if learned.tastes is None:
        return []
    names = learned.community.names
    return [
        {
            "share": _short(float(share)),
            "for": [names[work] for work in np.argsort(-loads, kind="stable")[:5].tolist() if loads[work] > 0.2],
            "against": [names[work] for work in np.argsort(loads, kind="stable")[:5].tolist() if loads[work] < -0.2],
        }
        for loads, share in zip(learned.tastes.loads, learned.tastes.share, strict=True)
    ]


def _trust(learned: Learned) -> dict[str, Any]:
    trust = learned.trust
    return {
        "verdict": verdict(learned),
        "cutoffs": trust.cutoffs,
        "share_of_new_wallets": _short(trust.new_share),
        "rankings": {
            name: {measure: _interval(getattr(score, measure)) for measure in type(score).__slots__}
            for name, score in trust.scores.items()
        },
        "calibration": None
        if trust.calibration is None
        else {
            "error": _short(trust.calibration.error),
            "bins": [[_short(each.forecast), _short(each.came), each.works] for each in trust.calibration.bins],
        },
        "stakes_kept": {
            name: {**(_interval(value.reward) or {}), "effective_rows": _short(value.effective)}
            for name, value in trust.kept.items()
        },
    }


def verdict(learned: Learned) -> str:
    """One sentence on how far to trust the ranking."""
    lead = learned.trust.scores[CURATION].lead
    if lead is None:
        return "There is too little history to judge the ranking; trust it no more than the stakes themselves."
    words = f"by {lead.mean:+.3f} NDCG@{TOP} ({lead.low:+.3f} to {lead.high:+.3f}) over {lead.rows} rolling weeks"
    if lead.low > 0:
        return f"The ranking foretold the next 30 days better than 14-day popularity, {words}."
    if lead.high < 0:
        return f"The ranking foretold the next 30 days worse than 14-day popularity, {words}."
    return f"The ranking cannot be told from 14-day popularity in what it foretold, {words}."


def _interval(estimate: Estimate | None) -> dict[str, Any] | None:
    if estimate is None:
        return None
    return {
        "mean": _short(estimate.mean),
        "low": _short(estimate.low),
        "high": _short(estimate.high),
        "rows": estimate.rows,
    }


def _short(value: float) -> float:
    return float(f"{value:.6g}")
